package render_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// TestRedirectPath asks what the specification's table says (HTTPPathModifier.replacePrefixMatch), what the conformance test
// HTTPRouteRedirectPath does, and what both leave open: escapes, empty segments, queries, other hosts.
func TestRedirectPath(t *testing.T) {
	for _, c := range []struct{ prefix, path, target, want string }{
		{"/foo", "prefix /xyz", "/foo/bar", "/xyz/bar"},
		{"/foo", "prefix /xyz/", "/foo/bar", "/xyz/bar"},
		{"/foo/", "prefix /xyz", "/foo/bar", "/xyz/bar"},
		{"/foo/", "prefix /xyz/", "/foo/bar", "/xyz/bar"},
		{"/foo", "prefix /xyz", "/foo", "/xyz"},
		{"/foo", "prefix /xyz", "/foo/", "/xyz/"},
		{"/foo", "prefix ", "/foo/bar", "/bar"},
		{"/foo", "prefix ", "/foo/", "/"},
		{"/foo", "prefix ", "/foo", "/"},
		{"/foo", "prefix /", "/foo/", "/"},
		{"/foo", "prefix /", "/foo", "/"},

		{"/original-prefix", "prefix /replacement-prefix", "/original-prefix/lemon", "/replacement-prefix/lemon"},
		{"/full", "full /full-path-replacement", "/full/path/original", "/full-path-replacement"},
		{"/full", "full /a%20b", "/full?x=%2F", "/a%20b?x=%2F"},
		{"/full", "full ", "/full?", "/?"},
		{"/full", "full //evil.example/$(1+1)", "/full", "//evil.example/$(1+1)"},
		{"/", "prefix /xyz", "/", "/xyz"},
		{"/", "prefix /xyz", "/a?b?c", "/xyz/a?b?c"},
		{"/", "prefix ", "//evil.example/", "/evil.example/"},
		{"/foo", "prefix /xyz", "/foo/a%20b%2fc%22@%25?", "/xyz/a%20b%2Fc%22@%25?"},
		{"/a%20b", "prefix /x%20y", "/a%20b/c", "/x%20y/c"},
		{"/foo", "prefix /xyz", "/%66oo/./b//c%C3%A4", "/xyz/b/c%C3%A4"},
		{"/", "", "/a//b%2F%41/./?", "/a//b%2F%41/./?"},
	} {
		kind, path, _ := strings.Cut(c.path, " ")
		modifier := map[string]string{
			"prefix": `path: {type: ReplacePrefixMatch, replacePrefixMatch: "` + path + `"}`,
			"full":   `path: {type: ReplaceFullPath, replaceFullPath: "` + path + `"}`,
		}[kind]
		rules := `
  - matches: [{path: {type: PathPrefix, value: "` + c.prefix + `"}}]
    filters: [{type: RequestRedirect, requestRedirect: {` + modifier + `}}]`
		inBothFlavors(t, gatewayWith(rules), func(t *testing.T, k traffic) {
			got, _ := k.ask(t, request{target: c.target, host: "Example.COM:1234"})
			if l := got.Header.Get("Location"); got.StatusCode != http.StatusFound || l != "http://example.com"+c.want {
				t.Errorf("%q for %s: %s leads to %d %s, want %s", c.path, c.prefix, c.target, got.StatusCode, l, c.want)
			}
		})
	}
}

// listeners is a Gateway with HTTP on ports 80 and 8080, and HTTPS on 443.
func listeners(t *testing.T) string {
	t.Helper()
	certificate := secret(t)
	certificate.Namespace = "default"
	text, err := json.Marshal(certificate)
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec:
  gatewayClassName: kong
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: other, port: 8080, protocol: HTTP}
  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: certificate}]}}
`
}

// optional returns a field of a filter, nothing for "nil".
func optional(name, value string) string {
	if value == "nil" {
		return ""
	}
	return name + ": " + value + ", "
}

// TestRedirectOrigin asks each listener of a route for redirects with and without scheme, port and hostname
// (HTTPRequestRedirectFilter.port; the conformance tests HTTPRouteRedirectHostAndStatus, -Port, -Scheme and -PortAndScheme).
func TestRedirectOrigin(t *testing.T) {
	schemes, ports, hosts := []string{"nil", "http", "https"}, []string{"nil", "80", "443", "8080", "8443"}, []string{"nil", "example.org"}
	all := listeners(t)
	for _, scheme := range schemes {
		all += "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r-" + scheme + "}\n" +
			"spec:\n  parentRefs: [{name: kong}]\n  rules:\n"
		for _, port := range ports {
			for _, host := range hosts {
				all += "  - matches: [{path: {value: /" + scheme + "-" + port + "-" + host + "}}]\n" +
					"    filters: [{type: RequestRedirect, requestRedirect: {" + optional("scheme", scheme) + optional("port", port) +
					optional("hostname", host) + "statusCode: 307}}]\n"
			}
		}
	}
	inBothFlavors(t, all, func(t *testing.T, k traffic) {
		for _, listener := range []request{{port: 80}, {port: 8080}, {port: 443, tls: true}} {
			for _, scheme := range schemes {
				for _, port := range ports {
					for _, host := range hosts {
						q := listener
						q.target = "/" + scheme + "-" + port + "-" + host + "/x?a=1"
						q.host = "example.com"
						got, _ := k.ask(t, q)
						want := origin(q, scheme, port, host) + q.target
						if l := got.Header.Get("Location"); got.StatusCode != http.StatusTemporaryRedirect || l != want {
							t.Errorf("on port %d %s leads to %d %s, want %s", q.port, q.target, got.StatusCode, l, want)
						}
					}
				}
			}
		}
	})
}

// origin returns what the specification says of the location's scheme, host and port.
func origin(q request, scheme, port, host string) string {
	listener := "http"
	if q.tls {
		listener = "https"
	}
	known := map[string]string{"http": "80", "https": "443"}
	switch {
	case port != "nil":
	case scheme != "nil":
		port = known[scheme]
	default:
		port = strconv.Itoa(q.port)
	}
	if scheme == "nil" {
		scheme = listener
	}
	if host == "nil" {
		host = q.host
	}
	if port == known[scheme] {
		return scheme + "://" + host
	}
	return scheme + "://" + host + ":" + port
}

// TestRedirectStatus asks for each status that a redirect may have.
func TestRedirectStatus(t *testing.T) {
	rules := ""
	statuses := []int{301, 302, 303, 307, 308}
	for _, s := range statuses {
		rules += fmt.Sprintf(`
  - matches: [{path: {value: /%[1]d}}]
    filters: [{type: RequestRedirect, requestRedirect: {statusCode: %[1]d}}]
  - matches: [{path: {value: /https-%[1]d}}]
    filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: %[1]d}}]
  - matches: [{path: {value: /host-%[1]d}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: example.org, statusCode: %[1]d}}]`, s)
	}
	inBothFlavors(t, gatewayWith(rules), func(t *testing.T, k traffic) {
		for _, s := range statuses {
			for prefix, origin := range map[string]string{"/": "http://www.example.com", "/https-": "https://www.example.com",
				"/host-": "http://example.org"} {
				target := fmt.Sprintf("%s%d/x?y", prefix, s)
				got, _ := k.ask(t, request{target: target, host: "www.example.com:8000"})
				if l := got.Header.Get("Location"); got.StatusCode != s || l != origin+target {
					t.Errorf("%s leads to %d %s, want %d %s", target, got.StatusCode, l, s, origin+target)
				}
			}
		}
	})
}

// TestUpgradeToHTTPS asks a route of HTTP listeners that redirects to HTTPS, which takes no plugin. It has nothing to say to requests of
// HTTPS, and a plugin on it is not passed by.
func TestUpgradeToHTTPS(t *testing.T) {
	all := listeners(t) + `
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: kong, sectionName: http}, {name: kong, sectionName: other}]
  rules:
  - matches: [{path: {value: /plain}}]
    filters: [{type: RequestRedirect, requestRedirect: {scheme: https, port: 443, statusCode: 301}}]
  - matches: [{path: {value: /headers}}]
    filters:
    - {type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}
    - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: X-A, value: b}]}}`
	inBothFlavors(t, all, func(t *testing.T, k traffic) {
		for _, q := range []request{{target: "/plain//a?b"}, {target: "/plain/%2F?", port: 8080}, {target: "/headers"}} {
			q.host = "Example.com:8000"
			got, _ := k.ask(t, q)
			if l := got.Header.Get("Location"); got.StatusCode != http.StatusMovedPermanently || l != "https://example.com"+q.target {
				t.Errorf("%s leads to %d %s", q.target, got.StatusCode, l)
			}
			if a := got.Header.Get("X-A"); (a == "b") != (q.target == "/headers") {
				t.Errorf("%s: X-A is %q", q.target, a)
			}
		}
		if got, _ := k.ask(t, request{target: "/plain", tls: true, port: 443}); got.StatusCode != http.StatusNotFound {
			t.Errorf("a request by HTTPS is answered %d", got.StatusCode)
		}
	})
}
