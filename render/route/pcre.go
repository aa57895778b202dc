package route

import "strings"

// CheckPCRE returns what PCRE has against a regex, in Kong's words, or "". Kong has every regex path compiled by PCRE before its
// router sees it, which then asks for more. Only what is wrong in any regex language is found: brackets, ranges, repetitions of
// nothing, references to groups that do not exist.
//
// Source: PCRE2 10.42, and the messages of OpenResty's ngx.re.
func CheckPCRE(s string) string {
	p := &pcre{in: s}
	for p.pos < len(s) {
		if message := p.step(); message != "" {
			return message
		}
	}
	switch {
	case p.open > 0:
		return p.fail("missing closing parenthesis", len(s))
	case p.reference > p.groups:
		return p.fail("reference to non-existent subpattern", p.referenceEnd)
	}
	return ""
}

// pcre walks over a regex.
type pcre struct {
	in           string
	pos          int
	open, groups int
	operand      bool // whether there is something to repeat
	reference    int  // the highest group that is referred to
	referenceEnd int
}

// fail returns PCRE's message about the text up to end.
func (p *pcre) fail(message string, end int) string {
	if end >= len(p.in) {
		return `pcre2_compile() failed: ` + message + ` in "` + p.in + `"`
	}
	return `pcre2_compile() failed: ` + message + ` in "` + p.in + `" at "` + p.in[end:] + `"`
}

func (p *pcre) step() string {
	start := p.pos
	p.pos++
	switch c := p.in[start]; c {
	case '\\':
		return p.escape()
	case '[':
		p.operand = true
		return p.class()
	case '(':
		p.open++
		if rest := p.in[p.pos:]; !strings.HasPrefix(rest, "?") && !strings.HasPrefix(rest, "*") || isNamedGroup(rest) {
			p.groups++
		}
		if strings.HasPrefix(p.in[p.pos:], "?") || strings.HasPrefix(p.in[p.pos:], "*") {
			p.pos++ // no quantifier
		}
		p.operand = false
	case ')':
		if p.open--; p.open < 0 {
			return p.fail("unmatched closing parenthesis", start)
		}
		p.operand = true
	case '|':
		p.operand = false
	case '*', '+', '?':
		if !p.operand {
			return p.fail("quantifier does not follow a repeatable item", start)
		}
		if p.pos < len(p.in) && (p.in[p.pos] == '?' || p.in[p.pos] == '+') {
			p.pos++
		}
		p.operand = false
	default:
		p.operand = true
	}
	return ""
}

func isNamedGroup(s string) bool {
	for _, start := range []string{"?P<", "?'"} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return strings.HasPrefix(s, "?<") && !strings.HasPrefix(s, "?<=") && !strings.HasPrefix(s, "?<!")
}

// escape reads what follows a backslash.
func (p *pcre) escape() string {
	p.operand = true
	if p.pos == len(p.in) {
		return p.fail(`\ at end of pattern`, len(p.in))
	}
	c := p.in[p.pos]
	p.pos++
	if c < '1' || c > '9' {
		return ""
	}
	n := int(c - '0')
	for p.pos < len(p.in) && n < 1000 && '0' <= p.in[p.pos] && p.in[p.pos] <= '9' {
		n = n*10 + int(p.in[p.pos]-'0')
		p.pos++
	}
	if n < 10 && n > p.reference { // what is longer may be an octal escape
		p.reference, p.referenceEnd = n, p.pos-1
	}
	return ""
}

// class reads a class in brackets.
func (p *pcre) class() string {
	if strings.HasPrefix(p.in[p.pos:], "^") {
		p.pos++
	}
	last := -1 // the character that a range could begin with
	for first := true; p.pos < len(p.in); first = false {
		c := p.in[p.pos]
		p.pos++
		switch {
		case c == ']' && !first:
			return ""
		case c == '\\':
			p.pos++
			last = -1
			continue
		case c == '[' && strings.HasPrefix(p.in[p.pos:], ":"):
			if end := strings.Index(p.in[p.pos:], ":]"); end >= 0 {
				p.pos += end + 2
			}
			last = -1
			continue
		case c == '-' && last >= 0 && p.pos < len(p.in) && p.in[p.pos] != ']' && p.in[p.pos] != '\\':
			if int(p.in[p.pos]) < last {
				return p.fail("range out of order in character class", p.pos)
			}
			p.pos++
			last = -1
			continue
		}
		last = int(c)
	}
	return p.fail("missing terminating ] for character class", len(p.in))
}
