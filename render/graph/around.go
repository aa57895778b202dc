package graph

import (
	"github.com/gwsync/gwsync/render/manifest"
)

// satellite reports whether an edge only says something about its To.
func (e Edge) satellite() bool { return e.Relation == Permits || e.Relation == Secures }

// Around returns what has to do with an object: what leads to it and where it leads, with the grants and policies that matter there.
// Of a Namespace that is what has to do with anything in it. It reports false if the object is not in the drawing.
func (d Drawing) Around(r manifest.Ref) (Drawing, bool) {
	up, down := d.center(r)
	if len(up)+len(down) == 0 {
		return Drawing{}, false
	}
	before, after := map[string][]string{}, map[string][]string{}
	for _, e := range d.Edges {
		if !e.satellite() {
			before[e.To], after[e.From] = append(before[e.To], e.From), append(after[e.From], e.To)
		}
	}
	kept := map[string]bool{}
	reach(kept, up, before)
	reached := map[string]bool{}
	reach(reached, down, after)
	for id := range reached {
		kept[id] = true
	}
	return d.only(kept, after), true
}

// center returns the nodes to start from: up against the edges, and down along them.
func (d Drawing) center(r manifest.Ref) (up, down []string) {
	id := ID(r)
	for _, n := range d.Nodes {
		if n.ID == id || r.Kind == "Namespace" && r.Group == "" && n.Namespace == r.Name {
			up, down = append(up, n.ID), append(down, n.ID)
		}
	}
	for _, e := range d.Edges {
		switch {
		case e.Grant == id:
			up, down = append(up, e.From), append(down, e.To)
		case e.Relation == Secures && e.From == id:
			up = append(up, e.To)
		}
	}
	return up, down
}

// reach adds to seen all that can be got to from the starts.
func reach(seen map[string]bool, starts []string, next map[string][]string) {
	for todo := starts; len(todo) > 0; {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[id] {
			seen[id] = true
			todo = append(todo, next[id]...)
		}
	}
}

// only returns the drawing of the nodes that are kept, of the edges between them, and of what says something about those.
func (d Drawing) only(kept map[string]bool, after map[string][]string) Drawing {
	used := map[string]bool{}
	for _, e := range d.Edges {
		if kept[e.From] && kept[e.To] && e.Grant != "" {
			used[e.Grant] = true
		}
	}
	for _, e := range d.Edges {
		if e.Relation == Secures && kept[e.To] {
			reach(kept, []string{e.From}, after)
		}
	}
	for id := range used {
		kept[id] = true
	}
	nodes := map[string]Node{}
	for _, n := range d.Nodes {
		if kept[n.ID] {
			nodes[n.ID] = n
		}
	}
	var edges []Edge
	for _, e := range d.Edges {
		if kept[e.From] && kept[e.To] {
			edges = append(edges, e)
		}
	}
	return sorted(nodes, edges)
}
