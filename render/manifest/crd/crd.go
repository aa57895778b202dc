// Package crd judges values by what a custom resource definition says of them beyond types and limits: its validation rules,
// which are written in CEL (x-kubernetes-validations), and allOf, anyOf, oneOf and not. It is a thin layer over the API server's
// own code, k8s.io/apiextensions-apiserver, so that the verdicts, the messages and the limits on cost are the API server's.
//
// What it adds is speed where manifests are right, which most are:
//
//   - [Compile] takes one node of a schema, so that nothing need be compiled before there is a value for the node. It takes 1 to
//     8 ms a node.
//
//   - The rules of a node are compiled as one, the conjunction of all. It is true exactly if each of them is, and costs as
//     much. Only if it is not true are they compiled and tried one by one, to say which one fails.
//
//   - [Rules.Seen] says what the rules look at of a value, as their text tells: which fields, how many elements, the answers to what they
//     ask about a string. Values of which they see the same need not be judged twice, and manifests are full of them: what most rules see
//     of a route is neither its name nor its paths nor its backends.
//
// And precision where they are wrong: a rule that fails on a list or a map fails at certain elements of it; see [Violation].
//
// Values are judged as new ones: rules that compare a value with the one before (oldSelf) do not apply.
package crd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	openapierrors "k8s.io/kube-openapi/pkg/validation/errors"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	kjson "sigs.k8s.io/json"
)

// Budget is what all rules of an object together may cost (k8s.io/apiserver/pkg/apis/cel, RuntimeCELCostBudget).
const Budget = celconfig.RuntimeCELCostBudget

// Node is a node of a structural schema.
type Node struct {
	// Schema is the type of the node's values, all the way down, and the rules of the node itself. There must be no rules
	// further down.
	Schema *schema.Structural
	// Logic holds allOf, anyOf, oneOf and not, and nothing else.
	Logic apiextensionsv1.JSONSchemaProps
}

// Rules are the rules of a node. They may be used by several goroutines.
type Rules struct {
	schema *schema.Structural
	// look is what the rules look at.
	look *look
	// all are the rules in CEL, tried together. It is nil where they cannot be.
	all *joined
	// each are the rules in CEL, one by one.
	each []rule
	// logic is nil where there is none.
	logic *validate.SchemaValidator
	// formats are those that logic asks for.
	formats []string
}

// Violation is a rule that does not hold.
type Violation struct {
	// Field leads from the value to what is wrong, as kubectl writes paths: "", "[2]", ".path.value". Where a rule holds for a
	// list or a map without some of its elements, it is each of those.
	Field string
	// Message is the rule's own: in English, with no period at the end.
	Message string
}

// Compile returns the rules of a node, compiled as far as valid values need them. An error means that the schema is broken; an
// error in a rule is a violation by every value, as it is for the API server.
func Compile(n Node) (*Rules, error) {
	r := &Rules{schema: n.Schema, all: join(n.Schema), look: &look{all: true}}
	for _, v := range n.Schema.XValidations {
		one := *n.Schema
		one.XValidations = apiextensionsv1.ValidationRules{v}
		r.each = append(r.each, rule{
			text: v.Message,
			fast: sync.OnceValue(func() *joined { return join(&one) }),
			full: sync.OnceValue(func() *cel.Validator { return cel.NewValidator(&one, false, celconfig.PerCallLimit) }),
		})
	}
	if r.all != nil {
		r.look = lookOf(conjunction(n.Schema.XValidations))
	}
	if n.Logic.AllOf == nil && n.Logic.AnyOf == nil && n.Logic.OneOf == nil && n.Logic.Not == nil {
		return r, nil
	}
	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&n.Logic, &props, nil); err != nil {
		return nil, fmt.Errorf("cannot read a schema: %w", err)
	}
	logic, err := schema.NewStructural(&props)
	if err != nil {
		return nil, fmt.Errorf("cannot read a schema: %w", err)
	}
	r.look = &look{all: true}
	r.logic, r.formats = validate.NewSchemaValidator(logic.ToKubeOpenAPI(), nil, "", strfmt.Default), formatsIn(n.Logic)
	return r, nil
}

// Check tries the rules on a value, which is JSON that agrees with the schema and has its defaults. It returns what is wrong, and
// the cost of trying the rules; where that is more than [Budget], rules are left out and the last violation says so.
func (r *Rules) Check(value []byte) ([]Violation, int64, error) {
	var v any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(value, &v); err != nil {
		return nil, 0, fmt.Errorf("cannot read a value: %w", err)
	}
	violations := r.checkLogic(v)
	if r.all != nil {
		if cost, ok := r.all.holds(v); ok {
			return violations, cost, nil
		}
	}
	left := int64(Budget)
	for _, rule := range r.each {
		var errs field.ErrorList
		errs, left = rule.try(v, left)
		for _, err := range errs {
			violations = append(violations, r.locate(rule, v, below(err.Field), message(err, rule.text))...)
		}
		if left < 0 {
			return violations, Budget + 1, nil
		}
	}
	return violations, Budget - left, nil
}

// checkLogic tries allOf, anyOf, oneOf and not. The library has several errors where one of several schemas must be met: the one
// that leads furthest down says the most.
func (r *Rules) checkLogic(v any) []Violation {
	if r.logic == nil {
		return nil
	}
	depth, deepest := -1, Violation{}
	for _, err := range r.logic.Validate(v).Errors {
		at := ""
		if e := new(openapierrors.Validation); errors.As(err, &e) {
			at = below(strings.TrimPrefix(e.Name, "."))
		}
		if n := strings.Count(at, "."); n > depth {
			depth, deepest = n, Violation{Field: at, Message: err.Error()}
		}
	}
	if depth < 0 {
		return nil
	}
	if len(r.formats) > 0 {
		deepest.Message = "must have the format " + strings.Join(r.formats, " or ")
	}
	return []Violation{deepest}
}

// formatsIn returns the formats that a schema asks for, here and there.
func formatsIn(s apiextensionsv1.JSONSchemaProps) []string {
	var formats []string
	if s.Format != "" {
		formats = []string{s.Format}
	}
	for _, sub := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf, slices.Collect(maps.Values(s.Properties))) {
		formats = append(formats, formatsIn(sub)...)
	}
	slices.Sort(formats)
	return slices.Compact(formats)
}

// rule is a rule in CEL.
type rule struct {
	// text is the rule's message, if it has one.
	text string
	// fast returns the compiled rule, or nil; full returns it as the API server has it, which says what is wrong, too.
	fast func() *joined
	full func() *cel.Validator
}

// try tries the rule on a value, and returns what is left of the budget: less than nothing if it was not enough.
func (r rule) try(value any, budget int64) (field.ErrorList, int64) {
	if fast := r.fast(); fast != nil {
		if cost, ok := fast.holds(value); ok && cost <= budget {
			return nil, budget - cost
		}
	}
	return r.full().Validate(context.Background(), nil, nil, value, nil, budget)
}

// locate says where a rule fails that a value violates.
func (r *Rules) locate(rule rule, value any, at, message string) []Violation {
	var found []Violation
	switch value := value.(type) {
	case []any:
		for _, i := range culprits(rule, value, func(items []any) any { return items }) {
			found = append(found, Violation{Field: fmt.Sprintf("[%d]", i), Message: message})
		}
	case map[string]any:
		if r.schema.AdditionalProperties == nil {
			break // a rule about an object is about what its fields are together
		}
		keys := slices.Sorted(maps.Keys(value))
		for _, i := range culprits(rule, keys, func(keys []string) any { return only(value, keys) }) {
			found = append(found, Violation{Field: keyed(keys[i]), Message: message})
		}
	}
	if at != "" || found == nil {
		return []Violation{{Field: at, Message: message}}
	}
	return found
}

// only returns the part of a map that has certain keys.
func only(m map[string]any, keys []string) map[string]any {
	part := map[string]any{}
	for _, key := range keys {
		part[key] = m[key]
	}
	return part
}

// culprits returns which elements of a value a rule fails for without which it holds: those that do not go with what stands before
// them, or with what stands behind them if those are fewer. There are none if the rule asks for something that the value does not
// have. The function makes a value of some elements.
func culprits[E any](rule rule, elements []E, value func([]E) any) []int {
	const many = 256 // trying a rule so often takes a while
	holds := func(some []E) bool {
		if fast := rule.fast(); fast != nil {
			_, ok := fast.holds(value(some))
			return ok
		}
		errs, _ := rule.try(value(some), Budget)
		return len(errs) == 0
	}
	if len(elements) > many || !holds([]E{}) {
		return nil
	}
	first, last := misfits(slices.All(elements), holds), misfits(slices.Backward(elements), holds)
	if len(last) < len(first) {
		slices.Reverse(last)
		return last
	}
	return first
}

// misfits returns which elements cannot be added to those that come before them and are no misfits.
func misfits[E any](elements iter.Seq2[int, E], holds func([]E) bool) []int {
	var wrong []int
	var good []E
	for i, e := range elements {
		if next := append(slices.Clip(good), e); holds(next) {
			good = next
		} else {
			wrong = append(wrong, i)
		}
	}
	return wrong
}

// keyed returns the path from a map to one of its values.
func keyed(key string) string {
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == ']' || r == '"' }) {
		key = strconv.Quote(key)
	}
	return "[" + key + "]"
}

// below returns a path of the library's, which has none for the value itself, as one that goes on from the value's.
func below(path string) string {
	switch {
	case path == "" || path == "<nil>":
		return ""
	case path[0] == '[':
		return path
	}
	return "." + path
}

// message returns what a rule says, if it says something, or else the library about it.
func message(err *field.Error, rule string) string {
	switch rule = strings.TrimSpace(rule); {
	case rule != "" && (err.Detail == "" || strings.HasSuffix(err.Detail, " evaluating rule: "+rule)):
		return strings.TrimSuffix(rule, ".") // it fails for want of a field, say
	case err.Detail == "":
		return err.Type.String()
	}
	return strings.TrimSuffix(err.Detail, ".")
}
