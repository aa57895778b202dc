package manifest

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest/crd"
)

// lazyRules returns what compiles the rules of a schema, but not those of what is below it, once; nil where there are none.
func (s *schema) lazyRules() func() *crd.Rules {
	if s.Validations == nil && s.AllOf == nil && s.AnyOf == nil && s.OneOf == nil && s.Not == nil {
		return nil
	}
	return sync.OnceValue(func() *crd.Rules {
		node := crd.Node{Schema: s.structural()}
		node.Schema.XValidations = s.Validations
		node.Logic = apiextensionsv1.JSONSchemaProps{AllOf: s.AllOf, AnyOf: s.AnyOf, OneOf: s.OneOf, Not: s.Not}
		rules, err := crd.Compile(node)
		if err != nil {
			panic(fmt.Errorf("the schema of %s: %w", s.name, err)) //nolint:forbidigo // the schema is part of the program
		}
		return rules
	})
}

// structural returns the part of the schema that decides on how rules see values: the types. Limits do not; the API server
// estimates by them what rules may cost when it is given a CRD.
func (s *schema) structural() *structural.Structural {
	t := &structural.Structural{
		Generic:         structural.Generic{Type: s.Type},
		Extensions:      structural.Extensions{XIntOrString: s.IntOrString, XListMapKeys: s.ListKeys},
		ValueValidation: &structural.ValueValidation{Format: s.Format},
	}
	if s.ListType != "" {
		t.XListType = &s.ListType
	}
	if s.MapType != "" {
		t.XMapType = &s.MapType
	}
	if s.Items != nil {
		t.Items = s.Items.structural()
	}
	if s.Values != nil {
		t.AdditionalProperties = &structural.StructuralOrBool{Structural: s.Values.structural()}
	}
	if s.Properties != nil {
		t.Properties = map[string]structural.Structural{}
	}
	for name, p := range s.Properties {
		t.Properties[name] = *p.structural()
	}
	return t
}

// check is a value that there are rules for, in the JSON of an object.
type check struct {
	schema *schema
	// from and to are where the value begins and ends, place is its index among the places.
	from, to, place int
}

// passed says what it cost to try rules on values for which they hold: repositories repeat themselves, and most backends, filters
// and references to Gateways have been seen before. A value is known by its hash.
type passed map[passedKey]int64

type passedKey struct {
	schema *schema
	value  [sha256.Size]byte
}

// validate tries the rules on the values of an object that agrees with its schema.
func (d *decoder) validate(o Object) {
	budget := int64(crd.Budget)
	for _, c := range d.checks {
		violations, cost := d.file.passed.check(c.schema, d.json[c.from:c.to])
		if budget -= cost; budget < 0 {
			violations = append(violations, crd.Violation{Message: "the rules cost too much to check, no further ones are tried"})
		}
		for _, v := range violations {
			d.violation(o, o.places.path(c.place), v)
		}
		if budget < 0 {
			return
		}
	}
}

// check tries the rules of a schema on a value, and returns what they cost.
func (p passed) check(s *schema, value []byte) ([]crd.Violation, int64) {
	const many = 1 << 16 // 5 MiB
	key := passedKey{s, sha256.Sum256(value)}
	if cost, ok := p[key]; ok {
		return nil, cost
	}
	violations, cost, err := s.rules().Check(value)
	if err != nil {
		return []crd.Violation{{Message: err.Error()}}, 0
	}
	if len(violations) > 0 {
		return violations, cost
	}
	if len(p) == many {
		clear(p)
	}
	p[key] = cost
	return nil, cost
}

// violation adds a finding about a value at a path.
func (d *decoder) violation(o Object, path string, v crd.Violation) {
	d.failed++
	at := strings.TrimPrefix(path+v.Field, ".")
	d.file.findings = append(d.file.findings, diag.Finding{
		Severity: diag.Error, Code: CodeInvalidValue, Object: d.object, Pos: o.At(at), Field: at, Message: v.Message,
	})
}
