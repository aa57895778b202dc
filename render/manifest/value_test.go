package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestValue reads values as kubectl does, and repeats nothing of those that it cannot read.
func TestValue(t *testing.T) {
	for text, want := range map[string]any{
		`{"a": [1, 2.5, "x", null, true]}`: map[string]any{"a": []any{int64(1), 2.5, "x", nil, true}},
		"a: yes\nb: {c: 010}\n":            map[string]any{"a": true, "b": map[string]any{"c": int64(8)}},
		"x: &x {k: v}\nz: *x\n":            map[string]any{"x": map[string]any{"k": "v"}, "z": map[string]any{"k": "v"}},
		"hunter2":                          "hunter2",
		"null":                             nil,
		"\ufeff{}":                         map[string]any{},
		`{"\ud83d\ude00": "` + "\U0001f600" + `"}`: map[string]any{"\U0001f600": "\U0001f600"},
	} {
		got, err := Value([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	bomb := "a: &a [hunter2, hunter2, hunter2, hunter2, hunter2, hunter2, hunter2, hunter2]\n"
	for c := 'b'; c < 'i'; c++ {
		bomb += strings.ReplaceAll("C: &C [*P, *P, *P, *P, *P, *P, *P, *P, *P]\n", "C", string(c))
		bomb = strings.ReplaceAll(bomb, "P", string(c-1))
	}
	for _, text := range []string{
		"", "a: hunter2\n---\nb: 1\n", "[hunter2", "hunter2: .nan", "hunter2: 1\nhunter2: 2", "\x00hunter2", "\xff", bomb,
	} {
		v, err := Value([]byte(text))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%.40q: %v, %v", text, v, err)
		}
	}
}

// FuzzValue holds Value to its word that any text is a value of JSON or an error.
func FuzzValue(f *testing.F) {
	f.Add([]byte("a: &a {b: [1, .5, *a]}"))
	f.Add([]byte("<<: {a: 1}\n? [x]\n: y"))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Value(text)
		if err != nil && v != nil {
			t.Errorf("both %v and %v", v, err)
		}
	})
}
