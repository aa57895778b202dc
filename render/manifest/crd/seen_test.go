package crd

import (
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
)

func TestSeen(t *testing.T) {
	inner := object(map[string]schema.Structural{"x": scalar("string"), "y": scalar("string"), "namespace": scalar("string")})
	values := schema.Structural{Generic: schema.Generic{Type: "object"}, AdditionalProperties: &schema.StructuralOrBool{Structural: &inner}}
	s := object(map[string]schema.Structural{"a": scalar("string"), "b": list(inner), "c": inner, "d": values, "e": list(scalar("string"))})
	const value = `{"a": "1,}\"", "b": [{"x": "2", "y": "3"}, {"y": "4"}], "c": {"x": "5", "y": "6", "namespace": "7"}, ` +
		`"d": {"k": {"x": "8", "y": "9"}}, "e": ["10", "11"]}`
	for _, tt := range []struct{ rule, want string }{
		{"has(self.a)", `{"a":!}`},
		{"self.a == 'x'", `{"a":"1,}\""}`},
		{"!has(self.b) || self.a.startsWith('x')", `{"a":"1,}\"""b":!}`},
		{"self.c.x == self.a && has(self.c.y)", `{"a":"1,}\"""c":{"x":"5""y":!}}`},
		{"self.c.__namespace__ != ''", `{"c":{"namespace":?0 1 1}}`},
		{"self.c == self.c", `{"c":{"x": "5", "y": "6", "namespace": "7"}}`},
		{"(has(self.a) ? self.c : self.c).x == ''", `{"a":!"c":{"x": "5", "y": "6", "namespace": "7"}}`},
		{"self.b.size() < 3 && size(self.d) < 3", `{"b":[,,]"d":{"k":}}`},
		{"self.b.all(i, has(i.x) || i.y != '')", `{"b":[,{"x":!"y":?0 1 1},{"y":?0 1 1}]}`},
		{"self.b.exists(i, self.e.exists(j, i.x == j))", `{"b":[,{"x":"2"},{}]"e":[,"10","11"]}`},
		{"self.b[0].x == '2' && self.e[1].size() > 0", `{"b":[,{"x":?1 1 1},{}]"e":[,"10","11"]}`},
		{"self.b.filter(i, i.x == '').size() < 2", `{"b":[,{"x": "2", "y": "3"},{"y": "4"}]}`},
		{"self.b.map(self, self.x).size() < 2", `{"b":[,{"x":"2"},{}]}`},
		{"self.d.all(k, self.d[k].x == '')", `{"d":{"k":{"x": "8", "y": "9"}}}`},
		{"self.c.x.startsWith('5') && self.c.x.endsWith('x') || self.c.x.contains('') || self.c.x.matches('^[6-9]') || self.c.x in ['4', '5']",
			`{"c":{"x":?101001 1 1}}`},
		{"self.e.all(e, e.startsWith('10'))", `{"e":[,?1 2 2,?0 2 2]}`},
		{"self.a == 'x'", `{"a":"1,}\""}`},
		{"self.c.x in ['5', self.a]", `{"a":"1,}\"""c":{"x":"5"}}`},
		{"self.e == ['10']", `{"e":["10", "11"]}`},
		{"'10' in self.e", `{"e":["10", "11"]}`},
		{"size(self.a) < 3", `{"a":"1,}\""}`},
		{"self.nothing", value},
		{"true", `!`},
	} {
		s.XValidations = apiextensionsv1.ValidationRules{{Rule: tt.rule}}
		r, err := Compile(Node{Schema: &s})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(r.Seen(nil, []byte(value))); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.rule, got, tt.want)
		}
	}
}

// FuzzSeen lets rules see what may be no JSON.
func FuzzSeen(f *testing.F) {
	s := object(map[string]schema.Structural{"a": scalar("string"), "b": list(scalar("string"))})
	s.XValidations = apiextensionsv1.ValidationRules{{Rule: "has(self.a) && self.b.size() > 1"}}
	r, err := Compile(Node{Schema: &s})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{`{"a": "b", "b": [1]}`, `{`, `{"a`, `{"a"}`, `{"a\"": {`, `[1,`, ``, `}`,
		`{"b":[{"c":"d"},null]}`, `{"\u0061":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		seen := string(r.Seen([]byte("before"), value))
		if again := string(r.Seen([]byte("before"), value)); again != seen || seen[:6] != "before" {
			t.Errorf("%q, then %q", seen, again)
		}
	})
}
