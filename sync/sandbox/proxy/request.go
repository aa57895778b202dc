package proxy

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Request is a request as somebody would write it down.
type Request struct {
	// Method is "" for GET.
	Method string
	// GRPC is PACKAGE.SERVICE/METHOD for a call: a POST to that path over HTTP/2, with the content type of gRPC unless Header has one. "" is
	// none, but what Header says to be of gRPC is sent over HTTP/2, too.
	GRPC string
	// URL is http://HOST[:PORT]/PATH?QUERY or https://. Path and query are sent as they are written; what follows a # is not.
	URL string
	// Header may name a Host that differs from the URL's.
	Header http.Header
	Body   []byte
}

// HTTP returns the request as a server sees it, from a client at 192.0.2.1, for [Proxy.Trace]. The server name of TLS is the URL's
// host, if it is a name.
func (r Request) HTTP(ctx context.Context) (*http.Request, error) {
	scheme, host, target, err := splitURL(r.URL)
	if err != nil {
		return nil, err
	}
	name, port, err := splitHost(host, scheme)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", r.URL, err)
	}
	r, target, err = r.called(target)
	if err != nil {
		return nil, err
	}
	out := &http.Request{
		Method: cmp.Or(r.Method, http.MethodGet), Host: host, RequestURI: target, URL: &url.URL{Path: target},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.Header.Clone(), Body: io.NopCloser(bytes.NewReader(r.Body)), ContentLength: int64(len(r.Body)),
		RemoteAddr: "192.0.2.1:40000",
	}
	if out.Header == nil {
		out.Header = http.Header{}
	}
	if strings.HasPrefix(out.Header.Get("Content-Type"), grpcType) {
		out.Proto, out.ProtoMajor, out.ProtoMinor = "HTTP/2.0", 2, 0
	}
	if h := out.Header.Get("Host"); h != "" {
		out.Host = h
		out.Header.Del("Host")
	}
	if len(r.Body) > 0 {
		out.Header.Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
	if scheme == "https" {
		out.TLS = &tls.ConnectionState{}
		if _, err := netip.ParseAddr(name); err != nil {
			out.TLS.ServerName = name
		}
	}
	listener := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 2}), port))
	return out.WithContext(context.WithValue(ctx, http.LocalAddrContextKey, listener)), nil
}

// called returns the request and its target as those of the call, if it is to be one.
func (r Request) called(target string) (Request, string, error) {
	if r.GRPC == "" {
		return r, target, nil
	}
	service, method, ok := strings.Cut(r.GRPC, "/")
	wrong := func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune("/?#%", c) }
	switch {
	case !ok || service == "" || method == "" || strings.ContainsFunc(service+method, wrong):
		return r, "", fmt.Errorf("%q is no call: want PACKAGE.SERVICE/METHOD", r.GRPC)
	case target != "/":
		return r, "", fmt.Errorf("%q: the path of a call is its service and method: want http://HOST or https://HOST", r.URL)
	case r.Method != "" && r.Method != http.MethodPost:
		return r, "", fmt.Errorf("a call is a POST, not a %s", r.Method)
	}
	r.Method, r.Header = http.MethodPost, r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", grpcType)
	}
	r.Header.Set("Te", "trailers")
	return r, "/" + r.GRPC, nil
}

// splitURL returns the parts of a URL as they are written, but for what follows a #.
func splitURL(s string) (scheme, host, target string, err error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if scheme = strings.ToLower(scheme); !ok || scheme != "http" && scheme != "https" {
		return "", "", "", fmt.Errorf("%q is not a URL: want http://HOST/PATH or https://HOST/PATH", s)
	}
	rest, _, _ = strings.Cut(rest, "#")
	host, target = rest, "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host, target = rest[:i], "/"+strings.TrimPrefix(rest[i:], "/")
	}
	if strings.ContainsFunc(target, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return "", "", "", fmt.Errorf("%q has a space or control character: write it as %%XX", s)
	}
	return scheme, host, target, nil
}

// splitHost returns the host and port of an authority.
func splitHost(host, scheme string) (name string, port uint16, err error) {
	if strings.ContainsAny(host, "@") {
		return "", 0, errors.New("user and password are a header: Authorization")
	}
	number := map[string]string{"http": "80", "https": "443"}[scheme]
	name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if h, p, err := net.SplitHostPort(host); err == nil {
		name, number = h, p
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("%q is not a port", number)
	}
	if name == "" {
		return "", 0, errors.New("there is no host")
	}
	return name, uint16(n), nil
}
