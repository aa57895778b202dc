package schema

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"
)

// regexError returns the message of PCRE2 if s is no regular expression, else "". It takes for good what Go's parser takes
// for good and, beyond it, look-around, atomic groups, possessive quantifiers and references to groups.
func regexError(s string) string {
	plain, groups, refs := withoutPCRE(s)
	if _, err := syntax.Parse(plain, syntax.Perl); err != nil {
		message, at := pcreError(err, plain, s)
		return pcreMessage(message, s, at)
	}
	for _, r := range refs {
		if r.number > groups {
			return pcreMessage("reference to non-existent subpattern", s, r.at)
		}
	}
	return ""
}

// reference is a back reference: the number of a group, and where in the pattern the number begins.
type reference struct{ number, at int }

// withoutPCRE replaces what only PCRE knows by something that Go parses, of the same structure.
func withoutPCRE(s string) (plain string, groups int, refs []reference) {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(s); i++ {
		switch rest := s[i:]; {
		case s[i] == '\\' && i+1 < len(s):
			if d := s[i+1]; !inClass && d >= '1' && d <= '9' {
				n, _ := strconv.Atoi(string(d))
				refs = append(refs, reference{n, i + 1})
				b.WriteString("x")
			} else if strings.IndexByte("hHRKGXZ", d) >= 0 {
				b.WriteString(`\s`)
			} else {
				b.WriteString(rest[:2])
			}
			i++
		case inClass:
			inClass = s[i] != ']'
			b.WriteByte(s[i])
		case s[i] == '[':
			inClass = true
			b.WriteByte('[')
		case lookaround(rest) != "":
			b.WriteString("(?:")
			i += len(lookaround(rest)) - 1
		case s[i] == '+' && i > 0 && strings.IndexByte("*+?}", s[i-1]) >= 0 && (i < 2 || s[i-2] != '\\'):
		default:
			if s[i] == '(' && (!strings.HasPrefix(rest, "(?") || strings.HasPrefix(rest, "(?P<") || strings.HasPrefix(rest, "(?<")) {
				groups++
			}
			b.WriteByte(s[i])
		}
	}
	return b.String(), groups, refs
}

func lookaround(s string) string {
	for _, p := range []string{"(?<=", "(?<!", "(?=", "(?!", "(?>", "(?|"} {
		if strings.HasPrefix(s, p) {
			return p
		}
	}
	return ""
}

// pcreError translates an error of Go's parser. at is where in s PCRE2 sees it.
func pcreError(err error, plain, s string) (message string, at int) {
	var e *syntax.Error
	if !errors.As(err, &e) {
		return err.Error(), len(s)
	}
	at = strings.Index(plain, e.Expr)
	switch e.Code {
	case syntax.ErrMissingBracket:
		return "missing terminating ] for character class", len(s)
	case syntax.ErrMissingParen:
		return "missing closing parenthesis", len(s)
	case syntax.ErrUnexpectedParen:
		return "unmatched closing parenthesis", max(0, strings.LastIndexByte(s, ')'))
	case syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp:
		return "quantifier does not follow a repeatable item", min(max(at, 0), len(s))
	case syntax.ErrTrailingBackslash:
		return `\ at end of pattern`, len(s)
	case syntax.ErrInvalidCharRange:
		return "range out of order in character class", min(max(at+len(e.Expr)-1, 0), len(s))
	case syntax.ErrInvalidRepeatSize:
		return "number too big in {} quantifier", len(s)
	case syntax.ErrInvalidEscape:
		return `unrecognized character follows \`, min(max(at+1, 0), len(s))
	default:
		return "unrecognized character after (? or (?-", min(max(at+2, 0), len(s))
	}
}

func pcreMessage(message, s string, at int) string {
	if at >= len(s) {
		return fmt.Sprintf(`pcre2_compile() failed: %s in "%s"`, message, s)
	}
	return fmt.Sprintf(`pcre2_compile() failed: %s in "%s" at "%s"`, message, s, s[at:])
}
