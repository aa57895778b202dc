package route

import (
	"fmt"
	"regexp"
	"strings"
)

// Regex is a regular expression as Kong's router understands it: that of Rust's regex package, in both flavors.
type Regex struct {
	source string
	re     *regexp.Regexp
}

// CompileRegex returns the regex that s says, or an error.
func CompileRegex(s string) (Regex, error) {
	s = sayable(s)
	re, err := regexp.Compile(s)
	if err != nil {
		return Regex{}, fmt.Errorf("regex %q: %w", s, err)
	}
	return Regex{source: s, re: re}, nil
}

// String returns the regex as it was written.
func (r Regex) String() string { return r.source }

// QuoteRegex returns a regex that matches the text s and nothing else. PCRE, Rust's regex and Go's read it alike, and so does
// Kong when it rewrites the named groups of classic paths ("?<" to "?P<").
func QuoteRegex(s string) string {
	var b strings.Builder
	for _, r := range sayable(s) {
		switch {
		case strings.ContainsRune(`\.+*?()|[]{}^$`, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || r == '<':
			fmt.Fprintf(&b, `\x%02X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
