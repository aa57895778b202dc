package render_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/route"
)

// FuzzStreamEquivalence does for streams what FuzzEquivalence does for requests: a second reading of the Gateway API's text says whose a
// connection is, and Kong's router on what is rendered agrees, at once and after all connections before, or a finding says why not.
func FuzzStreamEquivalence(f *testing.F) {
	for seed := range byte(192) {
		sum := sha256.Sum256([]byte{'s', seed})
		f.Add(sum[:])
	}
	certificate := secret(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		m := newMaker(data)
		c := m.streamCluster()
		connections := m.connections(c, 32)
		for _, flavor := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
			c.check(t, flavor, certificate, connections)
		}
	})
}

// streamCluster is a Gateway with listeners for streams, and routes attached to it. Of a route only what all kinds have is used.
type streamCluster struct {
	gateway *gatewayv1.Gateway
	routes  []*streamRoute
}

// String shows the listeners and routes.
func (c streamCluster) String() string {
	var b strings.Builder
	for _, l := range c.gateway.Spec.Listeners {
		fmt.Fprintf(&b, "listener %s %s:%d %q\n", l.Name, l.Protocol, l.Port, hostnameOf(&l))
	}
	for _, r := range c.routes {
		parent, _ := json.Marshal(r.parent)
		fmt.Fprintf(&b, "%s parent %s hostnames %q backend %s\n", r, parent, r.hostnames, r.backend)
	}
	return b.String()
}

type streamRoute struct {
	kind, namespace, name string
	parent                gatewayv1.ParentReference
	hostnames             []gatewayv1.Hostname
	backend               string // "gone" does not exist
}

func (r *streamRoute) String() string { return r.kind + " " + r.namespace + "/" + r.name }

// streamAnswer is whose a connection is; zero if Kong is to close it.
type streamAnswer struct {
	route   string
	passed  bool   // TLS goes through as it is
	backend string // "" where it is refused
}

// is reports whether Kong does as it is to. A TCPRoute and a UDPRoute that lead from one port to the same backend may stand for each other.
func (a streamAnswer) is(got streamAnswer) bool {
	plain := func(s string) bool { return strings.HasPrefix(s, "TCPRoute ") || strings.HasPrefix(s, "UDPRoute ") }
	return a == got || plain(a.route) && plain(got.route) && a.backend == got.backend
}

// answer decides. The listener is the one of the port whose hostname is the most specific for the server name. Of its routes the one with
// the most specific hostname has the connection; of several with the same, or of routes without, the first by namespace and name.
func (c streamCluster) answer(q route.Request) streamAnswer {
	at := c.listener(q)
	if at == nil || q.Protocol == "tls" && q.SNI == "" {
		return streamAnswer{}
	}
	var best *streamRoute
	host := ""
	for _, r := range c.routes { // by namespace and name
		h, ok := r.serves(at, strings.ToLower(q.SNI))
		if ok && (best == nil || compareHostnames(h, host) > 0) {
			best, host = r, h
		}
	}
	if best == nil {
		return streamAnswer{}
	}
	out := streamAnswer{route: best.String(), passed: at.TLS != nil && at.TLS.Mode != nil && *at.TLS.Mode == gatewayv1.TLSModePassthrough}
	if best.backend != "gone" {
		out.backend = best.backend + "." + best.namespace
	}
	return out
}

func (c streamCluster) listener(q route.Request) (at *gatewayv1.Listener) {
	for i := range c.gateway.Spec.Listeners {
		l := &c.gateway.Spec.Listeners[i]
		if strings.ToLower(string(l.Protocol)) == q.Protocol && l.Port == int32(q.DstPort) && covers(hostnameOf(l), strings.ToLower(q.SNI)) &&
			(at == nil || compareHostnames(hostnameOf(l), hostnameOf(at)) > 0) {
			at = l
		}
	}
	return at
}

// serves returns the most specific hostname for a server name that the route and the listener have in common.
func (r *streamRoute) serves(l *gatewayv1.Listener, sni string) (best string, ok bool) {
	if r.kind != string(l.Protocol)+"Route" || r.parent.SectionName != nil && *r.parent.SectionName != l.Name ||
		r.parent.Port != nil && *r.parent.Port != l.Port {
		return "", false
	}
	if r.kind != "TLSRoute" {
		return "", true
	}
	for _, h := range r.hostnames {
		common := string(h)
		if compareHostnames(hostnameOf(l), common) > 0 {
			common = hostnameOf(l)
		}
		if covers(string(h), sni) && (!ok || compareHostnames(common, best) > 0) {
			best, ok = common, true
		}
	}
	return best, ok
}

func (m *maker) streamCluster() streamCluster {
	all := gatewayv1.NamespacesFromAll
	c := streamCluster{gateway: &gatewayv1.Gateway{
		TypeMeta:   metav1.TypeMeta{APIVersion: gatewayv1.GroupVersion.String(), Kind: "Gateway"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespaces[0], Name: "g"},
		Spec:       gatewayv1.GatewaySpec{GatewayClassName: "kong"},
	}}
	taken := map[string]bool{}
	for i := range 1 + m.below(6) {
		l := pick(m, gatewayv1.Listener{Protocol: gatewayv1.TLSProtocolType, Port: 443},
			gatewayv1.Listener{Protocol: gatewayv1.TLSProtocolType, Port: 443},
			gatewayv1.Listener{Protocol: gatewayv1.TLSProtocolType, Port: 8443}, gatewayv1.Listener{Protocol: gatewayv1.TCPProtocolType, Port: 9000},
			gatewayv1.Listener{Protocol: gatewayv1.TCPProtocolType, Port: 53}, gatewayv1.Listener{Protocol: gatewayv1.UDPProtocolType, Port: 53},
			gatewayv1.Listener{Protocol: gatewayv1.UDPProtocolType, Port: 443})
		if l.Protocol == gatewayv1.TLSProtocolType {
			mode := pick(m, gatewayv1.TLSModePassthrough, gatewayv1.TLSModeTerminate)
			l.TLS = &gatewayv1.ListenerTLSConfig{Mode: &mode}
			if mode == gatewayv1.TLSModeTerminate {
				l.TLS.CertificateRefs = []gatewayv1.SecretObjectReference{{Name: "certificate"}}
			}
			if h := pick(m, append([]gatewayv1.Hostname{"", ""}, hostnames...)...); h != "" {
				l.Hostname = &h
			}
		}
		key := fmt.Sprint(l.Port, l.Protocol == gatewayv1.UDPProtocolType, hostnameOf(&l))
		if taken[key] {
			continue
		}
		taken[key] = true
		l.Name = gatewayv1.SectionName(fmt.Sprint("l", i))
		l.AllowedRoutes = &gatewayv1.AllowedRoutes{Namespaces: &gatewayv1.RouteNamespaces{From: &all}}
		c.gateway.Spec.Listeners = append(c.gateway.Spec.Listeners, l)
	}
	for i := range 1 + m.below(6) {
		c.routes = append(c.routes, m.streamRoute(fmt.Sprint("r", i), c.gateway.Spec.Listeners))
	}
	slices.SortFunc(c.routes, func(a, b *streamRoute) int {
		return strings.Compare(a.namespace+"/"+a.name, b.namespace+"/"+b.name)
	})
	return c
}

func (m *maker) streamRoute(name string, listeners []gatewayv1.Listener) *streamRoute {
	ns := gatewayv1.Namespace(namespaces[0])
	l := pick(m, listeners...)
	r := &streamRoute{
		kind: string(l.Protocol) + "Route", namespace: pick(m, namespaces...), name: name, backend: pick(m, "a", "b", "gone"),
		parent: gatewayv1.ParentReference{Name: "g", Namespace: &ns},
	}
	switch m.below(3) {
	case 0:
		r.parent.SectionName = &l.Name
	case 1:
		r.parent.Port = &l.Port
	}
	if r.kind == "TLSRoute" {
		if r.hostnames = some(m, 3, hostnames...); len(r.hostnames) == 0 {
			r.hostnames = hostnames[:1]
		}
	}
	return r
}

// connections are for listeners. What no listener of its port is for may get to a route of another port, see the package comment.
func (m *maker) connections(c streamCluster, n int) []route.Request {
	var out []route.Request
	for range n {
		l := pick(m, c.gateway.Spec.Listeners...)
		q := route.Request{Protocol: strings.ToLower(string(l.Protocol)), DstPort: uint16(l.Port)}
		q.SrcIP, q.DstIP = netip.MustParseAddr(pick(m, "192.0.2.1", "2001:db8::1")), netip.MustParseAddr(pick(m, "192.0.2.2", "2001:db8::2"))
		if q.Protocol == "tls" {
			q.SNI = pick(m, "a.example.com", "b.example.com", "c.example.com", "a.b.example.com", "c.b.example.com", "b.example.net", "b.com", "",
				"example.com", "A.Example.COM")
		}
		if q.SNI == "" || c.listener(q) != nil {
			out = append(out, q)
		}
	}
	return out
}

func (c streamCluster) check(t *testing.T, flavor kong.Flavor, certificate *corev1.Secret, connections []route.Request) {
	t.Helper()
	in := fstest.MapFS{"all.json": &fstest.MapFile{Data: c.encode(t, certificate)}}
	result, err := render.Render([]manifest.Input{{FS: in, Path: "."}}, render.Options{
		Target: render.Target{Flavor: flavor, AllowUnresolved: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	router, err := route.New(result.State, flavor)
	if err != nil {
		t.Fatalf("%v\n%s", err, result.State)
	}
	cache := route.NewCache(router)
	for _, q := range connections {
		if flavor == kong.TraditionalCompatible && strings.ToLower(q.SNI) != q.SNI {
			continue // its server names tell cases apart, see the package comment
		}
		want := c.answer(q)
		for _, m := range []route.Match{router.Match(q), cache.Match(q)} {
			got := streamAnswerOf(m)
			if !want.is(got) && !excused(result.Findings, want, got) {
				t.Fatalf("%s: %s :%d %q goes to %+v\nwant %+v\nfindings:\n%s%s\n%s", flavor, q.Protocol, q.DstPort, q.SNI, got, want,
					lines(result.Findings), c, result.State)
			}
		}
	}
}

// streamAnswerOf returns what Kong's decision comes to.
func streamAnswerOf(m route.Match) streamAnswer {
	if m.Status != 0 || m.Route.IsZero() {
		return streamAnswer{}
	}
	o := m.Route.Origin().Object
	out := streamAnswer{route: o.Kind + " " + o.Namespace + "/" + o.Name, passed: m.Passthrough}
	if host := m.Service.Text("host"); host != "127.0.0.1" {
		out.backend = strings.TrimSuffix(host, ".svc")
	}
	return out
}

// excused reports whether a finding says beforehand that Kong serves the one route in place of the other: an error about either, or that a
// route is also served elsewhere.
func excused(l diag.List, want, got streamAnswer) bool {
	return slices.ContainsFunc(l, func(f diag.Finding) bool {
		o := f.Object.Kind + " " + f.Object.Namespace + "/" + f.Object.Name
		return f.Code == bind.UnsupportedValue && f.Severity == diag.Error && (o == want.route || o == got.route) ||
			f.Code == render.ServedElsewhere && o == got.route
	})
}

// encode returns the cluster as a manifest.
func (c streamCluster) encode(t *testing.T, certificate *corev1.Secret) []byte {
	t.Helper()
	items := []any{certificate, c.gateway}
	for _, ns := range namespaces {
		for _, name := range []string{"a", "b"} {
			items = append(items, &corev1.Service{
				TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
				ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
				Spec: corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{
					{Name: "t", Port: 80}, {Name: "u", Port: 80, Protocol: corev1.ProtocolUDP},
				}},
			})
		}
	}
	for _, r := range c.routes {
		spec := map[string]any{
			"parentRefs": []any{r.parent},
			"rules":      []any{map[string]any{"backendRefs": []any{map[string]any{"name": r.backend, "port": 80}}}},
		}
		if r.hostnames != nil {
			spec["hostnames"] = r.hostnames
		}
		items = append(items, map[string]any{
			"apiVersion": gatewayv1.GroupVersion.String(), "kind": r.kind,
			"metadata": map[string]any{"namespace": r.namespace, "name": r.name}, "spec": spec,
		})
	}
	out, err := json.MarshalIndent(map[string]any{"apiVersion": "v1", "kind": "List", "items": items}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return out
}
