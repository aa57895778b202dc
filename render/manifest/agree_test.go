package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	apifield "k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"

	"github.com/gwsync/gwsync/render/diag"
)

// FuzzAgreesWithAPIServer changes valid objects of the Gateway API by chance, and holds the decoder to what the API server's own
// code makes of them, with the CRDs of the channel that is responsible: both take the object, with the same defaults, or both
// refuse it.
func FuzzAgreesWithAPIServer(f *testing.F) {
	c := &cluster{servers: map[string]*apiServer{}}
	valid := validObjects(f)
	for i := range uint64(300) {
		f.Add(i, byte(i%4))
	}
	f.Fuzz(func(t *testing.T, seed uint64, changes byte) {
		m := mutator{rand.New(rand.NewPCG(seed, 0))}
		object := runtime.DeepCopyJSON(valid[m.IntN(len(valid))])
		_, version := splitGroup(object["apiVersion"].(string))
		kind := table().byName[groupKind{gatewayGroup, object["kind"].(string)}]
		for range min(changes, 8) {
			m.change(object, widest(kind))
		}
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		got, findings, _ := decodeOne(text)
		want, experimental := c.judge(t, text, kind.name, version)
		if want.refused() != (got == nil) {
			t.Fatalf("%s\nAPI server: %v %v\nwe: %v", text, want.unknown, want.errs, findings)
		}
		if experimental != has(findings, CodeExperimentalField) && kind.version(version).channel == standard && !want.refused() {
			t.Errorf("%s\nexperimental: %t, but %v", text, experimental, findings)
		}
		if got != nil {
			if diff := cmp.Diff(want.object["spec"], got["spec"]); diff != "" {
				t.Errorf("%s\nthe API server would store something else:\n%s", text, diff)
			}
		}
	})
}

// validObjects returns the objects of the Gateway API in the goldens that are valid, as JSON has them.
func validObjects(t testing.TB) []map[string]any {
	inputs := goldenInputs(t)
	var objects []map[string]any
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		for _, c := range split(inputs[name]) {
			object, _, _ := decodeOne(c.text)
			if object == nil || !strings.HasPrefix(fmt.Sprint(object["apiVersion"]), gatewayGroup) {
				continue
			}
			group, version := splitGroup(object["apiVersion"].(string))
			if kind := table().byName[groupKind{group, object["kind"].(string)}]; kind.version(version).channel == retired {
				object["apiVersion"] = kind.apiVersion(kind.versions[0])
			}
			objects = append(objects, object)
		}
	}
	return objects
}

// decodeOne returns what the decoder makes of a text with one object, with apiVersion and kind, and the values that rules held for;
// nothing if the object is refused.
func decodeOne(text []byte) (map[string]any, diag.List, []check) {
	s := newScratch()
	f := file{namespace: "default", scratch: s}
	f.load(source{fs: fstest.MapFS{"a.yaml": {Data: text}}, path: "a.yaml", display: "a.yaml"})
	if len(f.objects) != 1 || f.objects[0].Typed == nil {
		return nil, f.findings, nil
	}
	var object map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(s.decoder.json, &object); err != nil {
		panic(err)
	}
	object["apiVersion"], object["kind"] = joinGroup(f.objects[0].Ref.Group, f.objects[0].Version), f.objects[0].Ref.Kind
	return object, f.findings, s.decoder.checks
}

// judge lets the CRD that is responsible for an object judge it, and reports whether it is that of the experimental channel: it
// is if the object has something that the one of the standard channel does not know.
func (c *cluster) judge(t testing.TB, text []byte, kind, version string) (judgement, bool) {
	wider := create(t, c.server(t, "experimental", kind, version), text)
	s := c.server(t, "standard", kind, version)
	if s == nil {
		return wider, true
	}
	standard := create(t, s, text)
	for _, path := range standard.unknown {
		if !slices.Contains(wider.unknown, path) {
			return wider, true
		}
	}
	badEnum := func(v judgement) map[string]bool {
		fields := map[string]bool{}
		for _, err := range v.errs {
			if err.Type == apifield.ErrorTypeNotSupported {
				fields[err.Field] = true
			}
		}
		return fields
	}
	known := badEnum(wider)
	for path := range badEnum(standard) {
		if !known[path] {
			return wider, true
		}
	}
	return standard, false
}

// judgement is a verdict, and the object with its defaults.
type judgement struct {
	verdict
	object map[string]any
}

func create(t testing.TB, s *apiServer, text []byte) judgement {
	t.Helper()
	var object map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &object); err != nil {
		t.Fatal(err)
	}
	if meta, ok := object["metadata"].(map[string]any); ok && s.namespaced && meta["namespace"] == nil {
		meta["namespace"] = "default" // kubectl does it
	}
	return judgement{s.create(object), object}
}

// mutator changes objects by chance, but not at random: most changes leave an object that is nearly valid.
type mutator struct{ *rand.Rand }

// change makes one change somewhere in the specification of an object.
func (m mutator) change(object map[string]any, s *schema) {
	if m.one(50) {
		object["bogus"] = m.value(s.Properties["spec"])
		return
	}
	spec := object["spec"]
	m.within(&spec, s.Properties["spec"])
	object["spec"] = spec
}

func (m mutator) one(in int) bool { return m.IntN(in) == 0 }

func pick[T any](m mutator, of []T) T { return of[m.IntN(len(of))] }

// within changes a value or something in it.
func (m mutator) within(v *any, s *schema) {
	switch x := (*v).(type) {
	case map[string]any:
		if s != nil && s.Type == "object" {
			m.object(x, s)
			return
		}
	case []any:
		if s != nil && s.Type == "array" {
			*v = m.list(x, s)
			return
		}
	}
	*v = m.value(s)
}

func (m mutator) object(x map[string]any, s *schema) {
	keys := slices.Sorted(maps.Keys(x))
	names := slices.Sorted(maps.Keys(s.Properties))
	if s.Values != nil {
		names = words()
	}
	of := func(key string) *schema {
		if s.Values != nil {
			return s.Values
		}
		return s.Properties[key]
	}
	switch n := m.IntN(20); {
	case len(keys) > 0 && n < 12:
		if key := pick(m, keys); of(key) != nil {
			sub := x[key]
			m.within(&sub, of(key))
			x[key] = sub
		}
	case len(keys) > 0 && n < 14:
		delete(x, pick(m, keys))
	case n == 14:
		x[pick(m, append(names, "bogus"))] = nil
	case n == 15:
		x["bogus"] = "x"
	case len(names) > 0:
		name := pick(m, names)
		x[name] = m.value(of(name))
	}
}

func (m mutator) list(x []any, s *schema) []any {
	switch n := m.IntN(20); {
	case len(x) > 0 && n < 12:
		m.within(&x[m.IntN(len(x))], s.Items)
	case len(x) > 0 && n < 14:
		i := m.IntN(len(x))
		return slices.Delete(slices.Clone(x), i, i+1)
	case len(x) > 0 && n < 16:
		return append(x, runtime.DeepCopyJSONValue(pick(m, x)))
	case n == 16:
		return append(x, nil)
	case n == 17 && len(x) > 0 && s.MaxItems > 0:
		for len(x) < s.MaxItems+m.IntN(2) {
			x = append(x, runtime.DeepCopyJSONValue(x[0]))
		}
		return x
	}
	return append(x, m.value(s.Items))
}

// value makes up a value, which probably agrees with the schema.
func (m mutator) value(s *schema) any {
	if s == nil || m.one(40) {
		return pick(m, []any{nil, "x", int64(1), 1.5, true, []any{}, map[string]any{}, []any{"x"}, map[string]any{"x": "y"}})
	}
	switch s.Type {
	case "object":
		return m.newObject(s)
	case "array":
		list := []any{}
		for range m.IntN(4) {
			list = append(list, m.value(s.Items))
		}
		return list
	case isInteger:
		return m.integer(s)
	case isBoolean:
		return m.one(2)
	}
	return m.text(s)
}

func (m mutator) newObject(s *schema) any {
	x := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if slices.Contains(s.Required, name) && !m.one(20) || m.one(3) {
			x[name] = m.value(s.Properties[name])
		}
	}
	for range m.IntN(3) {
		if s.Values != nil {
			x[pick(m, words())] = m.value(s.Values)
		}
	}
	return x
}

func (m mutator) integer(s *schema) any {
	if len(s.Enum) > 0 && !m.one(10) {
		return int64(pick(m, s.Enum).(float64))
	}
	of := []int64{0, 1, -1, 80, 443, 1 << 31, 1 << 40}
	if s.Minimum != nil {
		of = append(of, *s.Minimum, *s.Minimum-1)
	}
	if s.Maximum != nil {
		of = append(of, *s.Maximum, *s.Maximum+1)
	}
	return pick(m, of)
}

func (m mutator) text(s *schema) any {
	if len(s.Enum) > 0 && !m.one(10) {
		return pick(m, s.Enum)
	}
	if s.MaxLength > 0 && m.one(10) {
		return strings.Repeat(pick(m, []string{"a", "é", "/a", "a.", "1"}), s.MaxLength+m.IntN(2))
	}
	return pick(m, words())
}

func words() []string {
	return []string{
		"", "a", "b", "kong", "A", "Gateway", "Service", "a.b", "*.a.b", "*", "1.2.3.4", "::1", "fe80::1%eth0", "10s", "1h30m", "0s", "5m", "x s",
		"/", "/a", "/a//b", "/a/./b", "/a/..", "%2f", "/%2F", "/a#b", "é", "a b", "a_b", "a/b", "example.com/controller", "https://a.b:80",
		"http://*.a", "gateway.networking.k8s.io", "-", "a-", ".", "\t", "x\n", "Exact", "80", "true", "spiffe://a/b", "foo.Bar", "a\x00b",
	}
}
