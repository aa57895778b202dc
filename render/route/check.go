package route

import "strings"

// SemanticError says what is wrong with an expression whose syntax is right.
type SemanticError struct {
	// Line and Column are where the predicate begins that is wrong, from 1. Columns count characters. Kong does not tell.
	Line, Column int
	// Message says what is wrong, in Kong's words.
	Message string

	predicate *predicate
}

// Error returns the message, as Kong's Admin API prints it: without the place.
func (e *SemanticError) Error() string { return e.Message }

// check returns what Kong refuses in an expression whose syntax is right: unknown fields, operands of the wrong type, and segments
// of paths that are none. Routes of streams know fewer fields.
//
// Source: Kong/atc-router 1.6.2, src/semantics.rs, and Kong 3.9.3, kong/router/fields.lua and
// kong/db/schema/entities/routes.lua.
func check(e Expr, stream bool) *SemanticError {
	var types, segments *SemanticError
	e.predicates(func(p *predicate) bool {
		if message := p.check(stream); message != "" {
			types = &SemanticError{Message: message, predicate: p}
		}
		if segment, ok := strings.CutPrefix(p.field.name, segmentPrefix); ok && !isSegment(segment) && segments == nil {
			segments = &SemanticError{Message: "illformed http.path.segments.* field", predicate: p}
		}
		return types == nil
	})
	if types != nil {
		return types
	}
	return segments
}

// isSegment reports whether s is "len", the number of a segment, or two of them in ascending order.
func isSegment(s string) bool {
	low, high, isRange := strings.Cut(s, "_")
	from, ok := luaInteger(low)
	if !ok || len(low) > 1 && low[0] == '0' {
		return s == "len"
	}
	to, ok := luaInteger(high)
	return !isRange || ok && high[0] != '0' && from < to
}

// check returns why Kong refuses the predicate, or "".
func (p *predicate) check(stream bool) string {
	left, right := kindOf(p.field.name, stream), p.value.kind
	typed := p.op == opRegex || p.op == opIn || p.op == opNotIn // which say themselves what they take
	switch {
	case left == 0:
		return "Unknown LHS field"
	case !typed && left != right:
		return "Type mismatch between the LHS and RHS values of predicate"
	case p.field.lower && left != textKind:
		return "lower-case transformation function only supported with String type fields"
	}
	return p.checkOperator(left)
}

// checkOperator returns why the operator cannot compare a field of the left kind with the value, or "".
func (p *predicate) checkOperator(left kind) string {
	right := p.value.kind
	switch p.op {
	case opRegex:
		if left != textKind {
			return "Regex operators only supports string operands"
		}
	case opPrefix, opPostfix:
		if right != textKind {
			return "Regex/Prefix/Postfix operators only supports string operands"
		}
	case opGreater, opGreaterOrEqual, opLess, opLessOrEqual:
		if right != numberKind {
			return "Greater/GreaterOrEqual/Lesser/LesserOrEqual operators only supports integer operands"
		}
	case opIn, opNotIn:
		if left != addrKind || right != networkKind {
			return "In/NotIn operators only supports IP in CIDR"
		}
	case opContains:
		if right != textKind {
			return "Contains operator only supports string operands"
		}
	}
	return ""
}

// kindOf returns the type of a field's values, 0 for an unknown field.
func kindOf(name string, stream bool) kind {
	switch name {
	case "net.protocol", "tls.sni":
		return textKind
	case "net.src.port", "net.dst.port":
		return numberKind
	case "net.src.ip", "net.dst.ip":
		return addrKind
	}
	if stream {
		return 0
	}
	switch name {
	case "http.method", "http.host", "http.path":
		return textKind
	case "http.path.segments.len":
		return numberKind
	}
	switch name[:strings.LastIndexByte(name, '.')+1] {
	case headerPrefix, queryPrefix, segmentPrefix:
		return textKind
	}
	return 0
}
