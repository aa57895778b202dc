package proxy

import (
	"errors"
	"strconv"
	"strings"
)

// maxNesting bounds the depth of an expression.
const maxNesting = 100

var errSyntax = errors.New("not an expression that is known here")

// luaParser reads an expression by recursive descent: or, and, comparison, "..", not, and what fields are taken of.
type luaParser struct {
	rest  string
	depth int
}

func parseLua(s string) (luaExpr, error) {
	p := &luaParser{rest: s}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.skip(); p.rest != "" {
		return nil, errSyntax
	}
	return e, nil
}

func (p *luaParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// accept consumes a symbol if it comes next.
func (p *luaParser) accept(symbol string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.rest, symbol)
	if ok {
		p.rest = rest
	}
	return ok
}

// word consumes a keyword if it comes next.
func (p *luaParser) word(keyword string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.rest, keyword)
	if !ok || rest != "" && isNameByte(rest[0]) {
		return false
	}
	p.rest = rest
	return true
}

func isNameByte(c byte) bool { return c == '_' || isAlphanumeric(c) }

func (p *luaParser) name() string {
	p.skip()
	n := 0
	for n < len(p.rest) && isNameByte(p.rest[n]) {
		n++
	}
	name := p.rest[:n]
	if n == 0 || name[0] >= '0' && name[0] <= '9' {
		return ""
	}
	p.rest = p.rest[n:]
	return name
}

func (p *luaParser) or() (luaExpr, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, errSyntax
	}
	defer func() { p.depth-- }()
	return p.chain(p.and, func() combine {
		if p.word("or") {
			return func(a any, b func() (any, error)) (any, error) {
				if truthy(a) {
					return a, nil
				}
				return b()
			}
		}
		return nil
	})
}

func (p *luaParser) and() (luaExpr, error) {
	return p.chain(p.comparison, func() combine {
		if p.word("and") {
			return func(a any, b func() (any, error)) (any, error) {
				if !truthy(a) {
					return a, nil
				}
				return b()
			}
		}
		return nil
	})
}

func (p *luaParser) comparison() (luaExpr, error) {
	return p.chain(p.concatenation, func() combine {
		switch {
		case p.accept("=="):
			return compareLua(true)
		case p.accept("~="):
			return compareLua(false)
		}
		return nil
	})
}

func (p *luaParser) concatenation() (luaExpr, error) {
	return p.chain(p.unary, func() combine {
		if !p.accept("..") {
			return nil
		}
		return func(a any, b func() (any, error)) (any, error) {
			v, err := b()
			if err != nil {
				return nil, err
			}
			if !concatenable(a) || !concatenable(v) {
				return nil, errConcat
			}
			return luaString(a) + luaString(v), nil
		}
	})
}

// chain reads operands with operators between them, and applies these from left to right.
func (p *luaParser) chain(operand func() (luaExpr, error), operator func() combine) (luaExpr, error) {
	left, err := operand()
	if err != nil {
		return nil, err
	}
	for {
		op := operator()
		if op == nil {
			return left, nil
		}
		right, err := operand()
		if err != nil {
			return nil, err
		}
		before := left
		left = func(env luaIndex) (any, error) {
			a, err := before(env)
			if err != nil {
				return nil, err
			}
			return op(a, func() (any, error) { return right(env) })
		}
	}
}

func (p *luaParser) unary() (luaExpr, error) {
	negations := 0
	for p.word("not") {
		negations++
	}
	e, err := p.suffixed()
	if err != nil || negations == 0 {
		return e, err
	}
	return func(env luaIndex) (any, error) {
		v, err := e(env)
		if err != nil {
			return nil, err
		}
		return truthy(v) != (negations%2 == 1), nil
	}, nil
}

// suffixed reads a value and the fields and calls behind it.
func (p *luaParser) suffixed() (luaExpr, error) {
	e, indexable, err := p.primary()
	for err == nil && indexable {
		p.skip()
		switch {
		case strings.HasPrefix(p.rest, ".."):
			return e, nil
		case p.accept("."):
			name := p.name()
			if name == "" {
				return nil, errSyntax
			}
			e = index(e, constant(name))
		case p.accept("["):
			var key luaExpr
			if key, err = p.or(); err == nil && !p.accept("]") {
				err = errSyntax
			}
			e = index(e, key)
		case p.accept("("):
			err = p.skipArguments()
			e = call(e)
		default:
			return e, nil
		}
	}
	return e, err
}

// skipArguments reads over the arguments of a call.
func (p *luaParser) skipArguments() error {
	if p.accept(")") {
		return nil
	}
	for {
		if _, err := p.or(); err != nil {
			return err
		}
		if p.accept(")") {
			return nil
		}
		if !p.accept(",") {
			return errSyntax
		}
	}
}

// primary reads a literal, a name or a bracket. Only the latter two may have fields.
func (p *luaParser) primary() (e luaExpr, indexable bool, err error) {
	p.skip()
	switch {
	case p.rest == "":
		return nil, false, errSyntax
	case p.rest[0] == '"' || p.rest[0] == '\'':
		s, err := p.text()
		return constant(s), false, err
	case p.rest[0] >= '0' && p.rest[0] <= '9':
		f, err := p.number()
		return constant(f), false, err
	case p.accept("("):
		e, err := p.or()
		if err == nil && !p.accept(")") {
			err = errSyntax
		}
		return e, true, err
	case p.word("nil"):
		return constant(nil), false, nil
	case p.word("true"):
		return constant(true), false, nil
	case p.word("false"):
		return constant(false), false, nil
	}
	name := p.name()
	if name == "" || isReserved(name) {
		return nil, false, errSyntax
	}
	return func(env luaIndex) (any, error) { return env(name), nil }, true, nil
}

func isReserved(name string) bool {
	switch name {
	case "and", "or", "not", "function", "end", "if", "then", "else", "for", "while", "do", "return", "local", "in", "repeat", "until",
		"break", "elseif":
		return true
	}
	return false
}

// text reads a quoted string. Of escapes it knows those of quotes and backslashes.
func (p *luaParser) text() (string, error) {
	quote := p.rest[0]
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case quote:
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case '\\':
			if i++; i == len(p.rest) || strings.IndexByte(`"'\`, p.rest[i]) < 0 {
				return "", errSyntax
			}
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", errSyntax
}

func (p *luaParser) number() (float64, error) {
	n := 0
	for n < len(p.rest) && (isNameByte(p.rest[n]) || p.rest[n] == '.' && !strings.HasPrefix(p.rest[n:], "..")) {
		n++
	}
	f, err := strconv.ParseFloat(p.rest[:n], 64)
	if err != nil || strings.Contains(p.rest[:n], "_") {
		return 0, errSyntax
	}
	p.rest = p.rest[n:]
	return f, nil
}
