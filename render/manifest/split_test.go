package manifest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"one", "a: 1\n", []string{"a: 1\n"}},
		{"two", "a: 1\n---\nb: 2", []string{"a: 1\n", "---\nb: 2"}},
		{"marker first", "---\na: 1\n---\n", []string{"---\na: 1\n", "---\n"}},
		{"comments before the first", "# hello\n\n---\na: 1\n", []string{"# hello\n\n---\na: 1\n"}},
		{"directive", "%YAML 1.1\n---\na: 1\n...\n%YAML 1.1\n---\nb: 2\n",
			[]string{"%YAML 1.1\n---\na: 1\n...\n", "%YAML 1.1\n---\nb: 2\n"}},
		{"content behind the marker", "--- {a: 1}\n--- # b\nb: 2\n", []string{"--- {a: 1}\n", "--- # b\nb: 2\n"}},
		{"end marker", "a: 1\n...\nb: 2\n", []string{"a: 1\n...\n", "b: 2\n"}},
		{"no markers", "---a: 1\n ---\n----\n....\n", []string{"---a: 1\n ---\n----\n....\n"}},
		{"in a block scalar", "a: |\n  ---\n  b\n---\nc: 1\n", []string{"a: |\n  ---\n  b\n", "---\nc: 1\n"}},
		{"CR LF", "a: 1\r\n---\r\nb: 2\r\n", []string{"a: 1\r\n", "---\r\nb: 2\r\n"}},
		{"old breaks", "a: 1\r---\rb: 2\u2028---\u0085c: 3", []string{"a: 1\r", "---\rb: 2\u2028", "---\u0085c: 3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range split([]byte(tt.in)) {
				got = append(got, string(c.text))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzSplit holds split to its promises: the chunks are the file, their line numbers are right, and what a YAML parser
// makes of the whole file is what it makes of the chunks.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		"a: 1\n---\nb: 2\n", "%YAML 1.1\n---\na\n...\n%TAG ! !\n---\nb", "a: |\n ---\n---\nb: >\n\n ...\n",
		"\r\n---\r\n", "# x\n---\n# y\n---\n- z\n...\n...\n",
		"--- |\n a\n--- >\n b\n", "{a: 1}\n---\n[b]\n", "a: \"x\n  --- y\"\n", "---\u2028a\n", "a\u0085---\n", "--- !!str\n--- &a b\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		chunks := split(data)
		var joined []byte
		for _, c := range chunks {
			if want := lineOf(data, len(joined)); c.line != want {
				t.Errorf("chunk at offset %d says line %d, want %d", len(joined), c.line, want)
			}
			joined = append(joined, c.text...)
		}
		if !bytes.Equal(joined, data) {
			t.Fatalf("chunks are %q", joined)
		}
		whole, ok := decodeAll(data, 0)
		if !ok || checkText(data) != nil {
			return
		}
		var parts []node
		for _, c := range chunks {
			nodes, ok := decodeAll(c.text, c.line-1)
			if !ok {
				t.Fatalf("%q does not parse, but the whole does", c.text)
			}
			parts = append(parts, nodes...)
		}
		if diff := cmp.Diff(whole, parts); diff != "" {
			t.Error(diff)
		}
	})
}

// lineOf returns the number of the line that an offset is in.
func lineOf(data []byte, offset int) int {
	line := 1
	for at := 0; at < offset; line++ {
		at += lineLength(data[at:])
	}
	return line
}

// node is what split must not change of a yaml.Node.
type node struct {
	Kind       yaml.Kind
	Tag, Value string
	Line, Col  int
}

// decodeAll returns the nodes of all documents, and whether they could be parsed.
func decodeAll(data []byte, line int) (nodes []node, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	var visit func(*yaml.Node)
	visit = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && n.Value == "" {
			return // a document of nothing may be read as none
		}
		nodes = append(nodes, node{n.Kind, n.Tag, n.Value, n.Line + line, n.Column})
		for _, c := range n.Content {
			visit(c)
		}
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := d.Decode(&doc); err != nil {
			return nodes, errors.Is(err, io.EOF)
		}
		for _, c := range doc.Content {
			visit(c)
		}
	}
}
