package graph

import (
	"cmp"
	"maps"
	"slices"

	"github.com/gwsync/gwsync/render/diag"
)

// Drawing is a graph to be drawn. It is read-only.
type Drawing struct {
	// Nodes are sorted by namespace and id.
	Nodes []Node
	// Edges are sorted by From, To and what else they say.
	Edges []Edge
}

// State says what became of a node or an edge.
type State string

// The states.
const (
	// OK is as the manifests ask for.
	OK State = "ok"
	// Denied is not, for a reason.
	Denied State = "denied"
	// Foreign is somebody else's business.
	Foreign State = "foreign"
)

// Node is an object, or a listener of one.
type Node struct {
	// ID is unique: "HTTPRoute/shop/checkout", "Gateway/infra/kong/https" for a listener. Kinds of other groups than core and
	// gateway.networking.k8s.io have theirs after a dot. What is unusual in a name is escaped as in a URL.
	ID string
	// Kind is "Listener" for a listener.
	Kind, Namespace, Name string
	// Detail says more in a few words: the listener's protocol and port, the route's hostnames.
	Detail string
	State  State
	// Reason is the code of why the node is not OK.
	Reason string
	// Pos is zero for what is not among the manifests.
	Pos diag.Pos
}

// Relation says what an edge is for.
type Relation string

// The relations.
const (
	// Holds is from a Gateway or ListenerSet to one of its listeners, and from a Gateway to a ListenerSet that wants to be attached.
	Holds Relation = "holds"
	// Serves is from a listener to a route that is attached, or from what its parentRef names if no listener comes into question.
	Serves Relation = "serves"
	// Forwards is from a route to a backend, Mirrors to one that gets copies of requests, and Extends to what an ExtensionRef names.
	Forwards Relation = "forwards"
	Mirrors  Relation = "mirrors"
	Extends  Relation = "extends"
	// Presents is from a listener or Gateway to a certificate of its own.
	Presents Relation = "presents"
	// Trusts is from a listener or policy to certificates of authorities.
	Trusts Relation = "trusts"
	// Secures is from a BackendTLSPolicy to a Service.
	Secures Relation = "secures"
	// Permits is from a ReferenceGrant to what some edge's From may refer to thanks to it.
	Permits Relation = "permits"
)

// Edge leads from one node to another.
type Edge struct {
	// From and To are ids.
	From, To string
	Relation Relation
	// Detail says more in a few words: the backend's port.
	Detail string
	// Grant is the id of the ReferenceGrant that allows the edge to cross namespaces; else "".
	Grant string
	State State
	// Reason is the code of why the edge is not OK.
	Reason string
	// Pos is where the reference stands.
	Pos diag.Pos
}

// label returns what is written beside the edge, line by line.
func (e Edge) label(grants map[string]Node) []string {
	var lines []string
	if e.Detail != "" {
		lines = append(lines, e.Detail)
	}
	if g, ok := grants[e.Grant]; ok {
		lines = append(lines, "by "+g.Kind+" "+g.Namespace+"/"+g.Name)
	}
	if e.Reason != "" {
		lines = append(lines, e.Reason)
	}
	return lines
}

// label returns what is written into the node, line by line.
func (n Node) label() []string {
	lines := []string{n.Kind + " " + n.Name}
	for _, s := range []string{n.Detail, n.Reason} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	return lines
}

// grants returns the nodes that an edge's Grant may name.
func (d Drawing) grants() map[string]Node {
	out := map[string]Node{}
	for _, n := range d.Nodes {
		if n.Kind == "ReferenceGrant" {
			out[n.ID] = n
		}
	}
	return out
}

// namespaces calls draw with each namespace and its nodes, those without a namespace first.
func (d Drawing) namespaces(draw func(namespace string, nodes []Node)) {
	for rest := d.Nodes; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(n Node) bool { return n.Namespace != rest[0].Namespace })
		if n < 0 {
			n = len(rest)
		}
		draw(rest[0].Namespace, rest[:n])
		rest = rest[n:]
	}
}

// sorted returns a Drawing of nodes by id, and of edges without repetitions.
func sorted(nodes map[string]Node, edges []Edge) Drawing {
	d := Drawing{Nodes: slices.Collect(maps.Values(nodes)), Edges: edges}
	slices.SortFunc(d.Nodes, func(a, b Node) int { return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(d.Edges, func(a, b Edge) int { return cmp.Or(a.compare(b), a.Pos.Compare(b.Pos)) })
	d.Edges = slices.CompactFunc(d.Edges, func(a, b Edge) bool { return a.compare(b) == 0 })
	return d
}

// compare orders edges by all that they say but for where: the references of several rules to one backend are one edge.
func (e Edge) compare(o Edge) int {
	return cmp.Or(cmp.Compare(e.From, o.From), cmp.Compare(e.To, o.To), cmp.Compare(e.Relation, o.Relation),
		cmp.Compare(e.Detail, o.Detail), cmp.Compare(e.Reason, o.Reason), cmp.Compare(e.Grant, o.Grant))
}
