package graph

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// Mermaid returns the drawing as a Mermaid flowchart. What is denied is red and dashed, what is foreign is gray.
//
// Source: mermaid.js.org, "Flowcharts - Basic Syntax".
func (d Drawing) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	d.namespaces(func(namespace string, nodes []Node) {
		pad := "  "
		if namespace != "" {
			fmt.Fprintf(&b, "  subgraph %s[%s]\n", mermaidID("Namespace/"+namespace), mermaidText("namespace "+namespace))
			pad = "    "
		}
		for _, n := range nodes {
			b.WriteString(pad + mermaidID(n.ID) + mermaidShape(n) + mermaidClass(n.State) + "\n")
		}
		if namespace != "" {
			b.WriteString("  end\n")
		}
	})
	grants := d.grants()
	styled := map[State][]string{}
	for i, e := range d.Edges {
		b.WriteString("  " + mermaidID(e.From) + " " + mermaidArrow(e, e.label(grants)) + " " + mermaidID(e.To) + "\n")
		styled[e.State] = append(styled[e.State], strconv.Itoa(i))
	}
	for _, s := range []State{Denied, Foreign} {
		fmt.Fprintf(&b, "  classDef %s %s\n", s, mermaidStyle(s))
		if len(styled[s]) > 0 {
			fmt.Fprintf(&b, "  linkStyle %s %s\n", strings.Join(styled[s], ","), mermaidStyle(s))
		}
	}
	return b.String()
}

// mermaidID returns an id of letters, digits and "_" for any id, and another for each.
func mermaidID(id string) string {
	var b strings.Builder
	for _, c := range []byte(id) {
		if isAlphanumeric(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// mermaidText returns a string of printable text, line by line: all but letters, digits and what means nothing in Markdown and
// HTML is written as its number.
func mermaidText(lines ...string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, line := range lines {
		if i > 0 {
			b.WriteString("<br/>")
		}
		for _, r := range diag.Printable(line) {
			if r < 0x80 && (isAlphanumeric(byte(r)) || strings.ContainsRune(" .,:/-", r)) {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, "#%d;", r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

func mermaidShape(n Node) string {
	text := mermaidText(n.label()...)
	switch {
	case n.Kind == "Gateway" || n.Kind == "ListenerSet":
		return "[[" + text + "]]"
	case n.Kind == "Service":
		return "([" + text + "])"
	case strings.HasSuffix(n.Kind, "Route"):
		return "(" + text + ")"
	case n.Kind == "ReferenceGrant" || n.Kind == "BackendTLSPolicy":
		return "{{" + text + "}}"
	}
	return "[" + text + "]"
}

func mermaidClass(s State) string {
	if s == OK {
		return ""
	}
	return ":::" + string(s)
}

func mermaidArrow(e Edge, label []string) string {
	arrow := "-->"
	switch {
	case e.State == Denied:
		arrow = "--x"
	case e.satellite():
		arrow = "-.->"
	}
	if len(label) > 0 {
		arrow += "|" + mermaidText(label...) + "|"
	}
	return arrow
}

func mermaidStyle(s State) string {
	if s == Denied {
		return "stroke:#c00,color:#c00,stroke-dasharray:4"
	}
	return "stroke:#999,color:#999,stroke-dasharray:2"
}
