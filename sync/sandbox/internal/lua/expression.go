package lua

// priority returns how tightly a binary operator binds to its left and its right, or 0.
func priority(op string) (left, right int) {
	switch op {
	case "or":
		return 1, 1
	case "and":
		return 2, 2
	case "<", ">", "<=", ">=", "~=", "==":
		return 3, 3
	case "..":
		return 5, 4
	case "+", "-":
		return 6, 6
	case "*", "/", "%":
		return 7, 7
	case "^":
		return 10, 9
	}
	return 0, 0
}

// expression reads an expression of operators that bind more tightly than limit.
func (p *parser) expression(limit int) {
	p.enter()
	defer p.leave()
	if p.is("not") || p.is("-") || p.is("#") {
		p.advance()
		p.expression(8)
	} else {
		p.simple()
	}
	for {
		left, right := priority(p.tok.kind)
		if left <= limit {
			return
		}
		p.advance()
		p.expression(right)
	}
}

func (p *parser) simple() {
	switch p.tok.kind {
	case "<number>", "<string>", "nil", "true", "false":
		p.advance()
	case "...":
		if !p.vararg {
			p.error("cannot use '...' outside a vararg function")
		}
		p.advance()
	case "{":
		p.table()
	case "function":
		line := p.tok.line
		p.advance()
		p.body(line)
	default:
		p.suffixed()
	}
}

// suffixed reads a variable or a call, and reports whether it is a call.
func (p *parser) suffixed() (call bool) {
	line := p.tok.line
	switch {
	case p.opt("("):
		p.expression(0)
		p.match(")", "(", line)
	case p.opt("<name>"):
	default:
		p.error("unexpected symbol")
	}
	for {
		switch p.tok.kind {
		case ".":
			p.advance()
			p.check("<name>")
			call = false
		case "[":
			p.advance()
			p.expression(0)
			p.check("]")
			call = false
		case ":":
			p.advance()
			p.check("<name>")
			p.arguments()
			call = true
		case "(", "<string>", "{":
			p.arguments()
			call = true
		default:
			return call
		}
	}
}

func (p *parser) arguments() {
	line := p.tok.line
	switch {
	case p.opt("("):
		if !p.is(")") {
			p.list()
		}
		p.match(")", "(", line)
	case p.is("{"):
		p.table()
	case p.opt("<string>"):
	default:
		p.error("function arguments expected")
	}
}

func (p *parser) table() {
	line := p.tok.line
	p.check("{")
	for !p.is("}") {
		switch {
		case p.opt("["):
			p.expression(0)
			p.check("]")
			p.check("=")
			p.expression(0)
		case p.is("<name>") && p.peek().kind == "=":
			p.advance()
			p.advance()
			p.expression(0)
		default:
			p.expression(0)
		}
		if !p.opt(",") && !p.opt(";") {
			break
		}
	}
	p.match("}", "{", line)
}
