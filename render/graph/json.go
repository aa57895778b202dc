package graph

import (
	"encoding/json"
	"strings"
)

// formatVersion is that of the JSON document: minor versions add names, and readers have to ignore those that they do not
// know; a major version may change anything.
const formatVersion = "1.0"

type document struct {
	FormatVersion string     `json:"format_version"`
	Command       string     `json:"command"`
	Nodes         []nodeJSON `json:"nodes"`
	Edges         []edgeJSON `json:"edges"`
}

type nodeJSON struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Detail    string `json:"detail,omitempty"`
	State     State  `json:"state"`
	Reason    string `json:"reason,omitempty"`
	place
}

type edgeJSON struct {
	From     string   `json:"from"`
	To       string   `json:"to"`
	Relation Relation `json:"relation"`
	Detail   string   `json:"detail,omitempty"`
	Grant    string   `json:"grant,omitempty"`
	State    State    `json:"state"`
	Reason   string   `json:"reason,omitempty"`
	place
}

type place struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Col  int    `json:"col,omitempty"`
}

// JSON returns the drawing as one JSON document: format_version, command, nodes and edges, with the fields of [Node] and [Edge] in lower
// case and without those that are empty; instead of Pos there are file, line and col.
func (d Drawing) JSON() (string, error) {
	out := document{FormatVersion: formatVersion, Command: "graph", Nodes: []nodeJSON{}, Edges: []edgeJSON{}}
	for _, n := range d.Nodes {
		out.Nodes = append(out.Nodes, nodeJSON{n.ID, n.Kind, n.Namespace, n.Name, n.Detail, n.State, n.Reason, place(n.Pos)})
	}
	for _, e := range d.Edges {
		out.Edges = append(out.Edges, edgeJSON{e.From, e.To, e.Relation, e.Detail, e.Grant, e.State, e.Reason, place(e.Pos)})
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(out)
	return b.String(), err
}
