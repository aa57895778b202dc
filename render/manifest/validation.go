package manifest

import (
	"crypto/sha256"
	"fmt"
	"slices"
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

// outcomes remembers the values that rules held for: repositories repeat themselves, and most backends, filters and references to
// Gateways have been seen before, or others that differ only in what no rule looks at. A value is known by the hash of what one does.
type outcomes struct {
	held map[outcomeKey]outcome
	seen []byte // memory to be used again
}

type outcomeKey struct {
	schema *schema
	value  [sha256.Size]byte
}

type outcome struct {
	violations []crd.Violation
	cost       int64
}

// validate tries the rules on the values of an object that agrees with its schema.
func (d *decoder) validate(object *Object) {
	d.file.compile(d.checks)
	budget := int64(crd.Budget)
	for _, c := range d.checks {
		o := d.file.outcomes.of(c.schema, d.json[c.from:c.to])
		violations := o.violations
		if budget -= o.cost; budget < 0 && o.cost <= crd.Budget { // else it is said
			violations = append(slices.Clip(violations), crd.Violation{Message: "the rules cost too much to check, no further ones are tried"})
		}
		if len(violations) > 0 {
			d.violated(object, c, violations)
		}
		if budget < 0 {
			return
		}
	}
}

// compile compiles the rules that some checks need, as many at a time as there are processors: for a small repository this is what
// takes longest.
func (s *scratch) compile(checks []check) {
	var compiling sync.WaitGroup
	for _, c := range checks {
		if !s.compiled[c.schema] {
			s.compiled[c.schema] = true
			compiling.Go(func() { c.schema.rules() })
		}
	}
	compiling.Wait()
}

// of tries the rules of a schema on a value.
func (o *outcomes) of(s *schema, value []byte) outcome {
	const many = 1 << 16 // some 5 MiB
	rules := s.rules()
	o.seen = rules.Seen(o.seen[:0], value)
	key := outcomeKey{s, sha256.Sum256(o.seen)}
	if known, ok := o.held[key]; ok {
		return known
	}
	violations, cost, err := rules.Check(value)
	if err != nil {
		violations = []crd.Violation{{Message: err.Error()}}
	}
	result := outcome{violations, cost}
	if violations != nil {
		return result // what is said may depend on more than the verdict does
	}
	if len(o.held) == many {
		clear(o.held)
	}
	o.held[key] = result
	return result
}

// violated adds findings about a value.
func (d *decoder) violated(object *Object, c check, violations []crd.Violation) {
	path, hint := object.places.path(c.place), ""
	if d.wider != nil {
		wider := d.wider().at(path)
		if wider != nil && (wider.rules == nil || d.file.outcomes.of(wider, d.json[c.from:c.to]).violations == nil) {
			hint = "only the CRDs of the experimental channel would take it"
		}
	}
	for _, v := range violations {
		d.failed++
		at := strings.TrimPrefix(path+v.Field, ".")
		d.file.findings = append(d.file.findings, diag.Finding{
			Severity: diag.Error, Code: CodeInvalidValue, Object: d.object, Pos: object.At(at), Field: at, Message: v.Message, Hint: hint,
		})
	}
}
