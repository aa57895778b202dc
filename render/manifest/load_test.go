package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/render/diag"
)

// FuzzLoad holds Load to its promises for any input: it does not panic, its findings stand where the files have text, what
// it takes has no errors, and the order of documents changes nothing but the places.
func FuzzLoad(f *testing.F) {
	for _, data := range goldenInputs(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, findings := loadBytes(t, data)
		checkPlaces(t, data, set, findings)
		chunks := split(data)
		if !bytes.HasSuffix(data, []byte("\n")) || !independent(chunks) || has(findings, CodeDuplicateObject, CodeAliasLimit) {
			return // the same documents cannot be had in another order, or the order decides which of them count
		}
		var turned []byte
		for _, c := range slices.Backward(chunks) {
			turned = append(turned, c.text...)
		}
		again, other := loadBytes(t, turned)
		if diff := cmp.Diff(contents(t, set, findings), contents(t, again, other)); diff != "" {
			t.Errorf("%q\n%s", turned, diff)
		}
	})
}

// independent reports whether chunks remain what they are wherever they stand in a file.
func independent(chunks []chunk) bool {
	return !slices.ContainsFunc(chunks, func(c chunk) bool {
		return !isMarker(c.text, "---") || bytes.Contains(c.text, []byte("...")) || bytes.Contains(c.text, []byte("\ufeff"))
	})
}

func has(l diag.List, codes ...string) bool {
	return slices.ContainsFunc(l, func(f diag.Finding) bool { return slices.Contains(codes, f.Code) })
}

func loadBytes(t *testing.T, data []byte) (Set, diag.List) {
	t.Helper()
	set, findings, err := Load([]Input{{FS: fstest.MapFS{"a.yaml": {Data: data}}, Path: "."}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set, findings
}

func checkPlaces(t *testing.T, data []byte, set Set, findings diag.List) {
	lines := lineCount(data)
	check := func(p diag.Pos) {
		if p.File != "a.yaml" || p.Line < 1 || p.Line > lines || p.Col < 0 {
			t.Errorf("%v is not in the file, which has %d lines", p, lines)
		}
	}
	for _, f := range findings {
		check(f.Pos)
		for _, p := range f.Related {
			check(p)
		}
		if strings.ContainsAny(f.Message, "\n\r") || f.Code == "" || f.Message == "" {
			t.Errorf("bad finding %+v", f)
		}
	}
	for o := range set.All() {
		if check(o.At("spec.rules[0]")); o.Ref.Name == "" {
			t.Errorf("an object without a name: %+v", o)
		}
	}
}

// contents returns what does not depend on where things stand.
func contents(t *testing.T, set Set, findings diag.List) []string {
	var all []string
	for o := range set.All() {
		data, err := json.Marshal(o.Typed)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(o.Ref, o.Version, string(data)))
	}
	for _, f := range findings {
		all = append(all, fmt.Sprint(f.Code, f.Object, f.Field, f.Message, f.Hint))
	}
	slices.Sort(all)
	return append(all, fmt.Sprint(set.Skipped()))
}

func goldenInputs(t testing.TB) map[string][]byte {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	inputs := map[string][]byte{}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if strings.HasPrefix(f.Name, "in/") {
				inputs[path+"/"+f.Name] = f.Data
			}
		}
	}
	return inputs
}

// TestLoadOrder loads all golden inputs as files of one tree and as one file each: neither the names of the files nor the
// order of inputs matters.
func TestLoadOrder(t *testing.T) {
	inputs := goldenInputs(t)
	a, b := fstest.MapFS{}, fstest.MapFS{}
	for i, name := range slices.Sorted(maps.Keys(inputs)) {
		for _, tree := range []struct {
			fs    fstest.MapFS
			order int
		}{{a, i}, {b, len(inputs) - i}} {
			tree.fs[fmt.Sprintf("%03d.yaml", tree.order)] = &fstest.MapFile{Data: inputs[name]}
		}
	}
	load := func(trees ...fstest.MapFS) []string {
		var in []Input
		for i, tree := range trees {
			in = append(in, Input{FS: tree, Path: ".", Prefix: fmt.Sprint(i)})
		}
		set, findings, err := Load(in, Options{})
		if err != nil {
			t.Fatal(err)
		}
		findings = slices.DeleteFunc(findings, func(f diag.Finding) bool { return f.Code == CodeDuplicateObject })
		return contents(t, set, findings)
	}
	want := load(a)
	if diff := cmp.Diff(want, load(b)); diff != "" {
		t.Errorf("by the names of the files:\n%s", diff)
	}
	for range 3 {
		if diff := cmp.Diff(load(a, b), load(a, b)); diff != "" {
			t.Errorf("by chance:\n%s", diff)
		}
	}
}

func TestLoadInputs(t *testing.T) {
	object := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("apiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + "}\n")}
	}
	tree := fstest.MapFS{
		"a.yaml": object("a"), "b.yml": object("b"), "c.json": object("c"), "d.txt": object("d"), ".e.yaml": object("e"),
		".f/f.yaml": object("f"), "sub/g.yaml": object("g"), "sub.yaml/h.yaml": object("h"), "README.md": object("i"),
		"pipe.yaml": {Data: object("j").Data, Mode: fs.ModeNamedPipe},
	}
	for _, tt := range []struct {
		name string
		in   []Input
		want []string
	}{
		{"all", []Input{{FS: tree, Path: "."}}, []string{"a.yaml", "b.yml", "sub/g.yaml", "sub.yaml/h.yaml"}},
		{"directory", []Input{{FS: tree, Path: "sub", Prefix: "x/y"}}, []string{"x/y/sub/g.yaml"}},
		{"hidden directory by name", []Input{{FS: tree, Path: ".f"}}, []string{".f/f.yaml"}},
		{"files by name", []Input{{FS: tree, Path: "d.txt"}, {FS: tree, Path: ".e.yaml"}}, []string{"d.txt", ".e.yaml"}},
		{"overlap", []Input{{FS: tree, Path: "sub"}, {FS: tree, Path: "sub/g.yaml"}}, []string{"sub/g.yaml"}},
		{"nothing", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, findings, err := Load(tt.in, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for o := range set.All() {
				got = append(got, o.At("").File)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			wantFindings := 0
			if tt.name == "all" {
				wantFindings = 1 // c.json is not JSON
			}
			if len(findings) != wantFindings {
				t.Errorf("findings: %v", findings)
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		_, _, err := Load([]Input{{FS: tree, Path: "a.yaml"}, {FS: tree, Path: "nope.yaml", Prefix: "in"}}, Options{})
		if err == nil || !strings.Contains(err.Error(), "in/nope.yaml") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("namespace", func(t *testing.T) {
		route := "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec: {}\n"
		set, _, err := Load([]Input{{FS: fstest.MapFS{"a": {Data: []byte(route)}}, Path: "a"}}, Options{Namespace: "team"})
		if err != nil {
			t.Fatal(err)
		}
		ref := Ref{Group: gatewayGroup, Kind: "HTTPRoute", Namespace: "team", Name: "a"}
		if _, ok := set.Get(ref); !ok || set.Invalid(ref) {
			t.Errorf("%v is not there", ref)
		}
	})
}

// TestLoadRoot reads through an os.Root: what leads out of it is refused, file by file.
func TestLoadRoot(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret.yaml")
	object := "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n"
	for path, name := range map[string]string{filepath.Join(dir, "a.yaml"): "a", outside: "outside", filepath.Join(dir, "z.yaml"): "z"} {
		if err := os.WriteFile(path, fmt.Appendf(nil, object, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"inside.yaml": "a.yaml", "out.yaml": outside, "gone.yaml": "gone", "dir.yaml": "."} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	set, findings, err := Load([]Input{{FS: root.FS(), Path: "."}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range findings {
		got[f.Pos.File] = f.Code
	}
	want := map[string]string{
		"inside.yaml": CodeDuplicateObject, "out.yaml": CodeUnreadable, "gone.yaml": CodeUnreadable, "dir.yaml": CodeUnreadable,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%v", diff, findings)
	}
	if set.Len() != 2 {
		t.Errorf("got %d objects, want a and z", set.Len())
	}
}

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

func TestAt(t *testing.T) {
	set, findings := loadBytes(t, []byte(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: a
  annotations:
    konghq.com/strip-path: "true"
    plain: x
spec:
  rules:
  - matches:
    - path:
        value: /a
    - method: GET
    backendRefs: [{name: b, port: 80}]
  -
    backendRefs: &refs
    - name: c
      port: 81
  - backendRefs: *refs
---
apiVersion: v1
kind: Secret
metadata: {name: a}
data: {b: Yg==}
stringData:
  tls.crt: x
`))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	route, _ := set.Get(Ref{gatewayGroup, "HTTPRoute", "default", "a"})
	secret, _ := set.Get(Ref{"", "Secret", "default", "a"})
	for _, tt := range []struct {
		object Object
		field  string
		want   string
	}{
		{route, "", "a.yaml:1:1"},
		{route, "kind", "a.yaml:2:1"},
		{route, "metadata.name", "a.yaml:4:3"},
		{route, "metadata.namespace", "a.yaml:3:1"},
		{route, "metadata.annotations[konghq.com/strip-path]", "a.yaml:6:5"},
		{route, "metadata.annotations[konghq.com/other]", "a.yaml:5:3"},
		{route, "metadata.annotations.plain", "a.yaml:7:5"},
		{route, "spec", "a.yaml:8:1"},
		{route, "spec.rules", "a.yaml:9:3"},
		{route, "spec.rules[0]", "a.yaml:10:5"},
		{route, "spec.rules[0].matches[0].path.value", "a.yaml:12:9"},
		{route, "spec.rules[0].matches[0].path.type", "a.yaml:11:7"},
		{route, "spec.rules[0].matches[1]", "a.yaml:13:7"},
		{route, "spec.rules[0].matches[2]", "a.yaml:10:5"},
		{route, "spec.rules[0].matches[-1]", "a.yaml:10:5"},
		{route, "spec.rules[0].matches[x]", "a.yaml:10:5"},
		{route, "spec.rules[0].backendRefs[0].port", "a.yaml:14:29"},
		{route, "spec.rules[1].backendRefs[0].port", "a.yaml:18:7"},
		{route, "spec.rules[2].backendRefs", "a.yaml:19:5"},
		{route, "spec.rules[2].backendRefs[0].port", "a.yaml:18:7"},
		{route, "spec.rules[3].backendRefs[0].port", "a.yaml:9:3"},
		{route, "spec.parentRefs[0].name", "a.yaml:8:1"},
		{route, "status.parents", "a.yaml:1:1"},
		{route, "spec..rules[", "a.yaml:8:1"},
		{secret, "data[b]", "a.yaml:24:8"},
		{secret, "data[tls.crt]", "a.yaml:26:3"},
		{secret, "data[tls.key]", "a.yaml:24:1"},
		{Object{}, "spec", ""},
	} {
		if got := tt.object.At(tt.field).String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.field, got, tt.want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { route.At("spec.rules[0].backendRefs[0].port") }); n > 0 {
		t.Errorf("At allocates %v times", n)
	}
}

func TestNearest(t *testing.T) {
	fields := []string{"backendRefs", "filters", "matches", "name", "timeouts"}
	for in, want := range map[string]string{
		"BackendRefs": "backendRefs", "backendRef": "backendRefs", "backnedRefs": "backendRefs", "filter": "filters", "match": "matches",
		"nam": "name", "mane": "", "x": "", "": "", "timeout": "timeouts", strings.Repeat("name", 100): "",
	} {
		if got := nearest(in, fields); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}
