package route

import (
	"fmt"
	"strings"
)

// NormalizePath returns the path, without a query, as Kong's router compares it, and as it wants the paths of classic routes to
// be written: escapes decoded except those of reserved characters, which get upper case digits; dot segments resolved;
// repeated slashes merged.
//
// Source: Kong 3.9.3, kong/tools/uri.lua, normalize.
func NormalizePath(path string) string {
	if path == "" || path == "/" {
		return path
	}
	path = decodeUnreserved(path)
	if !strings.Contains(path, ".") && !strings.Contains(path, "//") {
		return path
	}
	var out []string
	pop := func() {
		if len(out) > 0 {
			out = out[:len(out)-1]
		}
	}
	for rest := path; rest != ""; {
		switch {
		case rest == "/.":
			rest = "/"
		case rest == "/..":
			rest = "/"
			pop()
		case rest == "." || rest == "..":
			rest = ""
		case strings.HasPrefix(rest, "../"):
			rest = rest[3:]
		case strings.HasPrefix(rest, "./"):
			rest = rest[2:]
		case strings.HasPrefix(rest, "/./"):
			rest = rest[2:]
		case strings.HasPrefix(rest, "/../"):
			rest = rest[3:]
			pop()
		case strings.HasPrefix(rest, "//"):
			rest = rest[1:]
		default:
			n := strings.IndexByte(rest[1:], '/') + 1
			if n == 0 {
				n = len(rest)
			}
			out = append(out, rest[:n])
			rest = rest[n:]
		}
	}
	return strings.Join(out, "")
}

const reserved = "!*'();:@&=+$,/?%#[]"

// decodeUnreserved decodes the escapes of all characters but the reserved ones, and writes those in upper case.
func decodeUnreserved(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c, ok := hexByte(s[i+1:])
		switch {
		case s[i] != '%' || !ok:
			b = append(b, s[i])
		case strings.IndexByte(reserved, c) >= 0:
			b = append(b, strings.ToUpper(s[i:i+3])...)
			i += 2
		default:
			b = append(b, c)
			i += 2
		}
	}
	return string(b)
}

// EscapePath returns the path with what may not stand in a request target escaped, as Kong sends it to a service. It leaves "%"
// alone, which can only be that of an escape, and so "?" and "#".
//
// Source: Kong 3.9.3, kong/tools/uri.lua, escape.
func EscapePath(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlphanumeric(c) || strings.IndexByte("!#$&'()*+,/:;=?@[]-_.~%", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// upstreamPath joins a service's path and the request's. matched is what the route matched of it, "" for nothing.
//
// It is path_handling v0; the flavors that this package models know no other, whatever the route's path_handling says.
//
// Source: Kong 3.9.3, kong/router/atc.lua, set_upstream_uri, and kong/router/utils.lua, get_upstream_uri_v0.
func upstreamPath(service, path, matched string, strip bool) string {
	if !strip {
		switch {
		case strings.HasSuffix(service, "/"):
			return service + path[min(1, len(path)):]
		case path == "/":
			return service
		}
		return service + path
	}
	if matched == "" {
		matched = "/"
	}
	rest := sanitizePostfix(path[min(len(matched), len(path)):])
	slashed := strings.HasSuffix(path, "/")
	if base, ok := strings.CutSuffix(service, "/"); ok {
		switch {
		case rest == "" && (service == "/" || slashed):
			return service
		case rest == "":
			return base
		case strings.HasPrefix(rest, "/"):
			return base + rest
		}
		return service + rest
	}
	switch {
	case rest == "" && slashed && len(path) > 1:
		return service + "/"
	case rest == "" || strings.HasPrefix(rest, "/"):
		return service + rest
	}
	return service + "/" + rest
}

// sanitizePostfix drops one leading dot segment.
func sanitizePostfix(s string) string {
	switch {
	case s == "." || s == "..":
		return ""
	case strings.HasPrefix(s, "./"):
		return s[2:]
	case strings.HasPrefix(s, "../"):
		return s[3:]
	}
	return s
}
