package manifest

import (
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// forms returns the forms of the patterns that the schemas use most, by pattern. One without a function is checked by the
// pattern itself.
func forms() map[string]form {
	const (
		label     = `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
		subdomain = label + `(\.` + label + `)*`
		prefix    = `[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*`
		qualified = `([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$`
	)
	domainPrefix := func(c byte) bool { return isLowerOrDigit(c) || isUpper(c) }
	return map[string]form{
		`^` + label + `$`: {
			"a DNS label: lower-case letters, digits and hyphens", isLabel},
		`^(` + label + `)?$`: {
			"a DNS label: lower-case letters, digits and hyphens", func(s string) bool { return s == "" || isLabel(s) }},
		`^` + subdomain + `$`: {
			"a DNS name: lower-case letters, digits, hyphens and dots", isSubdomain},
		`^$|^` + subdomain + `$`: {
			`an API group: a DNS name in lower case, or "" for the core group`, func(s string) bool { return s == "" || isSubdomain(s) }},
		`^(\*\.)?` + subdomain + `$`: {
			`a DNS name in lower case, or "*." before one; it has neither a port nor a trailing dot`, isHostname},
		`^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$`: {
			"a kind: letters, digits and hyphens", isKind},
		"^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$": {
			"a header name: letters, digits and !#$%&'*+-.^_`|~", isToken},
		`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`: {
			"a label value: letters, digits and -_. between them", func(s string) bool { return s == "" || isWord(s) }},
		`^(` + subdomain + `/)?` + qualified: {
			"a name of letters, digits and -_. up to 63 characters, a DNS name and / may stand before it",
			func(s string) bool { return isQualified(s, isLowerOrDigit) }},
		`^(` + prefix + `/)?` + qualified: {
			"a name of letters, digits and -_. up to 63 characters, a DNS name and / may stand before it",
			func(s string) bool { return isQualified(s, domainPrefix) }},
		`^[-._a-zA-Z0-9]+$`: {
			"a key of letters, digits and -_.", func(s string) bool { return s != "" && all(s, isWordByte) }},
		`^` + subdomain + `\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$`: {
			says: "a DNS name, / and a path, such as example.com/controller"},
		`^/.*$`: {
			"a path that begins with /", func(s string) bool { return strings.HasPrefix(s, "/") && !strings.Contains(s, "\n") }},
		`^[!-~]+([\t ]?[!-~]+)*$`: {
			says: "a header value: printable ASCII characters, with single blanks between them"},
		`^([0-9]{1,5}(h|m|s|ms)){1,4}$`: {
			says: "a duration such as 10s or 1h30m"},
		`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`: {
			"a time such as 2026-01-31T12:00:00Z", isTime},
		`(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)`: {
			says: "an origin such as https://*.example.com:8443, or *"},
	}
}

// isTime reports whether s is a time as Kubernetes writes it.
func isTime(s string) bool {
	var t metav1.Time
	return s != "" && t.UnmarshalJSON([]byte(strconv.Quote(s))) == nil
}

// isLabel reports whether s is a DNS label in lower case (RFC 1123), of any length.
func isLabel(s string) bool { return joined(s, isLowerOrDigit) }

// isSubdomain reports whether s is labels with dots between them.
func isSubdomain(s string) bool { return dotted(s, isLowerOrDigit) }

func isHostname(s string) bool { return isSubdomain(strings.TrimPrefix(s, "*.")) }

func isKind(s string) bool {
	return joined(s, func(c byte) bool { return isLowerOrDigit(c) || isUpper(c) }) && !isDigit(s[0])
}

// isToken reports whether s is a token of HTTP (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && all(s, func(c byte) bool {
		return isLowerOrDigit(c) || isUpper(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
	})
}

// isWord reports whether s is letters and digits, with -_. between them.
func isWord(s string) bool {
	alnum := func(c byte) bool { return isLowerOrDigit(c) || isUpper(c) }
	return s != "" && alnum(s[0]) && alnum(s[len(s)-1]) && all(s, isWordByte)
}

// isQualified reports whether s is a key of a label or an annotation, whose prefix has the letters that in has.
func isQualified(s string, in func(byte) bool) bool {
	if prefix, name, ok := strings.Cut(s, "/"); ok {
		return dotted(prefix, in) && len(name) <= 63 && isWord(name)
	}
	return len(s) <= 63 && isWord(s)
}

// isQualifiedName reports whether s is a name that Kubernetes takes for a label (k8s.io/apimachinery/pkg/util/validation, IsQualifiedName).
func isQualifiedName(s string) bool {
	return strings.IndexByte(s, '/') <= validation.DNS1123SubdomainMaxLength && isQualified(s, isLowerOrDigit)
}

// isLabelValue reports whether s is one that a label can have (IsValidLabelValue).
func isLabelValue(s string) bool { return s == "" || len(s) <= 63 && isWord(s) }

// isPortName reports whether s is the name of a port of a pod (IsValidPortName).
func isPortName(s string) bool {
	return len(s) <= 15 && joined(s, isLowerOrDigit) && !strings.Contains(s, "--") && strings.Trim(s, "-0123456789") != ""
}

func dotted(s string, in func(byte) bool) bool {
	for part := range strings.SplitSeq(s, ".") {
		if !joined(part, in) {
			return false
		}
	}
	return true
}

// joined reports whether s has what in says, with hyphens between.
func joined(s string, in func(byte) bool) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return all(s, func(c byte) bool { return c == '-' || in(c) })
}

func all(s string, in func(byte) bool) bool {
	for i := range len(s) {
		if !in(s[i]) {
			return false
		}
	}
	return true
}

func isWordByte(c byte) bool {
	return isLowerOrDigit(c) || isUpper(c) || c == '-' || c == '_' || c == '.'
}
func isLowerOrDigit(c byte) bool { return 'a' <= c && c <= 'z' || isDigit(c) }
func isUpper(c byte) bool        { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool        { return '0' <= c && c <= '9' }
