package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

func TestPlainHTTPOnThePortForHTTPS(t *testing.T) {
	k := startKong(t, stateOf(t, guide), kong.TraditionalCompatible, Options{})
	c := k.secure.dial()
	defer c.Close()
	resp, body := roundTripRaw(t, c, http.MethodGet, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
	if resp.StatusCode != http.StatusBadRequest || resp.ContentLength != 220 ||
		resp.Header.Get("Content-Type") != "text/html; charset=UTF-8" ||
		!strings.Contains(body, "<title>400 The plain HTTP request was sent to HTTPS port</title>") {
		t.Errorf("got %d %v %s", resp.StatusCode, resp.Header, body)
	}
}

// What is neither TLS nor HTTP must not reach a handler, nor hang.
func TestGarbageOnThePortForHTTPS(t *testing.T) {
	k := startKong(t, stateOf(t, guide), kong.TraditionalCompatible, Options{})
	for _, garbage := range []string{"G\r\n\r\n", "\x00\x00\x00\x00\x00"} {
		c := k.secure.dial()
		go func() { _, _ = io.WriteString(c, garbage) }()
		got, _ := io.ReadAll(c)
		if strings.HasPrefix(string(got), "HTTP/1.1 2") {
			t.Errorf("%q: got %q", garbage, got)
		}
		_ = c.Close()
	}
}
