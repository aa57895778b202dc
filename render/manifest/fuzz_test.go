package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	for name, data := range goldenInputs(f) {
		if !isRules(name) {
			f.Add(data)
		}
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
		check(o.At("spec.rules[0]"))
		meta := o.Typed.(interface{ GetName() string })
		if o.Ref.Name == "" || o.Ref.Name != meta.GetName() {
			t.Errorf("%v is named %q", o.Ref, meta.GetName())
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

// isRules reports whether an input is one of the many objects that break one rule each, which takes a while.
func isRules(name string) bool { return strings.Contains(name, "/rules-") }

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

// FuzzSecret holds findings to their promise: whatever the value of a Secret looks like, they do not repeat it.
func FuzzSecret(f *testing.F) {
	for _, s := range []string{
		"hunter22", "*hunter22", "&hunter22", "!hunter22", "!!int hunter22", "[hunter22]", "{hunter22: x}", "{hunter22}", "'hunter22",
		"\"hunter22\\q\"",
		"@hunter22", "%hunter22", "hunter22: hunter22", "|hunter22", "- hunter22",
		"? hunter22", "12345678", "1234567.5", "aHVudGVyMjI=", "!<hunter22> x",
	} {
		f.Add(s)
	}
	templates := []string{
		"data:\n  key: %s\n", "stringData:\n  key: %s\n", "data: %s\n", "stringData: %s\n", "type: kubernetes.io/tls\ndata: %s\n",
		"type: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: %s\n",
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, template := range templates {
			text := "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n" + strings.Replace(template, "%s", value, 1)
			_, findings := loadBytes(t, []byte(text))
			secret := strings.Trim(value, "*&!%@|?-'\"[]{}<>#:, \t")
			if len(secret) < 8 || strings.ContainsAny(value, "\n\r{\u0085\u2028\u2029") {
				return // what makes further keys
			}
			for _, f := range findings {
				if strings.Contains(f.Message+f.Hint+f.Field, secret) {
					t.Errorf("%q: %+v", text, f)
				}
			}
		}
	})
}
