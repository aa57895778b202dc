package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMerge(t *testing.T) {
	headers := func(field string, h ...string) map[string]any {
		return map[string]any{field: map[string]any{"headers": h}}
	}
	first := &plugin{name: "request-transformer", config: headers("add", "a:1")}
	merged, wrong := merge([]*plugin{
		first,
		luaPlugin(postFunction, "access", "one()"),
		{name: "request-transformer", config: headers("add", "b:2")},
		{name: "request-transformer", config: map[string]any{"replace": map[string]any{"uri": "/x"}}},
		luaPlugin(postFunction, "access", "two()"),
	})
	if len(wrong) > 0 {
		t.Error("contradictions:", wrong)
	}
	got := map[string]any{}
	for _, p := range merged {
		got[p.name] = p.config
	}
	want := map[string]any{
		"request-transformer": map[string]any{
			"add":     map[string]any{"headers": []any{"a:1", "b:2"}},
			"replace": map[string]any{"uri": "/x"},
		},
		"post-function": map[string]any{"access": []any{"one()", "two()"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(headers("add", "a:1"), first.config); diff != "" {
		t.Error("what was merged has changed:", diff)
	}
}

func TestMergeContradiction(t *testing.T) {
	_, wrong := merge([]*plugin{
		{name: "rate-limiting", config: map[string]any{"minute": 5, "policy": "local"}, fields: map[string]any{"enabled": true}},
		{name: "rate-limiting", config: map[string]any{"minute": 6, "policy": "local"}, fields: map[string]any{"enabled": false}},
	})
	var got []string
	for _, c := range wrong {
		got = append(got, c.path)
	}
	if diff := cmp.Diff([]string{"config.minute", "enabled"}, got); diff != "" {
		t.Error(diff)
	}
}

// What transformers do to one header has to be what they would do one after the other.
func TestMergeHeaders(t *testing.T) {
	for _, test := range []struct {
		verb, pair, other, next string
		want                    bool
	}{
		{"replace", "X:1", "replace", "x:2", true},
		{"replace", "X:1", "replace", "x:1", false},
		{"replace", "X:1", "replace", "y:2", false},
		{"add", "x:1", "replace", "x:2", true},
		{"add", "x:1", "replace", "x:1", false},
		{"add", "x:1", "append", "x:2", false},
		{"add", "x:1", "remove", "x", true},
		{"append", "x:1", "append", "x:2", false},
		{"append", "x:1", "add", "x:1", true},
		{"rename", "x:y", "rename", "x:z", true},
		{"remove", "x", "add", "x:1", false},
	} {
		config := func(verb, pair string) map[string]any {
			return map[string]any{verb: map[string]any{"headers": []string{pair}}}
		}
		_, wrong := merge([]*plugin{
			{name: "response-transformer", config: config(test.verb, test.pair)},
			{name: "response-transformer", config: config(test.other, test.next)},
		})
		if got := len(wrong) > 0; got != test.want {
			t.Errorf("%s %s, then %s %s: contradictory is %v, want %v", test.verb, test.pair, test.other, test.next, got, test.want)
		}
	}
}
