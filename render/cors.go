package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/lua"
)

// cors returns the plugins that answer preflight requests, before any plugin that asks for credentials, and put the policy's headers on all
// answers, after all plugins that could. Kong's own plugin cors names other methods and headers than the specification wants.
func cors(f *gatewayv1.HTTPCORSFilter) ([]*plugin, error) {
	c, err := corsPolicy(f)
	if err != nil {
		return nil, err
	}
	return []*plugin{luaPlugin(preFunction, "access", c.Access()), luaPlugin(postFunction, "header_filter", c.HeaderFilter())}, nil
}

// implyPreflights has the matches of a rule with a policy, where they are for requests of a method, take the preflight requests for these,
// too. Of them the specification does not speak; but browsers ask before they send a request, and the policy is for what they want to send.
// A match of another rule that names OPTIONS comes first, of those of equal precedence.
func (r *rule) implyPreflights() {
	if !r.cors || r.refused {
		return
	}
	for _, m := range slices.Clone(r.matches) {
		if m.method == "" || m.method == "OPTIONS" {
			continue
		}
		headers := appendNew(slices.Clone(m.headers), valueMatch{name: "access-control-request-method", value: m.method})
		headers = appendNew(headers, valueMatch{name: "origin", value: ".", regex: true})
		m.copies, m.method, m.implied = headers[len(m.headers):], "OPTIONS", true
		r.matches = append(r.matches, m)
	}
}

func corsPolicy(f *gatewayv1.HTTPCORSFilter) (lua.CORS, error) {
	c := lua.CORS{
		Credentials: f.AllowCredentials != nil && *f.AllowCredentials,
		Methods:     commas(f.AllowMethods), Headers: commas(f.AllowHeaders), Expose: commas(f.ExposeHeaders),
		MaxAge: f.MaxAge,
	}
	if c.MaxAge == 0 {
		c.MaxAge = 5 // HTTPCORSFilter.maxAge
	}
	for _, o := range f.AllowOrigins {
		if o == "*" {
			c.Any = true
			continue
		}
		before, after, wild, err := parseOrigin(string(o))
		switch {
		case err != nil:
			return c, err
		case wild:
			c.Wildcards = append(c.Wildcards, lua.OriginWildcard{Before: before, After: after})
		default:
			c.Origins = append(c.Origins, before+after)
		}
	}
	return c, nil
}

// commas returns names as the value of a header. One "*" stands for all, whatever is beside it.
func commas[T ~string](names []T) string {
	out := make([]string, len(names))
	for i, n := range names {
		if n == "*" {
			return "*"
		}
		out[i] = string(n)
	}
	return strings.Join(out, ", ")
}

// parseOrigin returns what is before and after the "*" of an allowed origin, in lower case and with the scheme's own port if it names none;
// wild is false if it has no "*", and all is in before and after then. A "*" stands at the left of the host only (CORSOrigin).
func parseOrigin(origin string) (before, after string, wild bool, err error) {
	scheme, rest, ok := strings.Cut(strings.ToLower(origin), "://")
	host, port, named := strings.Cut(rest, ":")
	if !named {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	host, wild = strings.CutPrefix(host, "*")
	_, number := strconv.ParseUint(port, 10, 16)
	labels := strings.TrimPrefix(host, ".") // after a "*"
	if !wild {
		labels = host
	}
	switch {
	case !ok || scheme != "http" && scheme != "https" || number != nil || port == "0",
		labels == "" && (!wild || host != ""), wild && labels != "" && labels == host,
		strings.Trim(labels, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "":
		return "", "", false, fmt.Errorf("%q is no origin: want SCHEME://HOST or SCHEME://HOST:PORT", origin)
	}
	return scheme + "://", host + ":" + strings.TrimLeft(port, "0"), wild, nil
}
