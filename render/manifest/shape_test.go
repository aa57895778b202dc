package manifest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestShapes(t *testing.T) {
	const first = "kind: A\nmetadata: {name: b}\nspec:\n- c: 'd e'\n- f/g\n- \"h\" # i: j\n- k l\n- m: n\n  o: p\n"
	for _, tt := range []struct {
		name, text string
		known      bool
	}{
		{"the same", first, true},
		{"other words", strings.NewReplacer("A", "80", "d e", "* #: x", "f/g", "yes", "n\n", "/x.y_z-\n").Replace(first), true},
		{"another key", strings.Replace(first, "kind", "kine", 1), false},
		{"another line", first + "- q\n", false},
		{"another word within a line", strings.Replace(first, "name: b", "name: bb", 1), false},
		{"two words", strings.Replace(first, "f/g", "f g", 1), false},
		{"quotes", strings.Replace(first, "f/g", "'f/g'", 1), false},
		{"other quotes", strings.ReplaceAll(first, "'", `"`), false},
		{"no word", strings.Replace(first, "f/g", "~g", 1), false},
		{"a key", strings.Replace(first, "f/g", "g:", 1), false},
		{"a comment", strings.Replace(first, "f/g", "f/g # x", 1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShapes(newAlike())
			if _, err := s.parse([]byte(first)); err != nil {
				t.Fatal(err)
			}
			got := likeParser(t, &s, tt.text)
			if known := len(s.known) == 1; known != tt.known {
				t.Errorf("known: %t, want %t", known, tt.known)
			}
			if len(got) != 1 {
				t.Errorf("%d roots", len(got))
			}
		})
	}
}

// TestNoShape reads documents that have words where the parser sees none.
func TestNoShape(t *testing.T) {
	for _, text := range []string{
		"a: |\n  b: c\n  - d\n", "a: b\n  c\n", "a: 'b\n  c: d'\n", "a: &b c\nd: *b\n", "a: !!str 1\n", "- - - a\n  -- b\n", "a: b\r\n",
		"--- a\n", "a:\n",
	} {
		s := newShapes(newAlike())
		for range 2 {
			likeParser(t, &s, text)
		}
		likeParser(t, &s, strings.NewReplacer("c", "x", "d", "y").Replace(text))
	}
}

// likeParser returns what shapes make of a text, which must be what the parser does.
func likeParser(t *testing.T, s *shapes, text string) []*yaml.Node {
	t.Helper()
	want, wantErr := parseYAML([]byte(text))
	got, err := s.parse([]byte(text))
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: got error %v, want %v", text, err, wantErr)
	}
	if !slices.EqualFunc(got, want, sameNode) {
		t.Errorf("%q\n%s", text, cmp.Diff(want, got))
	}
	return got
}

// sameNode compares what the decoder reads of nodes: neither comments, nor the tag that the parser gives a scalar without one, which says
// what 80 or yes mean.
func sameNode(a, b *yaml.Node) bool {
	same := a.Kind == b.Kind && a.Style == b.Style && a.Value == b.Value && a.Anchor == b.Anchor && a.Line == b.Line && a.Column == b.Column
	if a.Kind != yaml.ScalarNode || a.Style != 0 {
		same = same && a.Tag == b.Tag
	}
	if a.Alias != nil && b.Alias != nil {
		same = same && a.Alias.Line == b.Alias.Line && a.Alias.Column == b.Alias.Column
	}
	return same && (a.Alias == nil) == (b.Alias == nil) && slices.EqualFunc(a.Content, b.Content, sameNode)
}

// FuzzShapes holds shapes to their promise: with other words put in, a document is what the parser makes of it.
func FuzzShapes(f *testing.F) {
	for name, data := range goldenInputs(f) {
		if !isRules(name) {
			f.Add(data, "80", "a: #b")
		}
	}
	for _, text := range []string{"a: b\n? c: d\n: - e", "{a: b\n, c: \"d\"\n}", "- >\n - a\n- \"b\n - c\"",
		"%YAML 1.1\n--- a\n...", "- - a\n  - b: 'c'"} {
		f.Add([]byte(text), "yes", " x ")
	}
	f.Fuzz(func(t *testing.T, data []byte, plain, quoted string) {
		for _, c := range split(data) {
			s := newShapes(newAlike())
			if checkText(c.text) != nil || checkText([]byte(plain+quoted)) != nil || bytes.IndexByte(c.text, '\r') >= 0 {
				continue
			}
			if _, err := s.parse(c.text); err != nil {
				continue
			}
			other := replaceWords(c.text, s.slots, plain, quoted)
			before := string(s.text)
			likeParser(t, &s, other)
			if string(s.text) == before && len(s.known) > 1 {
				t.Errorf("%q was read twice", other)
			}
		}
	})
}

// replaceWords returns a text with every other word replaced by another of its style.
func replaceWords(text []byte, slots []slot, plain, quoted string) string {
	var b strings.Builder
	lines := strings.SplitAfter(string(text), "\n")
	for i, w := range slots {
		if i%2 == 1 {
			continue
		}
		line := &lines[w.line-1]
		old := string(w.text)
		with := plain
		if w.style != 0 {
			with = quoted
		}
		at := strings.LastIndex(*line, old)
		*line = (*line)[:at] + with + (*line)[at+len(old):]
	}
	for _, line := range lines {
		b.WriteString(line)
	}
	return b.String()
}
