package manifest

import (
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

	"github.com/gwsync/gwsync/render/diag"
)

// TestLoadOrder loads all golden inputs as files of two trees, in opposite orders: neither the names of files nor chance matter.
func TestLoadOrder(t *testing.T) {
	inputs := goldenInputs(t)
	maps.DeleteFunc(inputs, func(name string, _ []byte) bool { return isRules(name) })
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
		"a.yaml": object("a"), "b.yml": object("b"),
		"c.json": {Data: []byte(`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "c"}}`)},
		"d.txt":  object("d"), ".e.yaml": object("e"),
		".f/f.yaml": object("f"), "sub/g.yaml": object("g"), "sub.yaml/h.yaml": object("h"), "README.md": object("i"),
		"pipe.yaml": {Data: object("j").Data, Mode: fs.ModeNamedPipe},
	}
	for _, tt := range []struct {
		name string
		in   []Input
		want []string
	}{
		{"all", []Input{{FS: tree, Path: "."}}, []string{"a.yaml", "b.yml", "c.json", "sub/g.yaml", "sub.yaml/h.yaml"}},
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
			if len(findings) > 0 {
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
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"inside.yaml": "a.yaml", "out.yaml": outside, "gone.yaml": "gone", "dir.yaml": ".",
		"base": "sub", "shared": filepath.Dir(outside), "gone": "nothing", "README.md": "a.yaml", ".hidden": "sub",
	} {
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
		"inside.yaml": CodeDuplicateObject, "out.yaml": CodeUnreadable, "gone.yaml": CodeUnreadable, "dir.yaml": CodeNotFollowed,
		"base": CodeNotFollowed, "shared": CodeNotFollowed,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%v", diff, findings)
	}
	if set.Len() != 2 {
		t.Errorf("got %d objects, want a and z", set.Len())
	}
}
