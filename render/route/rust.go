package route

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// translate returns the Go regex that matches what the Rust regex s does.
//
// Source: Rust's regex-syntax 0.8, src/ast/parse.rs (syntax and messages).
func translate(s string) (string, error) {
	t := &translator{in: s}
	out, err := t.alternation()
	if err == nil && t.pos < len(s) {
		err = t.errorf(t.pos, t.pos+1, "unopened group")
	}
	if err != nil {
		return "", err
	}
	return out, nil
}

// translator reads a Rust regex from left to right and writes a Go regex. Its methods return the translation of what they read.
type translator struct {
	in    string
	pos   int
	depth int
	fold  bool // whether case does not matter here
	names []string
	// captures is how many groups have been opened that capture.
	captures int
}

// errorf returns Rust's message for a bad regex: the pattern, the part from start to end marked, and why.
func (t *translator) errorf(start, end int, format string, args ...any) error {
	column, width := utf8.RuneCountInString(t.in[:start]), utf8.RuneCountInString(t.in[start:min(end, len(t.in))])
	return fmt.Errorf("regex parse error:\n    %s\n    %s%s\nerror: %s", t.in,
		strings.Repeat(" ", column), strings.Repeat("^", max(width, 1)), fmt.Sprintf(format, args...))
}

func (t *translator) notModelled(start int) error {
	return fmt.Errorf("%w: %q in %q", ErrRegexNotModelled, t.in[start:t.pos], t.in)
}

func (t *translator) more() bool { return t.pos < len(t.in) }

func (t *translator) at(s string) bool { return strings.HasPrefix(t.in[t.pos:], s) }

func (t *translator) next() rune {
	r, n := utf8.DecodeRuneInString(t.in[t.pos:])
	t.pos += n
	return r
}

// alternation reads up to the end or an unmatched ")".
func (t *translator) alternation() (string, error) {
	var b strings.Builder
	last := ""    // what a repetition would repeat
	times := 1.   // how often it already is
	captures := 0 // how many groups there were before it
	for t.more() && !t.at(")") {
		if t.at("|") {
			b.WriteString(last + "|")
			last = ""
			t.pos++
			continue
		}
		if strings.IndexByte("*+?{", t.in[t.pos]) >= 0 {
			r, err := t.repetition(last == "")
			if err != nil {
				return "", err
			}
			if times *= max(1, float64(r.to)); times > maxRepetitions {
				return "", errors.New("Compiled regex exceeds size limit of 10485760 bytes.") //nolint:staticcheck // Rust's words
			}
			last = r.of(last, t.captures == captures)
			continue
		}
		b.WriteString(last)
		captures = t.captures
		item, repeatable, err := t.item()
		if err != nil {
			return "", err
		}
		times = 1
		if last = item; !repeatable {
			b.WriteString(last)
			last = ""
		}
	}
	return b.String() + last, nil
}

// item reads one thing that is neither | nor a repetition, and reports whether it may be repeated.
func (t *translator) item() (out string, repeatable bool, err error) {
	switch c := t.in[t.pos]; c {
	case '(':
		return t.group()
	case '[':
		out, err = t.class()
	case '\\':
		out, err = t.escape()
	case '.', '^', '$':
		t.pos++
		out = string(c)
	default:
		out = regexp.QuoteMeta(string(t.next()))
	}
	return out, true, err
}

// maxRegexDepth is Rust's own limit.
const maxRegexDepth = 250

func (t *translator) group() (out string, repeatable bool, err error) {
	start, fold := t.pos, t.fold
	open, err := t.groupStart()
	if err != nil || strings.HasSuffix(open, ")") { // flags alone
		return open, false, err
	}
	defer func() { t.fold = fold }()
	if t.depth++; t.depth > maxRegexDepth {
		return "", false, t.errorf(start, start+1, "exceed the maximum number of nested parentheses/brackets (%d)", maxRegexDepth)
	}
	body, err := t.alternation()
	if err != nil {
		return "", false, err
	}
	if t.depth--; !t.more() {
		return "", false, t.errorf(start, start+1, "unclosed group")
	}
	t.pos++
	return open + body + ")", true, nil
}

// groupStart reads "(" and what kind of group it opens, or all of a group that only sets flags.
func (t *translator) groupStart() (string, error) {
	start := t.pos
	t.pos++
	for _, look := range []string{"?=", "?!", "?<=", "?<!"} {
		if t.at(look) {
			return "", t.errorf(start, t.pos+len(look), "look-around, including look-ahead and look-behind, is not supported")
		}
	}
	switch {
	case t.at("?P<"):
		t.pos += len("?P<")
		t.captures++
		return t.name()
	case t.at("?<"):
		t.pos += len("?<")
		t.captures++
		return t.name()
	case t.at("?"):
		t.pos++
		return t.flags(start)
	}
	t.captures++
	return "(", nil
}

// name reads the name of a group.
func (t *translator) name() (string, error) {
	start := t.pos
	for t.more() && !t.at(">") {
		at := t.pos
		c := t.next()
		letter := c == '_' || unicode.IsLetter(c)
		if !letter && (at == start || c != '.' && c != '[' && c != ']' && !unicode.IsDigit(c)) {
			return "", t.errorf(at, t.pos, "invalid capture group character")
		}
	}
	name := t.in[start:t.pos]
	switch {
	case !t.more():
		return "", t.errorf(t.pos, t.pos, "unclosed capture group name")
	case name == "":
		return "", t.errorf(t.pos, t.pos, "empty capture group name")
	}
	for _, n := range t.names {
		if n == name {
			return "", t.errorf(start, t.pos, "duplicate capture group name")
		}
	}
	t.names = append(t.names, name)
	t.pos++
	if strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf || strings.ContainsRune(".[]", r) }) {
		return "", t.notModelled(start)
	}
	return "(?P<" + name + ">", nil
}

// flags reads the flags of a group that starts at start, and ":" or ")".
func (t *translator) flags(start int) (string, error) {
	set := true
	for t.more() {
		at := t.pos
		switch c := t.next(); c {
		case ':', ')':
			if c == ')' && at == start+len("(?") {
				return "", t.errorf(start+1, start+2, "repetition operator missing expression")
			}
			if t.in[start:t.pos] == "(?u)" {
				return "(?:)", nil
			}
			return strings.Replace(t.in[start:t.pos], "u", "", 1), nil
		case 'i':
			t.fold = set
		case '-':
			set = false
		case 'm', 's', 'U':
		case 'u':
			if strings.Contains(t.in[start:at], "-") {
				return "", t.notModelled(start)
			}
		case 'x', 'R':
			return "", t.notModelled(start)
		default:
			return "", t.errorf(at, t.pos, "unrecognized flag")
		}
	}
	return "", t.errorf(start, start+1, "unclosed group")
}
