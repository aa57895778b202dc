package admin

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// serve serves a handler, over TLS if there is a configuration of it, and returns its address.
func serve(t *testing.T, h http.Handler, config *tls.Config) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = config
	if config == nil {
		s.Start()
	} else {
		s.StartTLS()
	}
	t.Cleanup(s.Close)
	return s
}

// TestObstacles puts one thing after the other in the way, and expects it to be named, with what to do about it.
func TestObstacles(t *testing.T) {
	good := &script{answers: map[string][]string{"GET /": {"200 " + rootAnswer}, "GET /shop/kong": {"200 " + rootAnswer}}}
	says := func(answer, contentType string) string {
		all := map[string][]string{"GET /": {answer}, "GET /shop/kong": {answer}}
		return serve(t, &script{answers: all, header: http.Header{"Content-Type": {contentType}, "Location": {"/login"}}}, nil).URL
	}
	plain, secure := serve(t, good, nil), serve(t, good, &tls.Config{MinVersion: tls.VersionTLS12})
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	mutual := serve(t, good, &tls.Config{MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert,
		ClientCAs: x509.NewCertPool()})
	picky := serve(t, &script{answers: map[string][]string{"GET /": {"400 <html>No required SSL certificate was sent"}},
		header: http.Header{"Content-Type": {"text/html"}}}, &tls.Config{MinVersion: tls.VersionTLS12})
	old := serve(t, good, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}) //nolint:gosec // it is meant to be old
	for _, test := range []struct {
		name   string
		config Config
		want   Obstacle
		hint   string
	}{
		{"nobody listens", Config{URL: "http://127.0.0.1:1"}, BadAddress, "is Kong running"},
		{"no socket", Config{URL: "unix:///nowhere/kong.sock"}, BadAddress, "is Kong running"},
		{"unknown authority", Config{URL: secure.URL}, BadTLS, "--ca-cert-file"},
		{"another name", Config{URL: secure.URL, TLS: TLS{CA: ca, ServerName: "kong.other"}}, BadTLS, "--tls-server-name"},
		{"client certificate wanted", Config{URL: mutual.URL, TLS: TLS{SkipVerify: true}}, BadTLS, "--tls-client-cert-file"},
		{"client certificate wanted by nginx", Config{URL: picky.URL, TLS: TLS{SkipVerify: true}}, BadTLS, "--tls-client-cert-file"},
		{"old TLS", Config{URL: old.URL, TLS: TLS{SkipVerify: true}}, BadTLS, "from 1.2"},
		{"TLS to a plain port", Config{URL: strings.Replace(plain.URL, "http:", "https:", 1)}, BadTLS, "http://"},
		{"plain HTTP to a TLS port", Config{URL: strings.Replace(secure.URL, "https:", "http:", 1)}, BadTLS, "https://"},
		{"no token", Config{URL: says(`401 {"message":"Unauthorized"}`, "application/json")}, BadCredentials, "--kong-admin-token-file"},
		{"token without rights", Config{URL: says(`403 {"message":"no"}`, "application/json")}, BadCredentials, "allow too little"},
		{"no workspace", Config{URL: plain.URL, Workspace: "nosuch"}, BadWorkspace, "Only Kong Enterprise"},
		{"login page", Config{URL: says("200 <html>", "text/html")}, BadAddress, "login page"},
		{"redirect", Config{URL: says("302 <html>", "text/html")}, BadAddress, "give --kong-addr the address it ends at"},
		{"load balancer without Kong", Config{URL: says("502 <html>", "text/html"), Retries: -1}, BadProxy, "load balancer"},
		{"cut short", Config{URL: says(truncated, "application/json"), Retries: -1}, BadAddress, "error log"},
		{"proxy that asks for a password", Config{URL: says("407 <html>", "text/html")}, BadProxy, "USER:PASSWORD"},
		{"other API", Config{URL: says(`200 {}`, "application/json")}, BadAddress, "8001"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := New(test.config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Info(t.Context())
			check(t, err, "", test.hint)
			if got := ObstacleOf(err); got != test.want {
				t.Errorf("the obstacle is %q, want %q: %v", got, test.want, err)
			}
		})
	}
}

// TestSocket reaches a Kong whose Admin API listens on a Unix domain socket.
func TestSocket(t *testing.T) {
	name := filepath.Join(t.TempDir(), "kong.sock")
	listener, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: &script{answers: map[string][]string{"GET /": {"200 " + rootAnswer}}}}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	c, err := New(Config{URL: "unix://" + name})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := c.Info(t.Context()); err != nil || info.Version != "3.9.3" {
		t.Errorf("got %+v, error %v", info, err)
	}
	if got := c.Address(); got != "unix://"+name {
		t.Errorf("the address is shown as %s", got)
	}
	for _, text := range []string{"unix://kong.sock", "unix:kong.sock", "unix://"} {
		if _, err := New(Config{URL: text}); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

// TestProxyInTheWay goes through a proxy that refuses.
func TestProxyInTheWay(t *testing.T) {
	proxy := serve(t, &script{answers: map[string][]string{}}, nil)
	c, err := New(Config{URL: "https://kong.example:8444", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.quick.HTTPClient.Transport.(limited).next.next.(*http.Transport).Proxy = http.ProxyURL(to)
	_, err = c.Info(t.Context())
	if got := ObstacleOf(err); got != BadProxy {
		t.Errorf("the obstacle is %q: %v", got, err)
	}
	check(t, err, "the proxy "+to.Host+" answers 404 Not Found", "HTTPS_PROXY")
	check(t, &UnreachableError{Err: proxyError{code: http.StatusProxyAuthRequired}}, "", "USER:PASSWORD")
	err = &UnreachableError{Address: "http://kong.example:8001", Err: &net.OpError{Op: "proxyconnect", Err: io.EOF}}
	check(t, err, "proxyconnect", "is HTTP_PROXY the")
}

// TestRootThatIsNotShown is about a user of Kong Enterprise who may work in one workspace and not see how the Kong is configured.
func TestRootThatIsNotShown(t *testing.T) {
	s := &script{answers: map[string][]string{"GET /shop/kong": {`403 {"message":"user, you do not have permissions to read this resource"}`}},
		header: http.Header{"Server": {"kong/3.9.1.1-enterprise-edition"}}}
	_, err := client(t, s, Config{Workspace: "shop"}).Info(t.Context())
	check(t, err, "403 Forbidden", "--router-flavor")
	info, err := client(t, s, Config{Workspace: "shop", Flavor: kong.Expressions}).Info(t.Context())
	if err != nil || info.Version != "3.9.1.1-enterprise-edition" || info.Flavor != kong.Expressions || !info.Database {
		t.Errorf("got %+v, error %v", info, err)
	}
	s.header.Set("Server", "nginx")
	if info, err := client(t, s, Config{Workspace: "shop", Flavor: kong.Expressions}).Info(t.Context()); err == nil {
		t.Errorf("got %+v of what does not say that it is Kong", info)
	}
}
