package graph

import (
	"fmt"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// Dot returns the drawing in Graphviz' language. What is denied is red and dashed, what is foreign is gray.
//
// Source: graphviz.org, "DOT Language", and "escString" for labels.
func (d Drawing) Dot() string {
	var b strings.Builder
	b.WriteString("digraph gwsync {\n  rankdir=LR\n  node [shape=box]\n")
	d.namespaces(func(namespace string, nodes []Node) {
		pad := "  "
		if namespace != "" {
			fmt.Fprintf(&b, "  subgraph %s {\n    label=%s\n", dotID("cluster/"+joined(namespace)), dotText("namespace "+namespace))
			pad = "    "
		}
		for _, n := range nodes {
			b.WriteString(pad + dotID(n.ID) + dotNode(n) + "\n")
		}
		if namespace != "" {
			b.WriteString("  }\n")
		}
	})
	grants := d.grants()
	for _, e := range d.Edges {
		b.WriteString("  " + dotID(e.From) + " -> " + dotID(e.To) + dotEdge(e, e.label(grants)) + "\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// dotID returns an id as a quoted string: no character of an id has to be escaped.
func dotID(id string) string { return `"` + id + `"` }

// dotText returns a quoted string of printable text, line by line. Graphviz reads labels as HTML in so far as it knows entities.
func dotText(lines ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;")
	var escaped []string
	for _, line := range lines {
		escaped = append(escaped, escape.Replace(diag.Printable(line)))
	}
	return `"` + strings.Join(escaped, `\n`) + `"`
}

// dotNode returns the attributes of a node.
func dotNode(n Node) string {
	attributes, styles := []string{"label=" + dotText(n.label()...)}, []string{}
	switch {
	case n.Kind == "Gateway" || n.Kind == "ListenerSet":
		attributes = append(attributes, "shape=component")
	case n.Kind == "Service":
		attributes = append(attributes, "shape=ellipse")
	case n.Kind == "ReferenceGrant" || n.Kind == "BackendTLSPolicy":
		attributes = append(attributes, "shape=hexagon")
	case strings.HasSuffix(n.Kind, "Route"):
		styles = append(styles, "rounded")
	}
	return dotAttributes(attributes, styles, n.State)
}

// dotEdge returns the attributes of an edge.
func dotEdge(e Edge, label []string) string {
	var attributes, styles []string
	if len(label) > 0 {
		attributes = append(attributes, "label="+dotText(label...))
	}
	if e.State == OK && e.satellite() {
		styles = append(styles, "dotted")
	}
	return dotAttributes(attributes, styles, e.State)
}

func dotAttributes(attributes, styles []string, s State) string {
	switch s {
	case OK:
	case Denied:
		attributes, styles = append(attributes, "color=red", "fontcolor=red"), append(styles, "dashed")
	case Foreign:
		attributes, styles = append(attributes, "color=gray", "fontcolor=gray"), append(styles, "dotted")
	}
	if len(styles) > 0 {
		attributes = append(attributes, `style="`+strings.Join(styles, ",")+`"`)
	}
	if len(attributes) == 0 {
		return ""
	}
	return " [" + strings.Join(attributes, ", ") + "]"
}
