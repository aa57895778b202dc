// Package crd judges values by what a custom resource definition says of them beyond types and limits: its validation rules,
// which are written in CEL (x-kubernetes-validations), and allOf, anyOf, oneOf and not. It is a thin layer over the API server's
// own code, k8s.io/apiextensions-apiserver, so that the verdicts, the messages and the limits on cost are the API server's.
//
// What it adds is speed where manifests are right, which most are:
//
//   - [Compile] takes one node of a schema, so that nothing need be compiled before there is a value for the node. It takes 1 to
//     8 ms a node.
//   - The rules of a node are compiled as one, the conjunction of all. It is true exactly if each of them is, and costs as
//     much. Only if it is not true are they compiled and tried one by one, to say which one fails.
//
// And precision where they are wrong: a rule that fails on a list fails at certain items of it; see [Violation].
//
// Values are judged as new ones: rules that compare a value with the one before (oldSelf) do not apply.
package crd

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
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
	// all are the rules in CEL, tried together. It is nil where they cannot be.
	all *joined
	// each are the rules in CEL, one by one.
	each []func() *cel.Validator
	// logic is nil where there is none.
	logic validation.SchemaValidator
}

// Violation is a rule that does not hold.
type Violation struct {
	// Field leads from the value to what is wrong, as kubectl writes paths: "", "[2]", ".path.value". Where a rule holds for a
	// list without some of its items, it is each of those.
	Field string
	// Message is the rule's own: in English, with no period at the end.
	Message string
}

// Compile returns the rules of a node, compiled as far as valid values need them. An error means that the schema is broken; an
// error in a rule is a violation by every value, as it is for the API server.
func Compile(n Node) (*Rules, error) {
	r := &Rules{schema: n.Schema, all: join(n.Schema)}
	for _, rule := range n.Schema.XValidations {
		r.each = append(r.each, sync.OnceValue(func() *cel.Validator { return r.validator(rule) }))
	}
	if n.Logic.AllOf == nil && n.Logic.AnyOf == nil && n.Logic.OneOf == nil && n.Logic.Not == nil {
		return r, nil
	}
	var logic apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&n.Logic, &logic, nil); err != nil {
		return nil, fmt.Errorf("cannot read a schema: %w", err)
	}
	var err error
	if r.logic, _, err = validation.NewSchemaValidator(&logic); err != nil {
		return nil, fmt.Errorf("cannot read a schema: %w", err)
	}
	return r, nil
}

// validator compiles one rule.
func (r *Rules) validator(rule apiextensionsv1.ValidationRule) *cel.Validator {
	one := *r.schema
	one.XValidations = apiextensionsv1.ValidationRules{rule}
	return cel.NewValidator(&one, false, celconfig.PerCallLimit)
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
	for i, rule := range r.each {
		var errs field.ErrorList
		errs, left = try(rule(), v, left)
		for _, err := range errs {
			violations = append(violations, locate(rule(), v, below(err.Field), message(err, r.schema.XValidations[i].Message))...)
		}
		if left < 0 {
			return violations, Budget + 1, nil
		}
	}
	return violations, Budget - left, nil
}

// checkLogic tries allOf, anyOf, oneOf and not.
func (r *Rules) checkLogic(v any) []Violation {
	if r.logic == nil {
		return nil
	}
	var violations []Violation
	for _, err := range validation.ValidateCustomResource(nil, v, r.logic) {
		violations = append(violations, Violation{Field: below(err.Field), Message: message(err, "")})
	}
	return violations
}

// try tries a compiled rule on a value, and returns what is left of the budget: less than nothing if it was not enough.
func try(v *cel.Validator, value any, budget int64) (field.ErrorList, int64) {
	return v.Validate(context.Background(), nil, nil, value, nil, budget)
}

// locate says where a rule fails that a value violates.
func locate(rule *cel.Validator, value any, at, message string) []Violation {
	items, ok := value.([]any)
	if !ok || at != "" {
		return []Violation{{Field: at, Message: message}}
	}
	var found []Violation
	for _, i := range culprits(rule, items) {
		found = append(found, Violation{Field: fmt.Sprintf("[%d]", i), Message: message})
	}
	if found == nil {
		return []Violation{{Message: message}}
	}
	return found
}

// culprits returns the items of a list without which a rule holds that fails for the list: those that do not go with what stands
// before them, or with what stands behind them if those are fewer. There are none if the rule asks for something that the list
// does not have.
func culprits(rule *cel.Validator, items []any) []int {
	const many = 256 // trying a rule so often takes a while
	holds := func(list []any) bool {
		errs, _ := try(rule, list, Budget)
		return len(errs) == 0
	}
	if len(items) > many || !holds([]any{}) {
		return nil
	}
	first, last := misfits(slices.All(items), holds), misfits(slices.Backward(items), holds)
	if len(last) < len(first) {
		slices.Reverse(last)
		return last
	}
	return first
}

// misfits returns which items cannot be added to those that come before them and are no misfits.
func misfits(items iter.Seq2[int, any], holds func([]any) bool) []int {
	var wrong []int
	var good []any
	for i, item := range items {
		if next := append(slices.Clip(good), item); holds(next) {
			good = next
		} else {
			wrong = append(wrong, i)
		}
	}
	return wrong
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
		return rule // it fails for want of a field, say
	case err.Detail == "":
		return err.Type.String()
	}
	return err.Detail
}
