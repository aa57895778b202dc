package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/route"
)

// find looks up the manifests behind Kong's route.
func (t *trace) find(g *bind.Graph) {
	origin := t.Match.Route.Origin()
	r, ok := g.Route(manifest.Ref{
		Group: gatewayv1.GroupName, Kind: origin.Object.Kind, Namespace: origin.Object.Namespace, Name: origin.Object.Name,
	})
	if !ok {
		return
	}
	t.route = r
	var index int
	if _, err := fmt.Sscanf(origin.Field, "spec.rules[%d]", &index); err == nil && index < len(r.Rules) {
		t.rule = &r.Rules[index]
	}
	t.listener = listenerOf(r, t.Routed)
}

// listenerOf returns the listener of a route that a request is for: of the request's protocol, of its port if one is, with the most
// specific hostname that covers its host.
func listenerOf(r *bind.Route, req route.Request) *bind.Listener {
	host := strings.ToLower(strings.Split(req.Host, ":")[0])
	protocol := map[string]gatewayv1.ProtocolType{"http": gatewayv1.HTTPProtocolType, "https": gatewayv1.HTTPSProtocolType}[req.Protocol]
	var best *bind.Listener
	rank := func(l *bind.Listener) int {
		n := len(l.Hostname)
		if l.Spec.Port == int32(req.DstPort) {
			n += 1 << 10 // more than a hostname is long
		}
		return n
	}
	for _, b := range r.Bindings() {
		l := b.Listener
		if _, ok := bind.Intersect(host, l.Hostname); l.Spec.Protocol == protocol && ok && (best == nil || rank(l) > rank(best)) {
			best = l
		}
	}
	return best
}

// writeText prints the trace for people.
func (t trace) writeText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s://%s%s\n\n", t.request.Method, t.Routed.Protocol, diag.Printable(t.request.Host),
		diag.Printable(t.request.RequestURI))
	line := func(name, text string, pos diag.Pos) {
		at := ""
		if !pos.IsZero() {
			at = "  " + pos.String()
		}
		fmt.Fprintf(&b, "  %-9s %s%s\n", name, diag.Printable(text), diag.Printable(at))
	}
	if l := t.listener; l != nil {
		line("Gateway", fmt.Sprintf("%s, listener %s", l.Object.Ref, l), l.Pos)
	}
	if e := t.Match.Route; !e.IsZero() {
		if o := e.Origin(); o.Object.Name != "" {
			line("Route", o.Object.String()+", "+o.Field, o.Pos)
		}
		line("Kong", "route "+nameOf(e)+serviceOf(t.Match), diag.Pos{})
	}
	for _, p := range t.Plugins {
		line("Plugin", p.Text("name"), p.Origin().Pos)
	}
	for _, s := range t.Sent {
		if s.Copy {
			line("Copy to", s.Backend, diag.Pos{})
		} else {
			line("Backend", s.Backend+t.servicesAt(), diag.Pos{})
		}
		fmt.Fprintf(&b, "\n    %s %s %s\n    Host: %s\n", s.Method, diag.Printable(s.Target), t.version(), diag.Printable(s.Host))
		for _, name := range slices.Sorted(maps.Keys(s.Header)) {
			for _, v := range s.Header[name] {
				fmt.Fprintf(&b, "    %s: %s\n", diag.Printable(name), diag.Printable(v))
			}
		}
	}
	if len(t.Sent) == 0 {
		line("Answer", t.answer(), diag.Pos{})
	}
	t.writeCandidates(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// version returns the version of HTTP that Kong speaks to the backend.
func (t trace) version() string {
	if strings.HasPrefix(t.Match.Service.Text("protocol"), "grpc") {
		return "HTTP/2"
	}
	return "HTTP/1.1"
}

func nameOf(e kong.Entity) string { return cmp.Or(e.Name(), e.ID()) }

func serviceOf(m route.Match) string {
	if m.Service.IsZero() {
		return ", without a service"
	}
	return ", service " + nameOf(m.Service)
}

// servicesAt names the backends of the rule.
func (t trace) servicesAt() string {
	if t.rule == nil {
		return ""
	}
	return ": " + answererOf(t.rule)
}

// answer says what Kong answers by itself.
func (t trace) answer() string {
	s := fmt.Sprintf("%d", t.Status)
	if l := t.Header.Get("Location"); l != "" {
		return s + " to " + l
	}
	if status := t.Header.Get("Grpc-Status"); status != "" {
		return s + ", grpc-status " + status + ": " + t.Header.Get("Grpc-Message")
	}
	var body struct{ Message string }
	if json.Unmarshal(t.Body, &body) == nil && body.Message != "" {
		s += ": " + body.Message
	}
	return s
}

// writeCandidates prints the routes that Kong tries. Unless all are asked for, only those that come closest to a request which none
// takes.
func (t trace) writeCandidates(b *strings.Builder) {
	if t.untried != "" {
		fmt.Fprintf(b, "\n%s\n", diag.Printable(t.untried))
		return
	}
	const few = 3
	shown := t.candidates
	if !t.all && len(shown) > few {
		shown = shown[:few]
	}
	if len(t.candidates) > 0 {
		fmt.Fprintln(b, "\nRoutes in the order in which Kong tries them:")
	}
	for _, c := range shown {
		outcome := "matches"
		switch {
		case !c.Matched:
			outcome = "does not match: " + c.Failed.String()
		case c.Lost != "":
			outcome = "matches too, but " + c.Lost
		}
		at := ""
		if pos := c.Route.Origin().Pos; !pos.IsZero() {
			at = " (" + pos.String() + ")"
		}
		fmt.Fprintf(b, "  %s%s\n    %s\n", diag.Printable(nameOf(c.Route)), diag.Printable(at), diag.Printable(outcome))
	}
	if more := len(t.candidates) - len(shown); more > 0 {
		fmt.Fprintf(b, "  and %d more: see --all\n", more)
	}
}

// The JSON form of a trace.
type (
	traceJSON struct {
		head
		Request    sentJSON        `json:"request"`
		Gateway    *originJSON     `json:"gateway,omitempty"`
		Listener   string          `json:"listener,omitempty"`
		Route      *originJSON     `json:"route,omitempty"`
		Kong       *kongJSON       `json:"kong,omitempty"`
		Sent       []sentJSON      `json:"sent"`
		Status     int             `json:"status"`
		Location   string          `json:"location,omitempty"`
		GRPCStatus string          `json:"grpc_status,omitempty"` // unless a backend has it to say
		Candidates []candidateJSON `json:"candidates,omitempty"`
	}
	originJSON struct {
		Object string `json:"object"`
		Field  string `json:"field,omitempty"`
		placeJSON
	}
	kongJSON struct {
		Route   string   `json:"route"`
		Service string   `json:"service,omitempty"`
		Plugins []string `json:"plugins,omitempty"`
	}
	sentJSON struct {
		Backend string              `json:"backend,omitempty"`
		Method  string              `json:"method"`
		Path    string              `json:"path"`
		Host    string              `json:"host"`
		Headers map[string][]string `json:"headers,omitempty"`
	}
	candidateJSON struct {
		Route   string `json:"route"`
		Matched bool   `json:"matched"`
		Why     string `json:"why,omitempty"`
	}
)

// writeJSON prints the trace for programs.
func (t trace) writeJSON(w io.Writer) error {
	out := traceJSON{
		head:    headOf("trace"),
		Request: sentJSON{Method: t.request.Method, Path: t.request.RequestURI, Host: t.request.Host, Headers: t.request.Header},
		Sent:    []sentJSON{}, Status: t.Status, Location: t.Header.Get("Location"),
	}
	if len(t.Sent) == 0 {
		out.GRPCStatus = t.Header.Get("Grpc-Status")
	}
	if l := t.listener; l != nil {
		out.Gateway, out.Listener = &originJSON{Object: l.Object.Ref.String(), placeJSON: placeJSON(l.Pos)}, l.Name()
	}
	if e := t.Match.Route; !e.IsZero() {
		out.Kong = &kongJSON{Route: nameOf(e), Service: t.Match.Service.Name()}
		for _, p := range t.Plugins {
			out.Kong.Plugins = append(out.Kong.Plugins, p.Text("name"))
		}
		if o := e.Origin(); o.Object.Name != "" {
			out.Route = &originJSON{o.Object.String(), o.Field, placeJSON(o.Pos)}
		}
	}
	for _, s := range t.Sent {
		out.Sent = append(out.Sent, sentJSON{s.Backend, s.Method, s.Target, s.Host, s.Header})
	}
	for _, c := range t.candidates {
		why := c.Lost
		if !c.Matched {
			why = c.Failed.String()
		}
		out.Candidates = append(out.Candidates, candidateJSON{nameOf(c.Route), c.Matched, why})
	}
	return writeJSON(w, out)
}
