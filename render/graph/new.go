package graph

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/manifest"
)

// New returns the drawing of g, the Graph of the objects in s: all of its Gateways, ListenerSets, routes and policies, and what they
// refer to. It takes time linear in the size of g, but for sorting.
func New(s manifest.Set, g *bind.Graph) Drawing {
	d := drawer{set: s, nodes: map[string]Node{}}
	for _, gw := range g.Gateways {
		d.gateway(gw)
	}
	for _, s := range g.ListenerSets {
		d.listenerSet(s)
	}
	for _, r := range g.Routes {
		d.route(r)
	}
	for _, p := range g.Policies {
		d.policy(p)
	}
	return sorted(d.nodes, d.edges)
}

// drawer collects nodes and edges.
type drawer struct {
	set   manifest.Set
	nodes map[string]Node
	edges []Edge
}

// ID returns the id of the node of an object: printable ASCII, without spaces, quotes and backslashes, and another for each object.
func ID(r manifest.Ref) string {
	kind := r.Kind
	if r.Group != "" && r.Group != gatewayv1.GroupName {
		kind += "." + r.Group
	}
	return joined(kind, r.Namespace, r.Name)
}

// joined returns an id of parts, whatever they hold.
func joined(parts ...string) string {
	var escaped []string
	for _, p := range parts {
		escaped = append(escaped, url.PathEscape(p))
	}
	return strings.Join(escaped, "/")
}

// object draws an object and returns its id. What is known to be there or not replaces what is only named.
func (d *drawer) object(r manifest.Ref, n Node) string {
	n.ID, n.Kind, n.Namespace, n.Name = ID(r), r.Kind, r.Namespace, r.Name
	if o, ok := d.set.Get(r); ok {
		n.Pos = o.At("")
	}
	n.State = cmp.Or(n.State, stateOf(n.Reason))
	if old, ok := d.nodes[n.ID]; !ok || old.Reason == "" && old.Detail == "" {
		d.nodes[n.ID] = n
	}
	return n.ID
}

// edge draws an edge, and the grant that allows it.
func (d *drawer) edge(e Edge, grant manifest.Ref) {
	e.State = cmp.Or(e.State, stateOf(e.Reason))
	if grant != (manifest.Ref{}) {
		e.Grant = d.object(grant, Node{})
		d.edges = append(d.edges, Edge{From: e.Grant, To: e.To, Relation: Permits, State: OK})
	}
	d.edges = append(d.edges, e)
}

func stateOf(reason string) State {
	switch reason {
	case "":
		return OK
	case bind.ForeignGateway, bind.ForeignParent:
		return Foreign
	}
	return Denied
}

func (d *drawer) gateway(gw *bind.Gateway) {
	reason := gw.Reason
	if reason == "" && !gw.Accepted() {
		reason = string(gatewayv1.GatewayReasonListenersNotValid)
	}
	id := d.object(gw.Object.Ref, Node{Reason: cmp.Or(reason, gw.ClientCertificateReason)})
	for _, l := range gw.Listeners {
		d.listener(id, l)
	}
	if c, ok := gw.RequiredCertificate(); ok {
		d.required(id, Presents, c)
	}
}

func (d *drawer) listenerSet(s *bind.ListenerSet) {
	id := d.object(s.Object.Ref, Node{Reason: s.Reason, State: stateOf(s.Reason)})
	parent := d.named(s.Target, s.Reason)
	d.edge(Edge{From: parent, To: id, Relation: Holds, Reason: s.Reason, Pos: s.Object.At("spec.parentRef")}, manifest.Ref{})
	for _, l := range s.Listeners {
		d.listener(id, l)
	}
}

// named draws what a parentRef names. Of what is not ours, or not there, nothing else is known.
func (d *drawer) named(r manifest.Ref, reason string) string {
	switch reason {
	case bind.ParentNotFound, bind.ForeignGateway, bind.ForeignParent:
		return d.object(r, Node{Reason: reason})
	}
	return d.object(r, Node{})
}

func listenerID(l *bind.Listener) string {
	return ID(l.Object.Ref) + "/" + joined(l.Name())
}

func (d *drawer) listener(holder string, l *bind.Listener) {
	n := Node{
		ID: listenerID(l), Kind: "Listener", Namespace: l.Object.Ref.Namespace, Name: l.Name(), Pos: l.Pos,
		Detail: fmt.Sprintf("%s :%d", l.Spec.Protocol, l.Spec.Port), Reason: cmp.Or(l.Rejected, l.Unresolved),
	}
	if l.Hostname != "" {
		n.Detail += " " + l.Hostname
	}
	n.State = stateOf(n.Reason)
	d.nodes[n.ID] = n
	d.edge(Edge{From: holder, To: n.ID, Relation: Holds, Pos: l.Pos}, manifest.Ref{})
	for _, c := range l.RequiredCertificates() {
		d.required(n.ID, Presents, c)
	}
	for _, c := range l.RequiredCAs() {
		d.required(n.ID, Trusts, c)
	}
}

func (d *drawer) required(from string, how Relation, r bind.Requirement) {
	d.edge(Edge{From: from, To: d.object(r.Target, Node{}), Relation: how, Reason: r.Reason, Pos: r.Pos}, r.Grant)
}

func (d *drawer) route(r *bind.Route) {
	n := Node{Detail: some(r.Hostnames)}
	if len(r.Parents) == 0 {
		n.Reason = bind.NoParentRefs
	}
	for _, rule := range r.Rules {
		n.Reason = cmp.Or(n.Reason, rule.Dropped)
	}
	id := d.object(r.Object.Ref, n)
	for i := range r.Parents {
		d.parent(id, &r.Parents[i])
	}
	for _, rule := range r.Rules {
		d.filters(id, rule.Filters)
		for i := range rule.Backends {
			d.backend(id, Forwards, &rule.Backends[i])
			d.filters(id, rule.Backends[i].Filters)
		}
	}
}

// parent draws where a parentRef attaches the route: the listeners that accept it, or, if none does, those that do not.
func (d *drawer) parent(route string, p *bind.Parent) {
	if len(p.Bindings) == 0 {
		d.edge(Edge{From: d.named(p.Target, p.Reason), To: route, Relation: Serves, Reason: p.Reason, Pos: p.Pos}, manifest.Ref{})
	}
	for _, b := range p.Bindings {
		reason := cmp.Or(b.Reason(), p.Reason)
		switch {
		case p.Accepted && !b.Accepted:
			continue
		case p.Accepted && b.Winner != nil:
			reason = bind.ShadowedRoute
		}
		d.edge(Edge{From: listenerID(b.Listener), To: route, Relation: Serves, Reason: reason, Pos: p.Pos}, manifest.Ref{})
	}
}

func (d *drawer) backend(route string, how Relation, b *bind.Backend) {
	var grant manifest.Ref
	n := Node{}
	if b.Service == nil && (b.Reason == bind.BackendNotFound || b.Reason == bind.InvalidKind) {
		n.Reason = b.Reason
	}
	e := Edge{From: route, To: d.object(b.Target, n), Relation: how, Reason: b.Reason, Pos: b.Pos}
	if b.Port != 0 {
		e.Detail = fmt.Sprintf("port %d", b.Port)
	}
	if b.Grant != nil {
		grant = *b.Grant
	}
	d.edge(e, grant)
}

func (d *drawer) filters(route string, filters []bind.Filter) {
	for _, f := range filters {
		if f.Mirror != nil {
			d.backend(route, Mirrors, f.Mirror)
		}
		if f.Extension != (manifest.Ref{}) {
			to := d.object(f.Extension, Node{Reason: f.Reason})
			d.edge(Edge{From: route, To: to, Relation: Extends, Reason: f.Reason, Pos: f.Pos}, manifest.Ref{})
		}
	}
}

func (d *drawer) policy(p *bind.BackendTLSPolicy) {
	id := d.object(p.Object.Ref, Node{Reason: cmp.Or(p.Reason, p.Unresolved)})
	for _, t := range p.Targets {
		e := Edge{From: id, To: d.object(t.Target, Node{}), Relation: Secures, Reason: t.Reason, Pos: t.Pos}
		if t.Section != "" {
			e.Detail = "port " + t.Section
		}
		d.edge(e, manifest.Ref{})
	}
	for _, c := range p.RequiredCAs() {
		d.required(id, Trusts, c)
	}
}

// some returns the first few of what may be many.
func some(words []string) string {
	const most = 3
	if len(words) > most {
		return strings.Join(words[:most], ", ") + fmt.Sprintf(" and %d more", len(words)-most)
	}
	return strings.Join(words, ", ")
}
