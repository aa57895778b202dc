package manifest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/gwsync/gwsync/render/manifest/crd"
)

// schema is a structural schema as Kubernetes' custom resource definitions have it: the part of OpenAPI v3 that says which
// fields there are, of which type and within which limits, and what the API server fills in. The files under schema/ hold
// one for each kind: those of the Gateway API are the CRDs of the module (see schema_test.go), those of the core kinds say
// the same of what the API server checks in Go code.
type schema struct {
	Type       string             `json:"type,omitempty"`
	Properties map[string]*schema `json:"properties,omitempty"`
	Values     *schema            `json:"additionalProperties,omitempty"`
	Items      *schema            `json:"items,omitempty"`
	Required   []string           `json:"required,omitempty"`
	Default    json.RawMessage    `json:"default,omitempty"`

	Enum      []any  `json:"enum,omitempty"`
	Pattern   string `json:"pattern,omitempty"`
	Format    string `json:"format,omitempty"`
	MinLength int    `json:"minLength,omitempty"`
	MaxLength int    `json:"maxLength,omitempty"`
	Minimum   *int64 `json:"minimum,omitempty"`
	Maximum   *int64 `json:"maximum,omitempty"`
	MinItems  int    `json:"minItems,omitempty"`
	MaxItems  int    `json:"maxItems,omitempty"`
	MaxValues int    `json:"maxProperties,omitempty"`

	// ListType "map" makes the items distinct by ListKeys, "set" by their value.
	ListType string   `json:"x-kubernetes-list-type,omitempty"`
	ListKeys []string `json:"x-kubernetes-list-map-keys,omitempty"`
	MapType  string   `json:"x-kubernetes-map-type,omitempty"`
	// Open makes it a value of any shape: an object, or anything if there is no Type.
	Open bool `json:"x-kubernetes-preserve-unknown-fields,omitempty"`
	// IntOrString stands in for a type.
	IntOrString bool `json:"x-kubernetes-int-or-string,omitempty"`
	// Ignored marks what the API server sets itself: it may be written, and is not read.
	Ignored bool `json:"x-gwsync-ignored,omitempty"`
	// Null marks what Go reads null as: an empty value. To the API server's code for CRDs null is nothing at all.
	Null bool `json:"x-gwsync-null,omitempty"`
	// Keys is what the keys of a map must look like.
	Keys *schema `json:"x-gwsync-keys,omitempty"`

	// What package crd checks. Rules that only an update could break are left out.
	AllOf []apiextensionsv1.JSONSchemaProps `json:"allOf,omitempty"`
	AnyOf []apiextensionsv1.JSONSchemaProps `json:"anyOf,omitempty"`
	OneOf []apiextensionsv1.JSONSchemaProps `json:"oneOf,omitempty"`
	Not   *apiextensionsv1.JSONSchemaProps  `json:"not,omitempty"`
	// Validations are rules in CEL.
	Validations apiextensionsv1.ValidationRules `json:"x-kubernetes-validations,omitempty"`

	variants

	name         string            // within the parent's Properties
	defaults     []string          // names of the properties that have a default, sorted
	enum         []string          // Enum as text
	newEnum      []string          // the values of enum that the standard channel does not have
	form         form              // what Pattern asks for
	below        *schema           // of what is below an Open value
	rules        func() *crd.Rules // Validations and the like, compiled when first called; nil where there are none
	experimental bool              // the standard channel has no such field
	labels       *labelRule        // of each entry, beside what the schema says; nil for nothing
	left         *string           // what Options.Terse leaves of the field in JSON; nil for all of it
}

// variants, at the root of a schema, are JSON merge patches (RFC 7396).
type variants struct {
	// Experimental makes it what the experimental channel says of v1.
	Experimental json.RawMessage `json:"x-gwsync-experimental,omitempty"`
	// Versions make that what the experimental channel says of other versions, where it is not the same.
	Versions map[string]json.RawMessage `json:"x-gwsync-versions,omitempty"`
}

// readSchema returns the schema in a file under schema/.
func readSchema(name string) *schema {
	data, err := schemas.ReadFile("schema/" + name + ".json")
	if err != nil {
		panic(err) //nolint:forbidigo // the file is part of the program
	}
	s := new(schema)
	if err := json.Unmarshal(data, s); err != nil {
		panic(fmt.Errorf("schema %s: %w", name, err)) //nolint:forbidigo // the file is part of the program
	}
	return s
}

// readExperimental returns what the experimental channel says of a version, with what it has alone marked.
func readExperimental(name, version string) *schema {
	data, err := schemas.ReadFile("schema/" + name + ".json")
	if err != nil {
		panic(err) //nolint:forbidigo // the file is part of the program
	}
	standard := readSchema(name)
	for _, patch := range []json.RawMessage{standard.Experimental, standard.Versions[version]} {
		if patch == nil {
			continue
		}
		if data, err = jsonpatch.MergePatch(data, patch); err != nil {
			panic(fmt.Errorf("schema %s: %w", name, err)) //nolint:forbidigo // the file is part of the program
		}
	}
	s := new(schema)
	if err := json.Unmarshal(data, s); err != nil {
		panic(fmt.Errorf("schema %s: %w", name, err)) //nolint:forbidigo // the file is part of the program
	}
	s.mark(standard)
	return s
}

// mark marks what the standard channel's schema does not have.
func (s *schema) mark(standard *schema) {
	if standard == nil {
		s.experimental = true
		return
	}
	for _, v := range s.Enum {
		if !slices.Contains(standard.Enum, v) {
			s.newEnum = append(s.newEnum, enumText(v))
		}
	}
	for name, p := range s.Properties {
		p.mark(standard.Properties[name])
	}
	if s.Items != nil {
		s.Items.mark(standard.Items)
	}
	if s.Values != nil {
		s.Values.mark(standard.Values)
	}
}

// isAny reports whether values of any type agree with the schema.
func (s *schema) isAny() bool { return s.Open && s.Type == "" }

// at returns the schema of the field that a path leads to, or nil.
func (s *schema) at(path string) *schema {
	for path != "" && s != nil {
		var step string
		step, _, path = cutStep(path)
		switch {
		case s.Items != nil:
			s = s.Items
		case s.Values != nil:
			s = s.Values
		default:
			s = s.Properties[step]
		}
	}
	return s
}

// compile prepares s and everything below for use.
func (s *schema) compile() {
	s.form = formOf(s.Pattern)
	s.rules = s.lazyRules()
	for _, v := range s.Enum {
		s.enum = append(s.enum, enumText(v))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		p.name = name
		p.compile()
		if p.Default != nil {
			p.Default = compact(p.Default)
			s.defaults = append(s.defaults, name)
		}
	}
	for _, sub := range []*schema{s.Items, s.Values, s.Keys} {
		if sub != nil {
			sub.compile()
		}
	}
	if s.Open {
		s.below = &schema{Open: true, Null: true}
		s.below.below = s.below
	}
}

// compact takes the blanks out of JSON that was just decoded.
func compact(text json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	_ = json.Compact(&b, text) // it was just decoded
	return b.Bytes()
}

// values returns the schema of the values of an object that has other fields than Properties; nil for one that has none.
func (s *schema) values() *schema { return cmp.Or(s.below, s.Values) }

// items returns the schema of the items of a list.
func (s *schema) items() *schema { return cmp.Or(s.below, s.Items) }

// enumText returns a value of an enumeration, as it was decoded from JSON, as text.
func enumText(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	b, _ := json.Marshal(v) // was just decoded from JSON
	return string(b)
}

// form is the syntax that a string must have.
type form struct {
	// says completes "must be ...".
	says string
	// ok reports whether a string has the form; nil means any string.
	ok func(string) bool
}

// formOf returns the form that a schema's pattern asks for. The patterns that manifests are full of are checked without a
// regular expression and explained in words.
func formOf(pattern string) form {
	if pattern == "" {
		return form{}
	}
	f, ok := forms()[pattern]
	if !ok {
		f.says = "text that matches " + pattern
	}
	if f.ok == nil {
		f.ok = regexp.MustCompile(pattern).MatchString
	}
	return f
}
