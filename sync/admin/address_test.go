package admin

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// check fails the test unless err contains the message, has a hint that contains the hint, and shows no credentials.
func check(t *testing.T, err error, message, hint string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	var h interface{ Hint() string }
	if !errors.As(err, &h) {
		t.Fatalf("%v has no hint", err)
	}
	if !strings.Contains(err.Error(), message) {
		t.Errorf("got error %q, want %q in it", err, message)
	}
	if !strings.Contains(h.Hint(), hint) {
		t.Errorf("got hint %q, want %q in it", h.Hint(), hint)
	}
	if all := err.Error() + h.Hint(); strings.Contains(all, "hunter2") || strings.Contains(all, "admin-user") {
		t.Errorf("credentials in %q", all)
	}
}

func TestWhatIsNotKongsAdminAPI(t *testing.T) {
	for _, test := range []struct {
		name, answer, contentType string
		message, hint             string
	}{
		{"login page", "200 <html>", "text/html", "not Kong's Admin API: it answers text/html instead of JSON", "login page"},
		{"HTML error", "404 <html>", "text/html", "GET /: 404 Not Found", "8001"},
		{"no type", "200 hello", "", "it answers something instead of JSON", "8001"},
		{"other JSON", `200 {"hello":"world"}`, "application/json", "does not say which Kong it is", "8001"},
		{"other version", `200 {"version":"1.0"}`, "application/json", "does not say which Kong it is", "8001"},
		{"JSON list", `200 []`, "application/json", "is not what Kong answers", "8001"},
		{"Kong's proxy", `404 {"message":"no Route matched with those values"}`, "application/json", "no Route matched", "8001"},
		{"token wanted", `401 {"message":"Invalid credentials"}`, "application/json", "401 Unauthorized: Invalid credentials", "--headers"},
		{"token without rights", `403 {"message":"no"}`, "application/json", "403 Forbidden: no", "--kong-admin-token-file"},
		{"Kong 2", `200 {"version":"2.8.1.4-enterprise-edition","configuration":{}}`, "application/json",
			"Kong 2.8.1.4-enterprise-edition", "upgrade"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &script{answers: map[string][]string{"GET /": {test.answer}}, header: http.Header{"Content-Type": {test.contentType}}}
			c := client(t, s, Config{
				URL:     "http://admin-user:hunter2@kong.example:8001",
				Headers: http.Header{"Kong-Admin-Token": {"hunter2"}},
			})
			_, err := c.Info(t.Context())
			check(t, err, test.message, test.hint)
		})
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, test := range []struct {
		config        Config
		message, hint string
	}{
		{Config{URL: "localhost:8001"}, "--kong-addr must be a URL such as http://localhost:8001", "is http://localhost:8001 or https"},
		{Config{URL: "kong.example"}, "--kong-addr must be", "is http://kong.example or"},
		{Config{URL: "eu.example", ControlPlane: "shop"}, "--konnect-addr must be a URL such as https://us.", "https://eu.example"},
	} {
		_, err := New(test.config)
		check(t, err, test.message, test.hint)
	}
	for _, secret := range []string{"admin-user:hunter2@kong:8001", "ftp://admin-user:hunter2@kong", "http//admin-user:hunter2@kong"} {
		if _, err := New(Config{URL: secret}); err == nil || strings.Contains(fmt.Sprintf("%+v", err), "hunter2") {
			t.Errorf("got %v", err)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	thief := &script{}
	elsewhere := httptest.NewServer(thief)
	defer elsewhere.Close()
	s := &script{answers: map[string][]string{"GET /": {"302 <html>"}}, header: http.Header{"Location": {elsewhere.URL + "/login?to=x"}}}
	server := httptest.NewServer(s)
	defer server.Close()
	c, err := New(Config{URL: server.URL, Headers: http.Header{"kong-admin-token": {"hunter2"}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Info(t.Context())
	check(t, err, "302 Found", "it redirects to "+elsewhere.URL+"/login:")
	if got := thief.lines(); len(got) > 0 {
		t.Errorf("it was followed: %v", got)
	}
}

func TestTLS(t *testing.T) {
	s := &script{answers: map[string][]string{"GET /": {"200 " + rootAnswer}}}
	secure := httptest.NewUnstartedServer(s)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes are meant to fail
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(s)
	defer plain.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})

	info := func(c Config) error {
		client, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Info(t.Context())
		return err
	}
	if err := info(Config{URL: secure.URL, TLS: TLS{CA: ca}}); err != nil {
		t.Errorf("with the CA: %v", err)
	}
	if err := info(Config{URL: secure.URL, TLS: TLS{SkipVerify: true}}); err != nil {
		t.Errorf("without a check: %v", err)
	}
	check(t, info(Config{URL: secure.URL}), "certificate", "--ca-cert-file")
	check(t, info(Config{URL: secure.URL, TLS: TLS{CA: ca, ServerName: "kong.other"}}), "kong.other", "--tls-server-name")
	check(t, info(Config{URL: strings.Replace(plain.URL, "http", "https", 1)}), "HTTP response to HTTPS client", "http://")
	check(t, info(Config{URL: strings.Replace(secure.URL, "https", "http", 1)}), "400 Bad Request", "https")
}

func TestConfigErrorsShowNothing(t *testing.T) {
	for _, c := range []Config{
		{URL: "localhost:8001"},
		{URL: "http://admin-user:hunter2@%zz"},
		{URL: "ftp://admin-user:hunter2@kong"},
		{Headers: http.Header{"Kong-Admin-Token": {"hunter2\n"}}},
		{TLS: TLS{CA: []byte("hunter2")}},
		{TLS: TLS{Cert: []byte("hunter2"), Key: []byte("hunter2")}},
	} {
		if _, err := New(c); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v", c.URL, err)
		}
	}
}

func TestEveryRequestCarriesHeadersAndWorkspace(t *testing.T) {
	s := &script{answers: map[string][]string{
		"GET /admin/team%2Fa/kong":   {"200 " + dblessRoot},
		"GET /admin/team%2Fa/config": {`200 {"config":"_format_version: '3.0'\n"}`},
	}}
	c := client(t, s, Config{URL: "http://user:pass@kong/admin/", Workspace: "team/a", Headers: http.Header{"kong-admin-token": {"t"}}})
	if _, err := c.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, e := range s.seen {
		if e.header.Get("Kong-Admin-Token") != "t" || e.header.Get("Authorization") != "Basic dXNlcjpwYXNz" {
			t.Errorf("%s: %v", e.line, e.header)
		}
	}
}
