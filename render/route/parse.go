package route

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is how many parentheses may be open at once. Kong's own parser has no limit and overflows its stack instead.
const maxDepth = 500

// Parse returns the expression that s says in Kong's syntax, or a [*SyntaxError].
//
// It does not ask whether the fields exist and whether types agree: [Validate] does.
//
// Source: Kong/atc-router 1.6.2, src/atc_grammar.pest and src/parser.rs.
func Parse(s string) (Expr, error) {
	p := &parser{in: s}
	if i := invalidText(s); i >= 0 {
		return nil, p.errorAt(i, i, "Kong cannot read NUL or invalid UTF-8")
	}
	e, ok := p.matcher()
	switch {
	case p.tooDeep != nil:
		return nil, p.tooDeep
	case !ok:
		return nil, p.expected()
	case p.err != nil:
		return nil, p.err
	}
	return e, nil
}

// invalidText returns where the first byte is that Kong cannot pass to its router, or -1.
func invalidText(s string) int {
	for i, r := range s {
		if r == 0 {
			return i
		}
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return -1
}

// parser is a recursive descent through Kong's grammar, which is a parsing expression grammar: alternatives are tried in
// order, and the first that fits is taken. Its methods are named like the rules. They return whether the rule fits and
// leave pos behind what did, or where it was.
type parser struct {
	in    string
	pos   int
	depth int
	// attempts are the rules that did not fit at the furthest place any was tried, which Kong's messages tell.
	attempts   []rule
	attemptPos int
	// err is the first error beyond grammar: a number that is too large, a regex that is none. Errors of grammar go before.
	err *SyntaxError
	// tooDeep is set once maxDepth is passed.
	tooDeep *SyntaxError
}

// rule is a rule of the grammar that messages can name, in the grammar's order.
type rule uint8

const (
	ruleEOI rule = iota
	ruleIdent
	ruleRHS
	ruleTransformFunc
	ruleLHS
	ruleIntLiteral
	ruleHexDigits
	ruleOctDigits
	ruleDecDigits
	ruleStrLiteral
	ruleStrChar
	ruleStrEsc
	ruleRawstrLiteral
	ruleRawstrChar
	ruleIPv4Literal
	ruleIPv6Literal
	ruleIPv4CIDRLiteral
	ruleIPv6CIDRLiteral
	ruleBinaryOperator
	ruleAndOp
	ruleOrOp
	ruleNotOp
	rulePredicate
	ruleParenthesisedExpression
	ruleTerm
	ruleExpression
	ruleMatcher
)

func (r rule) String() string {
	return [...]string{
		"EOI", "ident", "rhs", "transform_func", "lhs",
		"int_literal", "hex_digits", "oct_digits", "dec_digits",
		"str_literal", "str_char", "str_esc", "rawstr_literal", "rawstr_char",
		"ipv4_literal", "ipv6_literal", "ipv4_cidr_literal", "ipv6_cidr_literal",
		"binary_operator", "and_op", "or_op", "not_op",
		"predicate", "parenthesised_expression", "term", "expression", "matcher",
	}[r]
}

// try runs f as rule r: if it does not fit, pos goes back, and the attempt is noted as Kong's parser generator (pest) does
// it. A rule stands in for what it tried at its own start, unless that was one thing only.
func (p *parser) try(r rule, f func() bool) bool {
	start, before := p.pos, 0
	if p.attemptPos == start {
		before = len(p.attempts)
	}
	if f() {
		return true
	}
	p.pos = start
	if p.attemptPos == start && len(p.attempts) == before+1 || p.attemptPos > start {
		return false
	}
	if p.attemptPos < start {
		p.attemptPos, before = start, 0
	}
	p.attempts = append(p.attempts[:before], r)
	return false
}

// expected returns the error that the noted attempts amount to.
func (p *parser) expected() *SyntaxError {
	slices.Sort(p.attempts)
	names := make([]string, 0, len(p.attempts))
	for _, r := range slices.Compact(p.attempts) {
		names = append(names, r.String())
	}
	list := strings.Join(names, " or ")
	if n := len(names); n > 2 {
		list = strings.Join(names[:n-1], ", ") + ", or " + names[n-1]
	}
	return p.errorAt(p.attemptPos, p.attemptPos, "expected "+list)
}

// note notes an error about the text from start to pos, unless there is one already. It returns true: the grammar is kept.
func (p *parser) note(start int, message string) bool {
	if p.err == nil {
		p.err = p.errorAt(start, p.pos, message)
	}
	return true
}

// deeper runs f one parenthesis deeper.
func (p *parser) deeper(f func() bool) bool {
	if p.depth == maxDepth {
		p.tooDeep = p.errorAt(p.pos, p.pos, fmt.Sprintf("more than %d open parentheses", maxDepth))
		return false
	}
	p.depth++
	defer func() { p.depth-- }()
	return f()
}

func (p *parser) space() {
	for p.pos < len(p.in) && strings.IndexByte(" \t\r\n", p.in[p.pos]) >= 0 {
		p.pos++
	}
}

// literal takes s, if it is what comes.
func (p *parser) literal(s string) bool {
	if !strings.HasPrefix(p.in[p.pos:], s) {
		return false
	}
	p.pos += len(s)
	return true
}

func (p *parser) matcher() (e Expr, ok bool) {
	ok = p.try(ruleMatcher, func() bool {
		p.space()
		if e, ok = p.expression(); !ok {
			return false
		}
		p.space()
		return p.try(ruleEOI, func() bool { return p.pos == len(p.in) })
	})
	return e, ok
}

// expression collects the operands of && and ||, of which || binds tighter.
func (p *parser) expression() (Expr, bool) {
	var all, any []Expr
	ok := p.try(ruleExpression, func() bool {
		e, ok := p.term()
		if !ok {
			return false
		}
		any = append(any, e)
		for {
			end := p.pos
			p.space()
			and := p.try(ruleAndOp, func() bool { return p.literal("&&") })
			if !and && !p.try(ruleOrOp, func() bool { return p.literal("||") }) {
				p.pos = end
				break
			}
			p.space()
			e, ok := p.term()
			if !ok {
				p.pos = end
				break
			}
			if and {
				all, any = append(all, Any(any...)), nil
			}
			any = append(any, e)
		}
		return true
	})
	if !ok {
		return nil, false
	}
	return All(append(all, Any(any...))...), true
}

func (p *parser) term() (e Expr, ok bool) {
	ok = p.try(ruleTerm, func() bool {
		if e, ok = p.predicate(); ok {
			return true
		}
		e, ok = p.parenthesised()
		return ok
	})
	return e, ok
}

func (p *parser) parenthesised() (e Expr, ok bool) {
	ok = p.try(ruleParenthesisedExpression, func() bool {
		not := p.try(ruleNotOp, func() bool { return p.literal("!") })
		p.space()
		if !p.literal("(") {
			return false
		}
		p.space()
		if !p.deeper(func() bool { e, ok = p.expression(); return ok }) {
			return false
		}
		if not {
			e = Not(e)
		}
		p.space()
		return p.literal(")")
	})
	return e, ok
}

func (p *parser) predicate() (Expr, bool) {
	out := predicate{at: p.pos}
	ok := p.try(rulePredicate, func() bool {
		if !p.lhs(&out.field) {
			return false
		}
		p.space()
		if !p.try(ruleBinaryOperator, func() bool { return p.operator(&out.op) }) {
			return false
		}
		p.space()
		start := p.pos
		if !p.try(ruleRHS, func() bool { return p.rhs(&out.value) }) {
			return false
		}
		if out.op == opRegex {
			return p.regex(start, &out.value)
		}
		return true
	})
	if !ok {
		return nil, false
	}
	return &out, true
}

func (p *parser) lhs(f *field) bool {
	return p.try(ruleLHS, func() bool {
		if p.try(ruleTransformFunc, func() bool { return p.transform(f) }) {
			return true
		}
		return p.ident(&f.name)
	})
}

func (p *parser) transform(f *field) bool {
	start := p.pos
	var name string
	if !p.ident(&name) {
		return false
	}
	if p.space(); !p.literal("(") {
		return false
	}
	if p.space(); !p.deeper(func() bool { return p.lhs(f) }) {
		return false
	}
	if p.space(); !p.literal(")") {
		return false
	}
	switch name {
	case "lower":
		f.lower = true
	case "any":
		f.any = true
	default:
		return p.note(start, "unknown transformation function: "+name)
	}
	return true
}

func (p *parser) ident(name *string) bool {
	return p.try(ruleIdent, func() bool {
		start := p.pos
		if start == len(p.in) || !isAlpha(p.in[start]) {
			return false
		}
		for p.pos < len(p.in) && (isAlphanumeric(p.in[p.pos]) || p.in[p.pos] == '_' || p.in[p.pos] == '.') {
			p.pos++
		}
		*name = p.in[start:p.pos]
		return true
	})
}

// operator tries the operators in Kong's order, in which none hides another.
func (p *parser) operator(op *operator) bool {
	for _, o := range []operator{
		opEqual, opNotEqual, opRegex, opPrefix, opPostfix, opGreaterOrEqual, opGreater, opLessOrEqual, opLess, opIn, opNotIn, opContains,
	} {
		// "not  in" and "notin" fit Kong's grammar too, and then crash it.
		if p.literal(string(o)) {
			*op = o
			return true
		}
	}
	return false
}
