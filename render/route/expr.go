package route

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Expr is an expression of Kong's router language. It is immutable. There are no other implementations than this
// package's: the constructors ([All], [Any], [Not] and the methods of the fields) and [Parse] return them.
//
// Two expressions are the same if their String methods agree. Grouping that means nothing, such as (a && b) && c, is no difference.
type Expr interface {
	// String returns the expression in Kong's syntax. It is always valid there, whatever text it was built from.
	String() string

	// match reports whether the expression holds in c, and notes in c what its predicates matched.
	match(c *context) bool
	// predicates calls yield for each predicate, from left to right, until it returns false.
	predicates(yield func(*predicate) bool) bool
}

// All returns the expression that holds if all of es do (&&). nil operands are left out; of none, All returns nil, since
// the language has no word for "always".
func All(es ...Expr) Expr { return combined[allOf](es) }

// Any returns the expression that holds if at least one of es does (||). nil operands are left out; of none, Any returns nil.
func Any(es ...Expr) Expr { return combined[anyOf](es) }

// combined returns the operation T on es, whose operands are no such operation themselves.
func combined[T interface {
	~[]Expr
	Expr
}](es []Expr) Expr {
	var out T
	for _, e := range es {
		switch e := e.(type) {
		case nil:
		case T:
			out = append(out, e...)
		default:
			out = append(out, e)
		}
	}
	switch len(out) {
	case 0:
		return nil
	case 1:
		return out[0]
	}
	return out
}

// Not returns the expression that holds if e does not: !(e). Of nil it returns nil.
//
// Not(f == v) is not the same as f != v: where the request lacks the field, every predicate about it is false, so that
// Not of one holds.
func Not(e Expr) Expr {
	if e == nil {
		return nil
	}
	return negation{e}
}

type (
	allOf    []Expr // two or more, none of them an allOf
	anyOf    []Expr // two or more, none of them an anyOf
	negation struct{ of Expr }
)

func (e allOf) String() string    { return join(e, " && ") }
func (e anyOf) String() string    { return join(e, " || ") }
func (e negation) String() string { return "!(" + e.of.String() + ")" }

// join prints the operands of && and ||. Operands that are themselves such are put in parentheses, always: in this
// language || binds tighter than &&, which nobody who reads the route in Kong would guess.
func join(es []Expr, op string) string {
	var b strings.Builder
	for i, e := range es {
		if i > 0 {
			b.WriteString(op)
		}
		switch e.(type) {
		case allOf, anyOf:
			b.WriteString("(" + e.String() + ")")
		default:
			b.WriteString(e.String())
		}
	}
	return b.String()
}

// operator is a comparison as the language writes it.
type operator string

const (
	opEqual          operator = "=="
	opNotEqual       operator = "!="
	opRegex          operator = "~"
	opPrefix         operator = "^="
	opPostfix        operator = "=^"
	opGreaterOrEqual operator = ">="
	opGreater        operator = ">"
	opLessOrEqual    operator = "<="
	opLess           operator = "<"
	opIn             operator = "in"
	opNotIn          operator = "not in"
	opContains       operator = "contains"
)

// predicate compares a field of the request with a constant.
type predicate struct {
	field field
	op    operator
	value value
	at    int // where it begins in what was parsed
}

func (p *predicate) String() string {
	return p.field.String() + " " + string(p.op) + " " + p.value.String()
}

// field is the left side of a predicate: the name of a field and the transformations of its values.
type field struct {
	name       string
	lower, any bool
}

func (f field) String() string {
	s := f.name
	if f.lower {
		s = "lower(" + s + ")"
	}
	if f.any {
		s = "any(" + s + ")"
	}
	return s
}

// value is the right side of a predicate. Only the member that kind names is set.
type value struct {
	kind    kind
	text    string
	number  int64
	addr    netip.Addr
	network netip.Prefix
	regex   Regex
}

// kind is the type of a value, or of a field's values.
type kind uint8

const (
	textKind kind = iota + 1
	numberKind
	addrKind
	networkKind
	regexKind
)

func (v value) String() string {
	switch v.kind {
	case numberKind:
		return strconv.FormatInt(v.number, 10)
	case addrKind:
		return addrText(v.addr)
	case networkKind:
		return addrText(v.network.Addr()) + "/" + strconv.Itoa(v.network.Bits())
	case regexKind:
		return quote(v.regex.String())
	default:
		return quote(v.text)
	}
}

// addrText returns the address without dots in an IPv6 one, which the language does not know.
func addrText(a netip.Addr) string {
	if !a.Is4In6() {
		return a.String()
	}
	b := a.As16()
	return fmt.Sprintf("::ffff:%x:%x", uint16(b[12])<<8|uint16(b[13]), uint16(b[14])<<8|uint16(b[15]))
}

// quote returns s as a string literal. The language knows five escapes and takes every other character as it stands.
func quote(s string) string {
	if !strings.ContainsAny(s, "\"\\\n\r\t") {
		return `"` + s + `"`
	}
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + `"`
}

// sayable returns s with what the language has no word for, NUL and invalid UTF-8, replaced by U+FFFD.
func sayable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
