package manifest

import (
	"reflect"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
)

// FuzzTyped holds the Go values of objects to what sigs.k8s.io/json, which the API server uses, makes of each of them alone, whatever
// stands in the documents around it.
func FuzzTyped(f *testing.F) {
	for name, data := range goldenInputs(f) {
		if !isRules(name) {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, findings := loadBytes(t, data)
		if has(findings, CodeDuplicateObject, CodeAliasLimit) {
			return // an object is not in the Set, or not alone
		}
		for _, c := range split(data) {
			k, ref, text := jsonOf(c)
			if k == nil {
				continue
			}
			want := k.empty()
			if strict, err := kjson.UnmarshalStrict(text, want); err != nil || len(strict) > 0 {
				t.Fatal(err, strict)
			}
			if k.complete != nil {
				k.complete(want)
			}
			want.(metav1.Object).SetNamespace(ref.Namespace)
			if got, _ := set.Get(ref); !reflect.DeepEqual(want, got.Typed) {
				t.Errorf("%v\n%s\n%s", ref, text, cmp.Diff(want, got.Typed))
			}
		}
	})
}

// TestReaders makes sure that sigs.k8s.io/json, which takes longer, need not read the objects of the goldens.
func TestReaders(t *testing.T) {
	for name, data := range goldenInputs(t) {
		if isRules(name) {
			continue
		}
		for _, c := range split(data) {
			k, ref, text := jsonOf(c)
			if k == nil {
				continue
			}
			if j := (jsonText{text, newAlike()}); !k.read()(&j, reflect.ValueOf(k.empty()).Elem()) || len(j.rest) > 0 {
				t.Errorf("%s: %v cannot be read from %.80s", name, ref, j.rest)
			}
		}
	}
}

// jsonOf returns the one object in a chunk as it is written down as JSON, nil if there is no valid one, or an invalid one beside it.
func jsonOf(c chunk) (*kind, Ref, []byte) {
	f := file{namespace: "default", scratch: newScratch()}
	f.load(source{fs: fstest.MapFS{"a.yaml": {Data: c.text}}, path: "a.yaml", display: "a.yaml"})
	if len(f.objects) != 1 || f.objects[0].Typed == nil || f.findings.HasErrors() {
		return nil, Ref{}, nil
	}
	ref := f.objects[0].Ref
	return table().byName[groupKind{ref.Group, ref.Kind}], ref, f.decoder.json
}
