package routetest

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
)

// Live is a real proxy.
type Live struct {
	// Proxy and Secure are the addresses of its listeners for HTTP and HTTPS, HOST:PORT.
	Proxy, Secure string

	backends map[string][]render.Backend
	routes   map[string]string // whose a Kong route is, by its name
}

// Know returns l with what was rendered for it, so that it can tell whose Kong's routes and addresses are.
func (l Live) Know(r render.Result, target render.Target) Live {
	l.backends, l.routes = render.Backends(r.Graph, target), map[string]string{}
	for e := range r.State.Of(kong.Routes) {
		l.routes[e.Name()] = e.Origin().Object.String()
	}
	return l
}

// NewLive returns the proxy at the given URLs, http:// and https://; without one for HTTPS, HTTPS goes to the port 443 of the same
// host.
func NewLive(urls []string) (Live, error) {
	var l Live
	for _, s := range urls {
		u, err := url.Parse(s)
		switch {
		case err != nil, u.Hostname() == "", u.Path != "" && u.Path != "/":
			return Live{}, fmt.Errorf("%q: want http://HOST:PORT or https://HOST:PORT", s)
		case u.Scheme == "http":
			l.Proxy = withPort(u, "80")
		case u.Scheme == "https":
			l.Secure = withPort(u, "443")
		default:
			return Live{}, fmt.Errorf("%q: want http://HOST:PORT or https://HOST:PORT", s)
		}
	}
	return l, nil
}

func withPort(u *url.URL, port string) string {
	if u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// patience is how long an answer may take.
const patience = 30 * time.Second

// Ask sends the request, whatever host it names, to the proxy. Certificates are not verified: a test of routes is none of them.
func (l Live) Ask(ctx context.Context, r Request) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := r.live(ctx)
	if err != nil {
		return Outcome{}, err
	}
	at := l.Proxy
	if req.URL.Scheme == "https" {
		at = l.Secure
	}
	if at == "" {
		return Outcome{}, fmt.Errorf("no --proxy is given for %s", req.URL.Scheme)
	}
	protocols := new(http.Protocols)
	if req.ProtoMajor == 2 {
		protocols.SetHTTP2(true)
		protocols.SetUnencryptedHTTP2(true)
	} else {
		protocols.SetHTTP1(true)
	}
	client := http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, at)
			},
			TLSClientConfig:    &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
			DisableCompression: true, DisableKeepAlives: true, Protocols: protocols,
		},
	}
	resp, err := client.Do(req)
	if err != nil {
		return Outcome{}, fmt.Errorf("ask %s: %w", at, err)
	}
	defer resp.Body.Close()
	const limit = 1 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err != nil {
		return Outcome{}, fmt.Errorf("read the answer of %s: %w", at, err)
	}
	return l.outcome(resp, body), nil
}

func (r Request) live(ctx context.Context) (*http.Request, error) {
	as, err := r.proxied().HTTP(ctx)
	if err != nil {
		return nil, err
	}
	url := r.URL
	if r.GRPC != "" {
		url = strings.TrimSuffix(url, "/") + as.RequestURI
	}
	req, err := http.NewRequestWithContext(ctx, as.Method, url, strings.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	if req.ProtoMajor = as.ProtoMajor; req.ProtoMajor == 2 {
		req.Header.Set("Content-Type", as.Header.Get("Content-Type"))
		req.Header.Set("Te", "trailers")
	}
	req.Header.Set("Kong-Debug", "1")
	for name, value := range r.Headers {
		req.Header.Set(name, value)
		if strings.EqualFold(name, "Host") {
			req.Host = value
		}
	}
	return req, nil
}

// outcome reads off an answer what it tells.
func (l Live) outcome(resp *http.Response, body []byte) Outcome {
	o := Outcome{Status: resp.StatusCode, Header: resp.Header}
	for _, name := range []string{"Grpc-Status", "Grpc-Message"} {
		if v := resp.Trailer.Get(name); v != "" {
			o.Header.Set(name, v)
		}
	}
	var said struct {
		Message       string
		Backend, Path string
		Host          string
		Headers       map[string]string
	}
	if json.Unmarshal(body, &said) != nil {
		said.Backend = ""
	}
	switch {
	case said.Message == "no Route matched with those values":
		no := false
		o.Routed, o.Sent = &no, &Sent{}
	case said.Backend != "" && said.Path != "":
		o.Sent = &Sent{Path: said.Path, Host: said.Host, Header: http.Header{}, Backends: names(l.backends, said.Backend)}
		for name, value := range said.Headers {
			o.Sent.Header.Set(name, value)
		}
		o.Echoed = true
	}
	l.call(&o)
	if name := resp.Header.Get("Kong-Route-Name"); name != "" {
		route := cmp.Or(l.routes[name], name)
		o.Route = &route
	}
	return o
}

// call reads off the status of a call what it tells: the echo of `gwsync sandbox` says there what it got, and Kong, where it says by itself
// that there is no route, that nobody did.
func (l Live) call(o *Outcome) {
	switch message := o.Header.Get("Grpc-Message"); {
	case message == "no route matches the call" || message == "no Route matched with those values":
		no := false
		o.Routed, o.Sent = &no, &Sent{}
	case strings.HasPrefix(message, "echo in place of "):
		backend, asked, _ := strings.Cut(strings.TrimPrefix(message, "echo in place of "), ": ")
		_, asked, _ = strings.Cut(asked, " ")
		path, host, ok := strings.Cut(asked, " for ")
		if ok {
			o.Sent, o.Echoed = &Sent{Path: path, Host: host, Backends: names(l.backends, backend)}, true
		}
	}
}
