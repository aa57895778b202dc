package crd

import (
	"strings"

	"github.com/google/cel-go/common/ast"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// look is what rules look at of a value: whether it is there, if nothing else is said. Rules that look at the same in two values judge them
// alike, at the same cost.
type look struct {
	// all says that they look at all of it.
	all bool
	// count says that they look at how many elements it has, or at their keys.
	count bool
	// questions are what they ask about a string.
	questions []question
	// fields are those of an object.
	fields map[string]*look
	// element is what they look at of the elements of a list, or the values of a map.
	element *look
}

func (l *look) field(name string) *look {
	if l.fields == nil {
		l.fields = map[string]*look{}
	}
	if l.fields[name] == nil {
		l.fields[name] = new(look)
	}
	return l.fields[name]
}

func (l *look) elements() *look {
	l.count = true
	if l.element == nil {
		l.element = new(look)
	}
	return l.element
}

// member returns what is looked at of the value under a key, nil for nothing.
func (l *look) member(key []byte) *look {
	field := l.fields[string(key)]
	switch {
	case l.element == nil:
		return field
	case field == nil:
		return l.element
	}
	return &look{all: true}
}

// lookOf returns what a rule looks at.
func lookOf(rule string) *look {
	self := new(look)
	parsed, issues := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()).StoredExpressionsEnv().Parse(rule)
	if issues.Err() != nil {
		self.all = true
		return self
	}
	scope{cel.ScopedVarName: self}.all(parsed.NativeRep().Expr())
	return self
}

// scope is what variables stand for that are part of the value.
type scope map[string]*look

// all notes that a rule looks at all that expressions stand for.
func (s scope) all(expressions ...ast.Expr) {
	for _, e := range expressions {
		if part := s.part(e); part != nil {
			part.all = true
		}
	}
}

// part notes what an expression looks at, and returns the part of the value that it stands for, of which nothing is noted but that it is
// looked for. It returns nil for one that stands for something else.
func (s scope) part(e ast.Expr) *look {
	switch e.Kind() {
	case ast.IdentKind:
		return s[strings.TrimPrefix(e.AsIdent(), ".")]
	case ast.SelectKind:
		return s.selected(e.AsSelect())
	case ast.CallKind:
		return s.called(e.AsCall())
	case ast.ComprehensionKind:
		s.comprehension(e.AsComprehension())
	case ast.ListKind:
		s.all(e.AsList().Elements()...)
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			s.all(entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
	case ast.StructKind:
		for _, f := range e.AsStruct().Fields() {
			s.all(f.AsStructField().Value())
		}
	}
	return nil
}

func (s scope) selected(e ast.SelectExpr) *look {
	of := s.part(e.Operand())
	if of == nil {
		return nil
	}
	name := e.FieldName()
	if plain, ok := apiservercel.Unescape(name); ok {
		name = plain
	}
	field := of.field(name)
	if e.IsTestOnly() {
		return nil
	}
	return field
}

func (s scope) called(e ast.CallExpr) *look {
	args := e.Args()
	if e.IsMemberFunction() {
		args = append([]ast.Expr{e.Target()}, args...)
	}
	name := e.FunctionName()
	if questions := questionsOf(name, args); questions != nil {
		if of := s.part(args[0]); of != nil {
			of.ask(questions)
		}
		return nil
	}
	switch {
	case name == "_[_]" && len(args) == 2:
		s.all(args[1])
		if of := s.part(args[0]); of != nil {
			return of.elements()
		}
	case name == "size" && len(args) == 1:
		if of := s.part(args[0]); of != nil {
			of.count = true
		}
	default:
		s.all(args...)
	}
	return nil
}

func (s scope) comprehension(e ast.ComprehensionExpr) {
	inner := scope{}
	for name, part := range s {
		inner[name] = part
	}
	var element *look
	if over := s.part(e.IterRange()); over != nil {
		element = over.elements()
	}
	s.all(e.AccuInit())
	inner[e.IterVar()], inner[e.IterVar2()] = element, element
	inner[e.AccuVar()] = nil
	inner.all(e.LoopCondition(), e.LoopStep())
	delete(inner, e.IterVar())
	delete(inner, e.IterVar2())
	inner.all(e.Result())
}
