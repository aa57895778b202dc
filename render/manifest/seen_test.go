package manifest

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/runtime"
)

// FuzzSeen holds rules to what they say they look at: of two values of which they see the same, they judge both alike, at the same cost.
// It changes objects of the Gateway API by chance, each one several times.
func FuzzSeen(f *testing.F) {
	valid := validObjects(f)
	for i := range uint64(40) {
		f.Add(i)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		m := mutator{rand.New(rand.NewPCG(seed, 1))}
		object := runtime.DeepCopyJSON(valid[m.IntN(len(valid))])
		_, version := splitGroup(object["apiVersion"].(string))
		kind := table().byName[groupKind{gatewayGroup, object["kind"].(string)}]
		known := map[string]judged{}
		for range 4 {
			for _, v := range ruledValues(t, object) {
				rules := v.schema.rules()
				violations, cost, err := rules.Check(v.value)
				if err != nil {
					continue // the object does not agree with its schema
				}
				key := v.schema.name + string(rules.Seen(nil, v.value))
				now := judged{v.schema, string(v.value), violations == nil, cost}
				before, ok := known[key]
				if ok && before.schema == now.schema && (before.holds != now.holds || now.holds && before.cost != now.cost) {
					t.Errorf("of %s %s the rules see\n%s\n%+v\n%+v", kind.name, version, key, before, now)
				}
				known[key] = now
			}
			m.change(object, widest(kind))
		}
	})
}

// judged is what rules make of a value.
type judged struct {
	schema *schema
	value  string
	holds  bool
	cost   int64
}

// ruledValue is a value that there are rules for.
type ruledValue struct {
	schema *schema
	value  []byte
}

func ruledValues(t *testing.T, object map[string]any) []ruledValue {
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	s := newScratch()
	f := file{namespace: "default", scratch: s}
	f.load(source{fs: fstest.MapFS{"a.yaml": {Data: text}}, path: "a.yaml", display: "a.yaml"})
	var values []ruledValue
	for _, c := range s.decoder.checks {
		values = append(values, ruledValue{c.schema, s.decoder.json[c.from:c.to]})
	}
	return values
}
