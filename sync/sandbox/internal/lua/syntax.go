package lua

import "slices"

// Parse returns the message of LuaJIT's parser if code is no Lua, else "". It checks the grammar; whether labels
// exist it does not check.
//
// Source: Lua 5.1 reference manual, 8; LuaJIT 2.1, src/lj_parse.c with LUAJIT_ENABLE_LUA52COMPAT, as OpenResty builds it.
func Parse(code string) (message string) {
	p := &parser{lexer: lexer{chunk: chunkName(code), in: code, line: 1}, vararg: true}
	defer func() {
		if e, ok := recover().(syntaxError); ok {
			message = string(e)
		}
	}()
	p.advance()
	p.block()
	if p.tok.kind != "<eof>" {
		p.expected("<eof>")
	}
	return ""
}

// chunkName returns how messages call the code: by its first line, shortened.
//
// Source: LuaJIT 2.1, lj_debug_shortname.
func chunkName(code string) string {
	n := 0
	for n < len(code) && n < 48 && code[n] >= ' ' {
		n++
	}
	if n == len(code) {
		return `[string "` + code + `"]`
	}
	return `[string "` + code[:min(n, 45)] + `..."]`
}

// parser reads Lua by recursive descent. depth bounds the recursion, as LuaJIT does.
type parser struct {
	lexer
	tok    token
	ahead  *token
	loops  int
	vararg bool
	depth  int
}

func (p *parser) advance() {
	if p.ahead != nil {
		p.tok, p.ahead = *p.ahead, nil
		return
	}
	p.tok = p.next()
}

func (p *parser) peek() token {
	if p.ahead == nil {
		t := p.next()
		p.ahead = &t
	}
	return *p.ahead
}

func (p *parser) error(message string) {
	p.line = p.tok.line
	p.fail(message, p.tok.text)
}

func (p *parser) expected(kind string) { p.error("'" + kind + "' expected") }

func (p *parser) is(kind string) bool { return p.tok.kind == kind }

// opt takes a token if it is of that kind.
func (p *parser) opt(kind string) bool {
	if p.is(kind) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) check(kind string) {
	if !p.opt(kind) {
		p.expected(kind)
	}
}

// match wants the token that ends what began with another one on some line.
func (p *parser) match(kind, began string, line int) {
	if p.opt(kind) {
		return
	}
	if line == p.tok.line {
		p.expected(kind)
	}
	p.error("'" + kind + "' expected (to close '" + began + "' at line " + Number(float64(line)) + ")")
}

func (p *parser) enter() {
	if p.depth++; p.depth > 200 {
		p.error("chunk has too many syntax levels")
	}
}

func (p *parser) leave() { p.depth-- }

func (p *parser) block() {
	p.enter()
	defer p.leave()
	for !slices.Contains([]string{"else", "elseif", "end", "until", "<eof>"}, p.tok.kind) {
		last := p.statement()
		p.opt(";")
		if last {
			return
		}
	}
}

// statement reads a statement and reports whether it must be the last one of its block.
func (p *parser) statement() (last bool) {
	line := p.tok.line
	switch p.tok.kind {
	case "if":
		p.ifStatement(line)
	case "while":
		p.advance()
		p.expression(0)
		p.check("do")
		p.loop()
		p.match("end", "while", line)
	case "do":
		p.advance()
		p.block()
		p.match("end", "do", line)
	case "for":
		p.forStatement(line)
	case "repeat":
		p.advance()
		p.loop()
		p.match("until", "repeat", line)
		p.expression(0)
	case "function":
		p.function(line)
	case "local":
		p.local(line)
	case "return":
		p.result()
		return true
	case "break":
		p.advance()
		if p.loops == 0 {
			p.error("no loop to break")
		}
	case ";":
		p.advance()
	case "::":
		p.advance()
		p.check("<name>")
		p.check("::")
	default:
		if p.is("<name>") && p.tok.text == "goto" && p.peek().kind == "<name>" {
			p.advance()
			p.advance()
			return false
		}
		p.assignment()
	}
	return false
}

func (p *parser) function(line int) {
	p.advance()
	p.check("<name>")
	for p.opt(".") {
		p.check("<name>")
	}
	if p.opt(":") {
		p.check("<name>")
	}
	p.body(line)
}

func (p *parser) result() {
	p.advance()
	if !slices.Contains([]string{"else", "elseif", "end", "until", "<eof>", ";"}, p.tok.kind) {
		p.list()
	}
}

func (p *parser) loop() {
	p.loops++
	p.block()
	p.loops--
}

func (p *parser) ifStatement(line int) {
	for p.is("if") || p.is("elseif") {
		p.advance()
		p.expression(0)
		p.check("then")
		p.block()
		if p.is("if") {
			break
		}
	}
	if p.opt("else") {
		p.block()
	}
	p.match("end", "if", line)
}

func (p *parser) forStatement(line int) {
	p.advance()
	p.check("<name>")
	switch {
	case p.opt("="):
		p.expression(0)
		p.check(",")
		p.expression(0)
		if p.opt(",") {
			p.expression(0)
		}
	case p.is(",") || p.is("in"):
		for p.opt(",") {
			p.check("<name>")
		}
		p.check("in")
		p.list()
	default:
		p.error("'=' or 'in' expected")
	}
	p.check("do")
	p.loop()
	p.match("end", "for", line)
}

func (p *parser) local(line int) {
	p.advance()
	if p.opt("function") {
		p.check("<name>")
		p.body(line)
		return
	}
	p.check("<name>")
	for p.opt(",") {
		p.check("<name>")
	}
	if p.opt("=") {
		p.list()
	}
}

// assignment reads a call, or an assignment to one or several variables.
func (p *parser) assignment() {
	if call := p.suffixed(); call {
		return
	}
	for p.opt(",") {
		if call := p.suffixed(); call {
			p.error("syntax error")
		}
	}
	p.check("=")
	p.list()
}

func (p *parser) list() {
	p.expression(0)
	for p.opt(",") {
		p.expression(0)
	}
}

// body reads a function from its parameters to its end.
func (p *parser) body(line int) {
	loops, vararg := p.loops, p.vararg
	p.loops, p.vararg = 0, false
	p.check("(")
	for !p.is(")") {
		if p.opt("...") {
			p.vararg = true
			break
		}
		p.check("<name>")
		if !p.opt(",") {
			break
		}
	}
	p.check(")")
	p.block()
	p.match("end", "function", line)
	p.loops, p.vararg = loops, vararg
}
