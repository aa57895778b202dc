package schema

import (
	"fmt"
	"strings"

	"github.com/gwsync/gwsync/render/route"
)

// uri is a URL in the parts that schemas look at. Parts that are missing are empty.
type uri struct {
	scheme, host, port, path string
	hasUser, hasFragment     bool
}

// parseURL splits a URL as LuaSocket does, which refuses nothing.
//
// Source: LuaSocket 3.0, src/url.lua.
func parseURL(s string) uri {
	var u uri
	if i := strings.IndexByte(s, ':'); i > 0 && alphanumeric(s[0]) && strings.IndexFunc(s[:i], notScheme) < 0 {
		u.scheme, s = s[:i], s[i+1:]
	}
	authority := ""
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		i := strings.IndexByte(rest+"/", '/')
		authority, s = rest[:i], rest[i:]
	}
	s, _, u.hasFragment = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	u.path, _, _ = strings.Cut(s, ";")
	if _, rest, ok := strings.Cut(authority, "@"); ok {
		u.hasUser, authority = true, rest
	}
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.Contains(authority[i:], "]") {
		authority, u.port = authority[:i], authority[i+1:]
	}
	u.host = authority
	if strings.HasPrefix(authority, "[") && strings.HasSuffix(authority, "]") && len(authority) > 2 {
		u.host = authority[1 : len(authority)-1]
	}
	return u
}

func notScheme(r rune) bool {
	return r > 0x7f || !alphanumeric(byte(r)) && !strings.ContainsRune("+-.", r)
}

func urlError(s string) string {
	u := parseURL(s)
	switch {
	case u.host == "":
		return "missing host in url"
	case u.scheme == "":
		return "missing scheme in url"
	}
	return ""
}

func redirectURI(s string) string {
	u := parseURL(s)
	switch {
	case u.host == "" || u.scheme == "":
		return "cannot parse '" + s + "'"
	case u.hasFragment:
		return "fragment not allowed in '" + s + "'"
	}
	return ""
}

// pathError returns what is wrong with a path, and whether that is its percent encoding.
func pathError(s string) (message string, encoding bool) {
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && strings.IndexByte(".-_~/%:@!$&'()*+,;=", c) < 0 || i == 0 && c != '/' {
			return "invalid path: '" + s + "' (characters outside of the reserved list of RFC 3986 found)", false
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			return "invalid url-encoded value: '" + s[i:min(i+3, len(s))] + "'", true
		}
		i += 2
	}
	return "", false
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// routerPath checks a route's path: one to be compared is normalized, another one is a regular expression.
func routerPath(s string) string {
	if message, encoding := pathError(s); encoding {
		return message
	}
	if !strings.HasPrefix(s, "~") {
		n := route.NormalizePath(s)
		return unless(s == n, "non-normalized path, consider use '"+n+"' instead")
	}
	if err := route.CheckPCRE(s[1:]); err != "" {
		return fmt.Sprintf("invalid regex: '%s' (PCRE returned: %s)", s[1:], err)
	}
	return ""
}

func routeError(env *Env, m map[string]any) string {
	if env.Route == nil {
		return ""
	}
	if err := env.Route(m); err != nil {
		return err.Error()
	}
	return ""
}
