package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLoadHostile loads what is meant to exhaust the reader.
func TestLoadHostile(t *testing.T) {
	route := "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec:\n"
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n"
	var lists, merges strings.Builder
	for i := range 40 {
		fmt.Fprintf(&lists, "%sapiVersion: v1\n%skind: List\n%sitems:\n%s-\n", strings.Repeat(" ", i), strings.Repeat(" ", i),
			strings.Repeat(" ", i), strings.Repeat(" ", i))
	}
	merges.WriteString(namespace + "  annotations:\n    m0: &m0 {a: b}\n")
	for i := range 40 {
		fmt.Fprintf(&merges, "    m%d: &m%d {<<: *m%d}\n", i+1, i+1, i)
	}
	merges.WriteString("    <<: *m40\n")
	bomb := route + "  hostnames: &h [" + strings.Repeat("a.example.com,", 16) + "]\n  rules:\n  - filters: &f\n" +
		strings.Repeat("    - &m {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: &v "+strings.Repeat("v", 4000)+"}"+
			strings.Repeat(", {name: a, value: *v}", 15)+"]}}\n", 1) + strings.Repeat("    - *m\n", 15) +
		strings.Repeat("  - filters: *f\n", 15)
	for _, tt := range []struct{ name, in, want string }{
		{"too large", strings.Repeat("# comment\n", MaxFileSize/10+1), CodeTooLarge},
		{"deep flow", namespace + "x: " + strings.Repeat("[", 100_000), CodeSyntaxError},
		{"deep JSON", `{"a":` + strings.Repeat("[", 100_000), CodeSyntaxError},
		{"deep lists", lists.String(), CodeSyntaxError},
		{"bomb", bomb, CodeAliasLimit},
		{"list of aliases", "apiVersion: v1\nkind: List\nitems:\n- &a {kind: List, apiVersion: v1, items: [&b {apiVersion: v1, kind: Other}" +
			strings.Repeat(", *b", 50_000) + "]}\n" + strings.Repeat("- *a\n", 50_000), CodeAliasLimit},
		{"alias of itself", namespace + "  annotations: &a\n    <<: *a\n", CodeAliasLimit},
		{"nested merges", merges.String(), CodeAliasLimit},
		{"carriage returns", strings.Repeat("\r", 1<<20) + "a: [", CodeSyntaxError},
		{"UTF-16", "\xff\xfea\x00", CodeSyntaxError},
		{"Latin-1", namespace + "# \xe9\n", CodeSyntaxError},
		{"long name", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"},"` + strings.Repeat("x", 1<<16) + `":1}`, CodeUnknownField},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, findings := loadBytes(t, []byte(tt.in))
			if !has(findings, tt.want) || set.Len() > 0 {
				t.Errorf("got %d objects and %d findings, want %s", set.Len(), len(findings), tt.want)
			}
			for _, f := range findings {
				if len(f.Message)+len(f.Field)+len(f.Hint) > 2000 {
					t.Errorf("a finding of %d bytes", len(f.Message))
				}
			}
		})
	}
}

// TestAliasLimit makes sure that a document without aliases is read though another one of the file used up its budget, and
// that no object is read in part.
func TestAliasLimit(t *testing.T) {
	big := "apiVersion: v1\nkind: Service\nmetadata:\n  name: %s\n  annotations: {a: &a " + strings.Repeat("x", 1000) + ", z: *a}\nspec:\n" +
		"  clusterIP: None\n  externalIPs: [*a" + strings.Repeat(", *a", 1500) + "]\n---\n"
	text := fmt.Sprintf(big, "one") + fmt.Sprintf(big, "two") + "apiVersion: v1\nkind: Namespace\nmetadata: {name: plain}\n"
	set, findings := loadBytes(t, []byte(text))
	var got []string
	for _, f := range findings {
		got = append(got, f.Code+" "+f.Object.Name)
	}
	for o := range set.All() {
		got = append(got, o.Ref.Name)
	}
	if diff := cmp.Diff([]string{CodeAliasLimit + " one", CodeAliasLimit + " two", "plain"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestSecretsStaySecret makes sure that no golden finding about a Secret holds its value, which is hunter2 in all of them.
func TestSecretsStaySecret(t *testing.T) {
	for name, data := range goldenInputs(t) {
		if !strings.Contains(name, "/secret.txtar/") {
			continue
		}
		_, findings := loadBytes(t, data)
		for _, f := range findings {
			if strings.Contains(fmt.Sprint(f), "hunter2") || strings.Contains(fmt.Sprint(f), "12345678") {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}
