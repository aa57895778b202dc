package manifest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
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
	// IntOrString stands in for a type.
	IntOrString bool `json:"x-kubernetes-int-or-string,omitempty"`
	// Ignored marks what the API server sets itself: it may be written, and is not read.
	Ignored bool `json:"x-gwsync-ignored,omitempty"`
	// Keys is what the keys of a map must look like.
	Keys *schema `json:"x-gwsync-keys,omitempty"`

	name     string   // within the parent's Properties
	defaults []string // names of the properties that have a default, sorted
	enum     []string // Enum as text
	form     form     // what Pattern asks for
}

// compile prepares s and everything below for use.
func (s *schema) compile() {
	s.form = formOf(s.Pattern)
	for _, v := range s.Enum {
		b, _ := json.Marshal(v) // was just decoded from JSON
		if text, ok := v.(string); ok {
			b = []byte(text)
		}
		s.enum = append(s.enum, string(b))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		p.name = name
		p.compile()
		if p.Default != nil {
			s.defaults = append(s.defaults, name)
		}
	}
	for _, sub := range []*schema{s.Items, s.Values, s.Keys} {
		if sub != nil {
			sub.compile()
		}
	}
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
