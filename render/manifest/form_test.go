package manifest

import (
	"regexp"
	"testing"
)

// FuzzForms holds the hand-written checks to the regular expressions that they stand for.
func FuzzForms(f *testing.F) {
	for _, s := range []string{
		"", "a", "-", "a-", "-a", "a.b", "a..b", ".a", "a.", "*.a", "*", "*.", "A", "a_b", "a/b", "a/", "/b", "a/b/c", "9", "9a", "a9",
		"x.y/z_1.2-3", "X.y/z", "a-b.c-d/e", "a\n", "é", "a b", "!#$%&'*+-.^_`|~", "*.*.a", "tls.crt",
	} {
		f.Add(s)
	}
	type check struct {
		form form
		re   *regexp.Regexp
	}
	var checks []check
	for pattern, form := range forms() {
		if form.ok != nil {
			checks = append(checks, check{form, regexp.MustCompile(pattern)})
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range checks {
			if got, want := c.form.ok(s), c.re.MatchString(s); got != want {
				t.Errorf("%q is %s: got %t, want %t (%s)", s, c.form.says, got, want, c.re)
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
