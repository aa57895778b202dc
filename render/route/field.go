package route

import (
	"fmt"
	"strings"
)

// TextField is a field of the request whose values are text. Most have one value; a header or a query parameter that is
// repeated has several, and then a comparison holds if all of them satisfy it, or with [TextField.Any] at least one.
//
// Where the request lacks the field, every comparison is false.
//
// Its methods are all the comparisons that the language has for text, and the two transformations. For numbers and addresses there are
// none: nothing here writes such expressions.
//
// Text is compared by bytes. NUL and invalid UTF-8, which Kong's language cannot express, become U+FFFD.
type TextField struct{ f field }

// HTTPMethod is the request's method.
func HTTPMethod() TextField { return TextField{field{name: "http.method"}} }

// HTTPHost is the Host header without its port, as the client wrote it: Kong does not lower it.
func HTTPHost() TextField { return TextField{field{name: "http.host"}} }

// HTTPPath is the request's path as Kong normalises it, without the query. See [NormalizePath].
func HTTPPath() TextField { return TextField{field{name: "http.path"}} }

// NetProtocol is "http" or "https" (for gRPC too), in streams "tcp", "tls" or "udp".
//
// Kong leaves it out of the key of its cache of matches ([Cache]): once a request was answered over one protocol, the same request over
// the other is answered alike. Ask for [TLSSNI] where the two must differ.
func NetProtocol() TextField { return TextField{field{name: "net.protocol"}} }

// TLSSNI is the server name of the TLS handshake; plain requests lack it.
func TLSSNI() TextField { return TextField{field{name: "tls.sni"}} }

// HTTPHeader is the request header of that name. The name's case does not matter, and "_" and "-" are the same.
//
// It is an error if the language cannot express the name: it knows ASCII letters, digits, "-" and "_".
func HTTPHeader(name string) (TextField, error) {
	s := strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if !isName(s) {
		return TextField{}, fmt.Errorf("an expression cannot name the header %q: it knows letters, digits, '-' and '_'", name)
	}
	return TextField{field{name: headerPrefix + s}}, nil
}

// HTTPQuery is the query parameter of that name, decoded. A parameter without "=" has the value "".
//
// It is an error if the language cannot express the name: it knows ASCII letters, digits and "_".
func HTTPQuery(name string) (TextField, error) {
	if !isName(name) {
		return TextField{}, fmt.Errorf("an expression cannot name the query parameter %q: it knows letters, digits and '_'", name)
	}
	return TextField{field{name: queryPrefix + name}}, nil
}

const (
	headerPrefix  = "http.headers."
	queryPrefix   = "http.queries."
	segmentPrefix = "http.path.segments."
)

// isName reports whether s can stand after "http.headers.". It could be empty there, but no header is.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '_' {
			return false
		}
	}
	return s != ""
}

func isAlphanumeric(c byte) bool { return isAlpha(c) || '0' <= c && c <= '9' }

func isAlpha(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// Name returns the field's name in the language, without transformations.
func (f TextField) Name() string { return f.f.name }

// Lower returns the field with its values in lower case.
func (f TextField) Lower() TextField { f.f.lower = true; return f }

// Any returns the field such that a comparison holds if one of its values satisfies it.
func (f TextField) Any() TextField { f.f.any = true; return f }

// Equal returns f == s.
func (f TextField) Equal(s string) Expr { return f.compare(opEqual, s) }

// NotEqual returns f != s, which is false where the request lacks f.
func (f TextField) NotEqual(s string) Expr { return f.compare(opNotEqual, s) }

// HasPrefix returns f ^= s.
func (f TextField) HasPrefix(s string) Expr { return f.compare(opPrefix, s) }

// HasSuffix returns f =^ s.
func (f TextField) HasSuffix(s string) Expr { return f.compare(opPostfix, s) }

// Contains returns f contains s.
func (f TextField) Contains(s string) Expr { return f.compare(opContains, s) }

// Matches returns f ~ re: the regex matches somewhere in the value, not necessarily all of it.
func (f TextField) Matches(re Regex) Expr {
	return &predicate{field: f.f, op: opRegex, value: value{kind: regexKind, regex: re}}
}

func (f TextField) compare(op operator, s string) Expr {
	return &predicate{field: f.f, op: op, value: value{kind: textKind, text: sayable(s)}}
}

// NetDstPort returns net.dst.port == port. Of requests that is the port of the Host header, if that has one; of streams the port that
// the client connected to, as port_maps of kong.conf has it, but once Kong has looked at the TLS of a stream, its own.
//
// Source: Kong 3.9.3, kong/router/fields.lua.
func NetDstPort(port int32) Expr {
	return &predicate{field: field{name: "net.dst.port"}, op: opEqual, value: value{kind: numberKind, number: int64(port)}}
}
