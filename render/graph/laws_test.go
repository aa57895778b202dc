package graph_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/graph"
	"github.com/gwsync/gwsync/render/manifest"
)

// FuzzFormats has hostile text wherever a drawing shows text, and wants in every format the nodes, edges and labels that were put in, and
// nothing else.
func FuzzFormats(f *testing.F) {
	for _, s := range []string{"", "echo", `a"] --> b["`, "a\"]\n  end\n%%{init: {}}%%", `\`, `\"`, `\N\l`, "#34;", "&quot;", "<b>x</b>",
		"a|b", "`x`",
		"]])}|\";", "*.example.com", "_a_", "\x1b[2J\u202e", "\xff", "a/b", "%2F", "ﬂ°°60¶ß", "日本"} {
		f.Add(s, "echo", s)
		f.Add("HTTPRoute", s, "x")
	}
	f.Fuzz(func(t *testing.T, kind, name, text string) {
		if len(kind)+len(name)+len(text) > 200 {
			return // enough to say everything
		}
		d := arbitrary(kind, name, text)
		checkMermaid(t, d)
		checkDot(t, d)
		checkJSON(t, d)
	})
}

// arbitrary returns a drawing with the texts in every place.
func arbitrary(kind, name, text string) graph.Drawing {
	one := manifest.Ref{Group: text, Kind: kind, Namespace: name, Name: name}
	two := manifest.Ref{Kind: "Service", Namespace: name, Name: text}
	grant := manifest.Ref{Kind: "ReferenceGrant", Namespace: name, Name: name}
	node := func(r manifest.Ref, s graph.State) graph.Node {
		return graph.Node{ID: graph.ID(r), Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Detail: text, Reason: text, State: s}
	}
	d := graph.Drawing{Nodes: []graph.Node{node(one, graph.OK), node(grant, graph.Foreign)}}
	if graph.ID(one) != graph.ID(two) {
		d.Nodes = append(d.Nodes, node(two, graph.Denied))
	}
	for _, s := range []graph.State{graph.OK, graph.Denied, graph.Foreign} {
		d.Edges = append(d.Edges, graph.Edge{From: graph.ID(one), To: graph.ID(two), Relation: graph.Forwards, State: s, Detail: text,
			Reason: name, Grant: graph.ID(grant)}, graph.Edge{From: graph.ID(grant), To: graph.ID(two), Relation: graph.Permits, State: s})
	}
	return d
}

// labels returns the lines that a format has to show, nodes first.
func labels(d graph.Drawing) (nodes, edges []string) {
	grant := d.Nodes[1]
	lines := func(words ...string) string {
		var out []string
		for _, w := range words {
			if w != "" {
				out = append(out, diag.Printable(w))
			}
		}
		return strings.Join(out, "\n")
	}
	for _, n := range d.Nodes {
		nodes = append(nodes, lines(n.Kind+" "+n.Name, n.Detail, n.Reason))
	}
	for _, e := range d.Edges {
		by := ""
		if e.Grant != "" {
			by = "by ReferenceGrant " + grant.Namespace + "/" + grant.Name
		}
		edges = append(edges, lines(e.Detail, by, e.Reason))
	}
	return nodes, edges
}

const mermaidString = `"((?:[A-Za-z0-9 .,:/-]|#[0-9]+;|<br/>)*)"`

var (
	mermaidNode = regexp.MustCompile(`^ *[A-Za-z0-9_]+(?:\[\[|\(\[|\{\{|\(|\[)` + mermaidString +
		`(?:\]\]|\]\)|\}\}|\)|\])(?::::(?:denied|foreign))?$`)
	mermaidEdge = regexp.MustCompile(`^  [A-Za-z0-9_]+ (?:-->|--x|-\.->)(?:\|` + mermaidString + `\|)? [A-Za-z0-9_]+$`)
	mermaidRest = regexp.MustCompile(`^(?:flowchart LR|  subgraph [A-Za-z0-9_]+\[` + mermaidString +
		`\]|  end|  classDef .*|  linkStyle .*|)$`)
	mermaidCode = regexp.MustCompile(`#[0-9]+;`)
)

// checkMermaid reads a flowchart line by line: no label has a character that could end it.
func checkMermaid(t *testing.T, d graph.Drawing) {
	t.Helper()
	var nodes, edges []string
	for _, line := range strings.Split(d.Mermaid(), "\n") {
		switch {
		case mermaidRest.MatchString(line):
		case mermaidEdge.MatchString(line):
			edges = append(edges, mermaidLabel(mermaidEdge.FindStringSubmatch(line)[1]))
		case mermaidNode.MatchString(line):
			nodes = append(nodes, mermaidLabel(mermaidNode.FindStringSubmatch(line)[1]))
		default:
			t.Fatalf("not Mermaid as we write it: %q", line)
		}
	}
	compareLabels(t, "Mermaid", d, nodes, edges)
}

func mermaidLabel(s string) string {
	return mermaidCode.ReplaceAllStringFunc(strings.ReplaceAll(s, "<br/>", "\n"), func(code string) string {
		r, _ := strconv.Atoi(code[1 : len(code)-1])
		return string(rune(r))
	})
}

func compareLabels(t *testing.T, format string, d graph.Drawing, nodes, edges []string) {
	t.Helper()
	wantNodes, wantEdges := labels(d)
	if diff := cmp.Diff(wantNodes, nodes); diff != "" {
		t.Errorf("%s: labels of nodes (-want +got):\n%s", format, diff)
	}
	if diff := cmp.Diff(wantEdges, edges); diff != "" {
		t.Errorf("%s: labels of edges (-want +got):\n%s", format, diff)
	}
}

// checkDot reads Graphviz' language token by token, as its scanner does, and picks out the statements.
func checkDot(t *testing.T, d graph.Drawing) {
	t.Helper()
	tokens := dotTokens(t, d.Dot())
	var nodes, edges []string
	for i, token := range tokens {
		if token == "{" || token == "}" || token == "]" || !strings.HasPrefix(token, `"`) {
			continue
		}
		switch previous, next := tokens[i-1], tokens[i+1]; {
		case previous == "=" || previous == "subgraph" || next == "->":
		case previous == "->":
			edges = append(edges, dotLabel(tokens[i+1:]))
		default:
			nodes = append(nodes, dotLabel(tokens[i+1:]))
		}
	}
	compareLabels(t, "Dot", d, nodes, edges)
}

// dotTokens splits Graphviz' language: words, quoted strings with their quotes, and marks. In a string only \" is an escape.
func dotTokens(t *testing.T, s string) []string {
	t.Helper()
	token := regexp.MustCompile(`^(?:[A-Za-z_][A-Za-z_0-9]*|"(?:\\\\|\\"|[^"])*"|->|[][{}=,])`)
	var out []string
	for {
		s = strings.TrimLeft(s, " \n")
		if s == "" {
			return out
		}
		found := token.FindString(s)
		if found == "" {
			t.Fatalf("no token at %q", s)
		}
		out, s = append(out, found), s[len(found):]
	}
}

// dotLabel returns the label in an attribute list that may follow, as Graphviz shows it.
func dotLabel(tokens []string) string {
	end := slices.Index(tokens, "]")
	if tokens[0] != "[" || end < 0 {
		return ""
	}
	i := slices.Index(tokens[:end], "label")
	if i < 0 {
		return ""
	}
	quoted := tokens[i+2]
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", "&amp;", "&").Replace(quoted[1 : len(quoted)-1])
}

func checkJSON(t *testing.T, d graph.Drawing) {
	t.Helper()
	var got struct {
		Nodes []struct{ ID, Kind, Namespace, Name, Detail, State, Reason string }
		Edges []struct{ From, To, Relation, Detail, Grant, State, Reason string }
	}
	if err := json.Unmarshal([]byte(document(t, d)), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Nodes) != len(d.Nodes) || len(got.Edges) != len(d.Edges) {
		t.Fatalf("%d nodes and %d edges, want %d and %d", len(got.Nodes), len(got.Edges), len(d.Nodes), len(d.Edges))
	}
	for i, n := range d.Nodes {
		if g := got.Nodes[i]; g.ID != n.ID || utf8.ValidString(n.Name) && g.Name != n.Name || g.State != string(n.State) {
			t.Errorf("node %d is %+v, want %+v", i, g, n)
		}
	}
	for i, e := range d.Edges {
		if g := got.Edges[i]; g.From != e.From || g.To != e.To || g.Relation != string(e.Relation) ||
			utf8.ValidString(e.Detail) && g.Detail != e.Detail {
			t.Errorf("edge %d is %+v, want %+v", i, g, e)
		}
	}
}

// FuzzID wants ids that need no quotes but those around them, and different ones for different objects.
func FuzzID(f *testing.F) {
	f.Add("", "Service", "a/b", "c", "", "Service", "a", "b/c")
	f.Add("x", "y", "\x1b", `\x1b`, "x", "y", `\x1b`, "\x1b")
	f.Add("a.b", "Kind", "n", "m", "b", "Kind.a", "n", "m")
	f.Fuzz(func(t *testing.T, group, kind, namespace, name, group2, kind2, namespace2, name2 string) {
		one := manifest.Ref{Group: group, Kind: kind, Namespace: namespace, Name: name}
		two := manifest.Ref{Group: group2, Kind: kind2, Namespace: namespace2, Name: name2}
		if id := graph.ID(one); strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' || r == '\\' }) {
			t.Errorf("%q has the id %q", one, id)
		}
		const gateway = "gateway.networking.k8s.io"
		plain := !strings.Contains(kind+kind2, ".") && group != gateway && group2 != gateway
		if plain && one != two && graph.ID(one) == graph.ID(two) {
			t.Errorf("%q and %q have the id %q", one, two, graph.ID(one))
		}
	})
}
