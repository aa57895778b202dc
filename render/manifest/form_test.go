package manifest

import (
	"regexp"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

// FuzzForms holds the hand-written checks to the regular expressions that they stand for, or to those of Kubernetes.
func FuzzForms(f *testing.F) {
	for _, s := range []string{
		"", "a", "-", "a-", "-a", "a.b", "a..b", ".a", "a.", "*.a", "*", "*.", "A", "a_b", "a/b", "a/", "/b", "a/b/c", "9", "9a", "a9",
		"x.y/z_1.2-3", "X.y/z", "a-b.c-d/e", "a\n", "é", "http", "a--b", "80", "a-very-long-port", "example.com/h2c",
		"a b", "!#$%&'*+-.^_`|~", "*.*.a", "tls.crt",
	} {
		f.Add(s)
	}
	type check struct {
		form form
		want func(string) bool
	}
	var checks []check
	for pattern, form := range forms() {
		if form.ok != nil {
			checks = append(checks, check{form, regexp.MustCompile(pattern).MatchString})
		}
	}
	for _, kubernetes := range []struct {
		form form
		says func(string) []string
	}{
		{form{"a qualified name", isQualifiedName}, validation.IsQualifiedName},
		{form{"a label value", isLabelValue}, validation.IsValidLabelValue},
		{form{"a port name", isPortName}, validation.IsValidPortName},
	} {
		checks = append(checks, check{kubernetes.form, func(s string) bool { return len(kubernetes.says(s)) == 0 }})
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range checks {
			if got, want := c.form.ok(s), c.want(s); got != want {
				t.Errorf("%q is %s: got %t, want %t", s, c.form.says, got, want)
			}
		}
	})
}

// TestFormsAreUsed makes sure that no pattern of the table went out of use when the Gateway API changed its own.
func TestFormsAreUsed(t *testing.T) {
	used := map[string]bool{}
	var visit func(*schema)
	visit = func(s *schema) {
		if s == nil {
			return
		}
		used[s.Pattern] = true
		visit(s.Items)
		visit(s.Values)
		visit(s.Keys)
		for _, p := range s.Properties {
			visit(p)
		}
	}
	for _, k := range table().kinds {
		visit(widest(k))
	}
	for pattern := range forms() {
		if !used[pattern] {
			t.Errorf("no schema has the pattern %s", pattern)
		}
	}
}
