package crd

import (
	"context"
	"slices"
	"strings"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/cel/environment"
)

// joined is the conjunction of the rules of a node: true exactly if each of them is, and as costly as they are together.
type joined struct {
	program celgo.Program
	types   common.Schema
}

// join compiles the conjunction of the rules of a node. It returns nil where that is not the same as trying one after the other:
// rules about the value before may not apply, and a rule that does not compile is an error of its own.
func join(s *schema.Structural) *joined {
	if len(s.XValidations) == 0 ||
		slices.ContainsFunc(s.XValidations, func(r apiextensionsv1.ValidationRule) bool { return r.OptionalOldSelf != nil }) {
		return nil
	}
	node := *s
	node.XValidations = apiextensionsv1.ValidationRules{{Rule: conjunction(s.XValidations)}}
	env := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	results, err := cel.Compile(&node, model.SchemaDeclType(&node, false), celconfig.PerCallLimit, env, cel.StoredExpressionsEnvLoader())
	if err != nil || results[0].Error != nil || results[0].UsesOldSelf {
		return nil
	}
	return &joined{results[0].Program, newTyped(s)}
}

// conjunction returns the rule that all of some rules are together.
func conjunction(rules apiextensionsv1.ValidationRules) string {
	var all []string
	for _, rule := range rules {
		all = append(all, "("+rule.Rule+"\n)") // the end of the line ends a comment
	}
	return strings.Join(all, " && ")
}

// holds reports whether all rules hold for a value, and what it cost to try them.
func (j *joined) holds(value any) (cost int64, ok bool) {
	self := map[string]any{cel.ScopedVarName: common.UnstructuredToVal(value, j.types)}
	result, details, err := j.program.ContextEval(context.Background(), self)
	if err != nil || result != types.True || details == nil || details.ActualCost() == nil {
		return 0, false
	}
	return int64(*details.ActualCost()), true
}

// typed is a schema that keeps its parts. [model.Structural] makes them anew each time that a rule looks at a field, which takes
// most of the time that rules take.
type typed struct {
	*model.Structural
	properties map[string]common.Schema
	items      common.Schema
	values     common.SchemaOrBool
}

func newTyped(s *schema.Structural) *typed {
	t := &typed{Structural: &model.Structural{Structural: s}}
	if s.Properties != nil {
		t.properties = map[string]common.Schema{}
	}
	for name, p := range s.Properties {
		t.properties[name] = newTyped(&p)
	}
	if s.Items != nil {
		t.items = newTyped(s.Items)
	}
	if values := s.AdditionalProperties; values != nil && values.Structural != nil {
		t.values = &typedValues{&model.StructuralOrBool{StructuralOrBool: values}, newTyped(values.Structural)}
	}
	return t
}

func (t *typed) Properties() map[string]common.Schema      { return t.properties }
func (t *typed) Items() common.Schema                      { return t.items }
func (t *typed) AdditionalProperties() common.SchemaOrBool { return t.values }

type typedValues struct {
	*model.StructuralOrBool
	schema common.Schema
}

func (t *typedValues) Schema() common.Schema { return t.schema }
