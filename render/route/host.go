package route

import (
	"errors"
	"strings"
)

// checkHost returns why Kong refuses a host of a route, or "".
//
// Source: Kong 3.9.3, kong/db/schema/typedefs.lua, hosts.
func checkHost(s string) string {
	switch wildcards := strings.Count(s, "*"); {
	case wildcards > 1:
		return "invalid wildcard: must have at most one wildcard"
	case wildcards == 1 && !strings.HasPrefix(s, "*.") && !strings.HasSuffix(s, ".*"):
		return "invalid wildcard: must be placed at leftmost or rightmost label"
	}
	if _, err := ParseAddress(strings.Replace(s, "*", "abc", 1)); err != nil {
		return err.Error()
	}
	return ""
}

// isPlainHost reports whether a host of a route is in order and no more than a name: Kong takes it as it is.
func isPlainHost(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '.' && c != '-' {
			return false
		}
	}
	return checkHost(s) == ""
}

// CheckSNI returns why Kong refuses a server name of a route, in its words, or "".
func CheckSNI(s string) string {
	if i := strings.IndexByte(s, '*'); i >= 0 {
		if i != 0 && i != len(s)-1 {
			return "wildcard must be leftmost or rightmost character"
		}
		if strings.Count(s, "*") > 1 {
			return "only one wildcard must be specified"
		}
		s = strings.Replace(s, "*", "wildcard", 1)
	}
	switch a, err := ParseAddress(s); {
	case errors.Is(err, ErrPort):
		return "must not have a port"
	case err != nil:
		return "invalid value: " + s
	case !a.Name:
		return "must not be an IP"
	case a.Port >= 0:
		return "must not have a port"
	}
	return ""
}
