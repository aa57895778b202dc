package route

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Regex is a regular expression as Kong's router understands it in both flavors: that of Rust's regex package. It finds a
// match anywhere in a text unless it is anchored, and knows no look-around and no backreferences.
//
// The zero Regex is none; [CompileRegex] makes one.
type Regex struct {
	source string
	re     *regexp.Regexp
}

// ErrRegexNotModelled is part of the errors about regexes that Kong may well accept but this package cannot model.
var ErrRegexNotModelled = errors.New("gwsync cannot model this regex")

// CompileRegex returns the regex that s says. Errors say in the words of Rust's regex package what is wrong, as Kong does, or are
// an [ErrRegexNotModelled].
//
// Matching is left to Go's regexp, which is of the same family: linear time, leftmost-first, so that no regex takes long over a
// text. What the two write differently is translated; what Go has no word for is an error: the x, R and -u flags, \b{...}, more than
// 20,000 repetitions (1,000 of what captures or is itself repeated), \p{...} of anything but categories and scripts. One thing is
// approximated: \b and \B know the words of ASCII only.
func CompileRegex(s string) (Regex, error) {
	s = sayable(s)
	translated, err := translate(s)
	if err != nil {
		return Regex{}, err
	}
	re, err := regexp.Compile(translated)
	if err != nil {
		return Regex{}, fmt.Errorf("%w: %w", ErrRegexNotModelled, err)
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
