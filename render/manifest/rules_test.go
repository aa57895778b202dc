package manifest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/diag"
)

// rule is a rule in CEL, or a combination of schemas, of a kind.
type rule struct{ kind, path, message string }

// allRules returns the rules of all schemas, each with the schemas that have it.
func allRules() map[rule][]*schema {
	rules := map[rule][]*schema{}
	var visit func(kind, path string, s *schema)
	visit = func(kind, path string, s *schema) {
		if s == nil {
			return
		}
		for _, v := range s.Validations {
			r := rule{kind, path, strings.TrimSuffix(v.Message, ".")}
			rules[r] = append(rules[r], s)
		}
		if s.OneOf != nil {
			r := rule{kind, path, "must have the format ipv4 or ipv6"}
			rules[r] = append(rules[r], s)
		}
		visit(kind, path+"[]", s.Items)
		visit(kind, path+"{}", s.Values)
		for name, p := range s.Properties {
			visit(kind, strings.TrimPrefix(path+"."+name, "."), p)
		}
	}
	for _, k := range table().kinds {
		for _, v := range k.versions {
			visit(k.name, "", v.schema())
			if v.wider != nil {
				visit(k.name, "", v.wider())
			}
		}
	}
	return rules
}

// unbreakable are rules that no object can break that agrees with the schema, with a value that does.
func unbreakable() map[rule]string {
	const (
		hostnames = "spec.hostnames"
		path      = "spec.rules[].matches[].path"
		ports     = `[{"port": 80, "tls": {}}, {"port": 80, "tls": {}}]`
		names     = `[{"name": "a", "port": 80, "protocol": "HTTP"}, {"name": "a", "port": 81, "protocol": "HTTP"}]`
		other     = `{"type": "Other", "value": "/"}`
		unique    = "Listener name must be unique within the Gateway"
		valid     = "must be valid based on RFC-1123"
	)
	return map[rule]string{
		{"Gateway", "spec.tls.frontend.perPort", "Port for TLS configuration must be unique within the Gateway"}: ports,
		{"Gateway", "spec.listeners", unique}:         names,
		{"ListenerSet", "spec.listeners", unique}:     names,
		{"TLSRoute", hostnames, "Hostnames " + valid}: `["A"]`,
		{"TLSRoute", hostnames, "Wildcards on hostnames must be the first label, and the rest of hostname " + valid}: `["a.*"]`,
		{"HTTPRoute", path, "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']"}:                      other,
	}
}

// TestEveryRuleIsBroken makes sure that for each rule of the CRDs there is an object in testdata/rules-*.txtar that breaks it and
// is right otherwise, or that there can be none.
func TestEveryRuleIsBroken(t *testing.T) {
	broken := brokenRules(t)
	unbreakable := unbreakable()
	for r, schemas := range allRules() {
		value, hopeless := unbreakable[r]
		switch {
		case hopeless && broken[r]:
			t.Errorf("%v: an object breaks it all the same", r)
		case hopeless:
			violations, _, err := schemas[0].rules().Check([]byte(value))
			if err != nil || len(violations) == 0 || violations[0].Message != r.message {
				t.Errorf("%v: %s: %v %v", r, value, violations, err)
			}
		case !broken[r]:
			t.Errorf("nothing breaks %+v", r)
		}
	}
	for r := range unbreakable {
		if allRules()[r] == nil {
			t.Errorf("there is no rule %v", r)
		}
	}
}

// brokenRules returns the rules that objects in testdata/rules-*.txtar break.
func brokenRules(t *testing.T) map[rule]bool {
	all, broken := allRules(), map[rule]bool{}
	element := regexp.MustCompile(`\[[^\]]*\]$`)
	for name, data := range goldenInputs(t) {
		if !isRules(name) {
			continue
		}
		_, findings := loadBytes(t, data)
		messages := map[diag.Object]map[string]bool{}
		for _, f := range findings {
			if f.Severity != diag.Error {
				continue
			}
			if messages[f.Object] == nil {
				messages[f.Object] = map[string]bool{}
			}
			messages[f.Object][f.Message] = true
			for _, path := range []string{f.Field, element.ReplaceAllString(f.Field, ""), strings.TrimSuffix(f.Field, ".value")} {
				r := rule{f.Object.Kind, indices(path), f.Message}
				broken[r] = broken[r] || all[r] != nil
			}
		}
		for object, m := range messages {
			if len(m) != 1 && object.Name != "path-fragment" { // of which two rules say the same
				t.Errorf("%s: %s is wrong in several ways: %v", name, object, slices.Sorted(maps.Keys(m)))
			}
		}
	}
	return broken
}

// indices returns the path to the schema of a field.
func indices(field string) string { return regexp.MustCompile(`\[\d+\]`).ReplaceAllString(field, "[]") }

// TestEveryRuleIsKept makes sure that there is a valid object among the goldens with a value for each schema that has rules.
func TestEveryRuleIsKept(t *testing.T) {
	kept := map[*schema]bool{}
	for _, data := range goldenInputs(t) {
		for _, c := range split(data) {
			_, _, checks := decodeOne(c.text)
			for _, c := range checks {
				kept[c.schema] = true
			}
		}
	}
	for r, schemas := range allRules() {
		if !slices.ContainsFunc(schemas, func(s *schema) bool { return kept[s] }) {
			t.Errorf("no value keeps %v", fmt.Sprint(r))
		}
	}
}
