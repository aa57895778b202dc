package route

import (
	"strconv"
	"strings"
)

func (p *parser) rhs(v *value) bool {
	for _, f := range []func(*value) bool{p.text, p.rawText, p.address, p.integer} {
		if f(v) {
			return true
		}
	}
	return false
}

func (p *parser) text(v *value) bool {
	return p.try(ruleStrLiteral, func() bool {
		if !p.literal(`"`) {
			return false
		}
		var b strings.Builder
		for p.escape(&b) || p.char(&b) {
		}
		*v = value{kind: textKind, text: b.String()}
		return p.literal(`"`)
	})
}

func (p *parser) escape(b *strings.Builder) bool {
	return p.try(ruleStrEsc, func() bool {
		if !p.literal(`\`) || p.pos == len(p.in) {
			return false
		}
		i := strings.IndexByte(`"\nrt`, p.in[p.pos])
		if i < 0 {
			return false
		}
		b.WriteByte("\"\\\n\r\t"[i])
		p.pos++
		return true
	})
}

func (p *parser) char(b *strings.Builder) bool {
	return p.try(ruleStrChar, func() bool {
		n := strings.IndexAny(p.in[p.pos:], `"\`)
		if n < 0 {
			n = len(p.in) - p.pos
		}
		b.WriteString(p.in[p.pos : p.pos+n])
		p.pos += n
		return n > 0
	})
}

func (p *parser) rawText(v *value) bool {
	return p.try(ruleRawstrLiteral, func() bool {
		if !p.literal(`r#"`) {
			return false
		}
		n := strings.Index(p.in[p.pos:], `"#`)
		if n < 0 {
			p.pos = len(p.in)
			return p.try(ruleRawstrChar, func() bool { return false })
		}
		*v = value{kind: textKind, text: p.in[p.pos : p.pos+n]}
		p.pos += n + len(`"#`)
		return true
	})
}

func (p *parser) integer(v *value) bool {
	return p.try(ruleIntLiteral, func() bool {
		negative := p.literal("-")
		start := p.pos
		base := p.digits()
		if base == 0 {
			return false
		}
		i, err := strconv.ParseInt(strings.TrimPrefix(p.in[start:p.pos], "0x"), base, 64)
		if err != nil {
			p.note(start, "number too large to fit in target type")
		}
		if negative {
			i = -i
		}
		*v = value{kind: numberKind, number: i}
		return true
	})
}

// digits takes a number and returns its base, or 0 if there is none. A number that starts with 0 is octal if it can be.
func (p *parser) digits() int {
	start := p.pos
	if p.try(ruleOctDigits, func() bool { return p.literal("0") && p.run("01234567", len(p.in)) }) {
		return 8
	}
	if p.literal("0x") && p.try(ruleHexDigits, func() bool { return p.run(hexDigits, len(p.in)) }) {
		return 16
	}
	p.pos = start
	if p.try(ruleDecDigits, func() bool { return p.run(decDigits, len(p.in)) }) {
		return 10
	}
	return 0
}

const (
	decDigits = "0123456789"
	hexDigits = "0123456789abcdefABCDEF"
)

// run takes as many bytes of set as there are, up to max, and reports whether there are any.
func (p *parser) run(set string, max int) bool {
	n := 0
	for n < max && p.pos+n < len(p.in) && strings.IndexByte(set, p.in[p.pos+n]) >= 0 {
		n++
	}
	p.pos += n
	return n > 0
}

// regex makes the value, which was read from start on, a regex.
func (p *parser) regex(start int, v *value) bool {
	if v.kind != textKind {
		return p.note(start, "regex operator can only be used with String operands")
	}
	re, err := CompileRegex(v.text)
	if err != nil {
		if p.err == nil {
			p.err = p.errorAt(start, p.pos, err.Error())
			p.err.cause = err
		}
		return true
	}
	*v = value{kind: regexKind, regex: re}
	return true
}
