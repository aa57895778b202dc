package crd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
)

func object(properties map[string]schema.Structural) schema.Structural {
	return schema.Structural{Generic: schema.Generic{Type: "object"}, Properties: properties}
}

func list(items schema.Structural) schema.Structural {
	return schema.Structural{Generic: schema.Generic{Type: "array"}, Items: &items}
}

func scalar(of string) schema.Structural { return schema.Structural{Generic: schema.Generic{Type: of}} }

func TestCheck(t *testing.T) {
	words := list(scalar("string"))
	texts := schema.Structural{Generic: schema.Generic{Type: "object"}, AdditionalProperties: &schema.StructuralOrBool{Structural: &words}}
	pair := object(map[string]schema.Structural{"a": scalar("integer"), "b": object(map[string]schema.Structural{"c": scalar("string")})})
	yes := true
	type rules = apiextensionsv1.ValidationRules
	for _, tt := range []struct {
		name   string
		schema schema.Structural
		rules  rules
		value  string
		want   []Violation
	}{
		{"holds", pair, rules{{Rule: "self.a > 1"}, {Rule: "has(self.b)"}}, `{"a": 2, "b": {}}`, nil},
		{"message", pair, rules{{Rule: "self.a > 1", Message: "too small."}, {Rule: "has(self.b)"}}, `{"a": 1}`,
			[]Violation{{"", "too small"}, {"", "failed rule: has(self.b)"}}},
		{"message of the value", pair, rules{{Rule: "self.a > 1", MessageExpression: `"not " + string(self.a)`}}, `{"a": 1}`,
			[]Violation{{"", "not 1"}}},
		{"field", pair, rules{{Rule: "self.a > 1", Message: "small", FieldPath: ".b.c"}}, `{"a": 1}`, []Violation{{".b.c", "small"}}},
		{"absent field", pair, rules{{Rule: "self.a > 1", Message: "a is needed"}}, `{}`, []Violation{{"", "a is needed"}}},
		{"absent field, no message", pair, rules{{Rule: "self.a > 1"}}, `{}`, []Violation{{"", "no such key: a evaluating rule: self.a > 1"}}},
		{"comment", pair, rules{{Rule: "self.a > 1 // more"}, {Rule: "self.a > 2"}}, `{"a": 2}`, []Violation{{"", "failed rule: self.a > 2"}}},
		{"duplicate", pair, rules{{Rule: "self.a > 1", Message: "again", Reason: reason(apiextensionsv1.FieldValueDuplicate)}}, `{"a": 1}`,
			[]Violation{{"", "again"}}},
		{"the value before", pair, rules{{Rule: "self == oldSelf"}, {Rule: "self.a > 2"}}, `{"a": 2}`,
			[]Violation{{"", "failed rule: self.a > 2"}}},
		{"the value before, if any", pair, rules{{Rule: "oldSelf.hasValue()", OptionalOldSelf: &yes}}, `{"a": 2}`,
			[]Violation{{"", "failed rule: oldSelf.hasValue()"}}},
		{"items", words, rules{{Rule: "self.all(x, x != 'b')", Message: "no b"}}, `["a", "b", "c", "b"]`,
			[]Violation{{"[1]", "no b"}, {"[3]", "no b"}}},
		{"pairs", words, rules{{Rule: "self.all(x, self.exists_one(y, x == y))", Message: "twice"}}, `["a", "b", "a"]`,
			[]Violation{{"[2]", "twice"}}},
		{"the one that does not go with the others", words, rules{{Rule: "self.all(x, self.all(y, x.size() == y.size()))", Message: "long"}},
			`["aa", "b", "c"]`, []Violation{{"[0]", "long"}}},
		{"what the list lacks", words, rules{{Rule: "self.exists(x, x == 'z')", Message: "no z"}}, `["a"]`, []Violation{{"", "no z"}}},
		{"keys", texts, rules{{Rule: "self.all(k, k.size() == 1)", Message: "long"}}, `{"a": [], "b ]": [], "cc": []}`,
			[]Violation{{`["b ]"]`, "long"}, {"[cc]", "long"}}},
		{"error in a rule", pair, rules{{Rule: "self.z"}, {Rule: "self.a > 1", Message: "small"}}, `{"a": 1}`,
			[]Violation{{"", "rule compile error"}, {"", "small"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.schema.XValidations = tt.rules
			r, err := Compile(Node{Schema: &tt.schema})
			if err != nil {
				t.Fatal(err)
			}
			got, cost, err := r.Check([]byte(tt.value))
			if err != nil || cost > Budget {
				t.Fatal(cost, err)
			}
			for i := range got {
				if text, _, ok := strings.Cut(got[i].Message, ": compilation failed"); ok {
					got[i].Message = text
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func reason(r apiextensionsv1.FieldValueErrorReason) *apiextensionsv1.FieldValueErrorReason {
	return &r
}

// TestBudget tries rules that cost more than the API server spends on an object, together and each alone.
func TestBudget(t *testing.T) {
	expensive := apiextensionsv1.ValidationRule{Rule: "!self.contains('" + strings.Repeat("b", 100) + "')"} // one a byte
	for _, tt := range []struct {
		name  string
		rules apiextensionsv1.ValidationRules
		size  int
		over  bool
	}{
		{"one", slicesOf(expensive, 1), 900_000, false},
		{"more than one call may cost, together", slicesOf(expensive, 5), 900_000, false},
		{"more than an object may cost", slicesOf(expensive, 12), 900_000, true},
		{"more than one call may cost", slicesOf(expensive, 1), 1_100_000, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := scalar("string")
			s.XValidations = tt.rules
			r, err := Compile(Node{Schema: &s})
			if err != nil {
				t.Fatal(err)
			}
			violations, cost, err := r.Check([]byte(`"` + strings.Repeat("a", tt.size) + `"`))
			if err != nil {
				t.Fatal(err)
			}
			if over := cost > Budget; over != tt.over || over != (len(violations) > 0) {
				t.Errorf("cost %d, violations %v", cost, violations)
			}
		})
	}
}

func slicesOf(rule apiextensionsv1.ValidationRule, n int) apiextensionsv1.ValidationRules {
	var rules apiextensionsv1.ValidationRules
	for range n {
		rules = append(rules, rule)
	}
	return rules
}

// TestLogic checks a value that must be one of two things, and that the finding is where it is not.
func TestLogic(t *testing.T) {
	s := object(map[string]schema.Structural{"type": scalar("string"), "value": scalar("string")})
	text := func(v string) apiextensionsv1.JSON { return apiextensionsv1.JSON{Raw: []byte(`"` + v + `"`)} }
	of := func(v string, value apiextensionsv1.JSONSchemaProps) apiextensionsv1.JSONSchemaProps {
		return apiextensionsv1.JSONSchemaProps{Properties: map[string]apiextensionsv1.JSONSchemaProps{
			"type": {Enum: []apiextensionsv1.JSON{text(v)}}, "value": value,
		}}
	}
	r, err := Compile(Node{Schema: &s, Logic: apiextensionsv1.JSONSchemaProps{OneOf: []apiextensionsv1.JSONSchemaProps{
		of("ip", apiextensionsv1.JSONSchemaProps{Format: "ipv4"}), of("empty", apiextensionsv1.JSONSchemaProps{MaxLength: new(int64)}),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string][]Violation{
		`{"type": "ip", "value": "10.0.0.1"}`: nil,
		`{"type": "empty", "value": ""}`:      nil,
		`{"type": "ip", "value": "x"}`:        {{".value", "must have the format ipv4"}},
	} {
		got, _, err := r.Check([]byte(value))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", value, diff)
		}
	}
}

// FuzzTogether holds the rules tried together to the rules tried one by one: the same verdict, the same cost.
func FuzzTogether(f *testing.F) {
	s := object(map[string]schema.Structural{"a": scalar("integer"), "b": list(scalar("string")), "c": scalar("string")})
	s.XValidations = apiextensionsv1.ValidationRules{
		{Rule: "!has(self.a) || self.a < 5 || has(self.c)"}, {Rule: "self.b.all(x, x != self.c)"},
		{Rule: "has(self.c) ? self.c.matches('^[a-z]*$') : true"},
	}
	together, err := Compile(Node{Schema: &s})
	if err != nil {
		f.Fatal(err)
	}
	alone, err := Compile(Node{Schema: &s})
	if err != nil {
		f.Fatal(err)
	}
	alone.all = nil
	for _, seed := range []string{
		`{}`, `{"a": 1, "b": []}`, `{"a": 7, "b": ["x"], "c": "x"}`, `{"b": ["x", "y"], "c": "z"}`, `{"b": ["x"]}`, `[]`, `{"a": "b"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, cost, err := together.Check([]byte(value))
		want, wantCost, wantErr := alone.Check([]byte(value))
		if diff := cmp.Diff(want, got); diff != "" || cost != wantCost || (err == nil) != (wantErr == nil) {
			t.Errorf("cost %d, want %d: %v %v\n%s", cost, wantCost, err, wantErr, diff)
		}
	})
}
