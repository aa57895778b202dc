package proxy

import (
	"slices"
	"strconv"
	"strings"
)

// forwardedHeaders are the headers that nginx writes for a backend out of variables, which code may set. That of X-Forwarded-For is
// upstream_x_forwarded_for.
//
// Source: Kong 3.9.3, kong/templates/nginx_kong.lua, proxy_set_header.
const forwardedHeaders = "Via X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Forwarded-Port X-Forwarded-Path X-Forwarded-Prefix"

// forwardedVariable returns the variable of one of [forwardedHeaders].
func forwardedVariable(header string) string {
	return "upstream_" + strings.ReplaceAll(strings.ToLower(header), "-", "_")
}

// forwarded returns the value of a variable of [forwardedHeaders]: what code has set it to, or what Kong does.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua, access.before. No address is trusted.
func (x *exchange) forwarded(variable string) (value string, known bool) {
	if v, ok := x.out.variables[variable]; ok {
		return v, true
	}
	switch variable {
	case "upstream_via":
		return strings.Join(append(slices.Clip(x.in.Header.Values("Via")), x.receivedBy()), ", "), true
	case "upstream_x_forwarded_for":
		return strings.Join(append(slices.Clip(x.in.Header.Values("X-Forwarded-For")), x.sender.Addr().Unmap().String()), ", "), true
	case "upstream_x_forwarded_proto":
		return x.scheme, true
	case "upstream_x_forwarded_host":
		return x.host, true
	case "upstream_x_forwarded_port":
		return strconv.Itoa(int(x.port())), true
	case "upstream_x_forwarded_path":
		return x.path(), true
	case "upstream_x_forwarded_prefix":
		return x.prefix(), true
	}
	return "", false
}

// setForwarded sets a variable of [forwardedHeaders]; false if it is none.
func (x *exchange) setForwarded(variable, value string) bool {
	if _, known := x.forwarded(variable); !known {
		return false
	}
	if x.out.variables == nil {
		x.out.variables = map[string]string{}
	}
	x.out.variables[variable] = value
	return true
}
