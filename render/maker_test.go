package render_test

import (
	"fmt"
	"hash/fnv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/route"
)

// maker makes up clusters and requests from bytes: each is a choice. When they run out, it goes on with numbers that follow from all of
// them.
type maker struct {
	data []byte
	next uint64
}

func newMaker(data []byte) *maker {
	h := fnv.New64a()
	_, _ = h.Write(data)
	return &maker{data, h.Sum64()}
}

// below returns a number from 0 to n-1.
func (m *maker) below(n int) int {
	if len(m.data) > 0 {
		b := m.data[0]
		m.data = m.data[1:]
		return int(b) % n
	}
	m.next = m.next*6364136223846793005 + 1442695040888963407
	return int((m.next >> 33) % uint64(n))
}

func pick[T any](m *maker, list ...T) T { return list[m.below(len(list))] }

// some returns each of the list with a chance of one in n.
func some[T any](m *maker, n int, list ...T) []T {
	var out []T
	for _, e := range list {
		if m.below(n) == 0 {
			out = append(out, e)
		}
	}
	return out
}

var (
	namespaces = []string{"default", "other"}
	doors      = []gatewayv1.Listener{
		{Port: 80, Protocol: gatewayv1.HTTPProtocolType}, {Port: 8080, Protocol: gatewayv1.HTTPProtocolType},
		{Port: 443, Protocol: gatewayv1.HTTPSProtocolType},
	}
	hostnames = []gatewayv1.Hostname{
		"a.example.com", "b.example.com", "*.example.com", "a.b.example.com", "*.b.example.com", "*.com", "b.example.net",
	}
)

func (m *maker) cluster() cluster {
	c := cluster{services: []string{"a", "b"}}
	for i := range 1 + m.below(4)/3 {
		c.gateways = append(c.gateways, &gatewayv1.Gateway{
			TypeMeta:   metav1.TypeMeta{APIVersion: gatewayv1.GroupVersion.String(), Kind: "Gateway"},
			ObjectMeta: metav1.ObjectMeta{Namespace: namespaces[0], Name: fmt.Sprint("g", i)},
			Spec:       gatewayv1.GatewaySpec{GatewayClassName: "kong"},
		})
	}
	m.listeners(c.gateways)
	for _, g := range c.gateways[1:] {
		if m.below(2) == 0 {
			g.Kind = "ListenerSet" // for one of the first Gateway
		}
	}
	for i := range 1 + m.below(4) {
		c.routes = append(c.routes, m.route(i, c.gateways))
	}
	return c
}

// listeners gives each Gateway some that are distinct from all others.
func (m *maker) listeners(gateways []*gatewayv1.Gateway) {
	taken := map[string]bool{}
	open := doors[:1+m.below(len(doors))] // often one port, so that listeners have to share it
	for _, g := range gateways {
		for i := 0; i < 1+m.below(3) || i == 0; i++ {
			l := pick(m, open...)
			if h := pick(m, append([]gatewayv1.Hostname{"", ""}, hostnames...)...); h != "" {
				l.Hostname = &h
			}
			for taken[fmt.Sprint(l.Port, hostnameOf(&l))] {
				l.Hostname = nil
				if l.Port++; l.Protocol == gatewayv1.HTTPSProtocolType {
					l.Port += 1000
				}
			}
			taken[fmt.Sprint(l.Port, hostnameOf(&l))] = true
			l.Name = gatewayv1.SectionName(fmt.Sprint("l", i))
			all := gatewayv1.NamespacesFromAll
			l.AllowedRoutes = &gatewayv1.AllowedRoutes{Namespaces: &gatewayv1.RouteNamespaces{From: &all}}
			if l.Protocol == gatewayv1.HTTPSProtocolType {
				l.TLS = &gatewayv1.ListenerTLSConfig{CertificateRefs: []gatewayv1.SecretObjectReference{{Name: "certificate"}}}
			}
			g.Spec.Listeners = append(g.Spec.Listeners, l)
		}
	}
}

func (m *maker) route(i int, gateways []*gatewayv1.Gateway) *gatewayv1.HTTPRoute {
	r := &gatewayv1.HTTPRoute{
		TypeMeta:   metav1.TypeMeta{APIVersion: gatewayv1.GroupVersion.String(), Kind: "HTTPRoute"},
		ObjectMeta: metav1.ObjectMeta{Namespace: pick(m, namespaces...), Name: fmt.Sprint("r", 9-i)},
	}
	g := pick(m, gateways...)
	ns := gatewayv1.Namespace(g.Namespace)
	kind := gatewayv1.Kind(g.Kind)
	parent := gatewayv1.ParentReference{Kind: &kind, Name: gatewayv1.ObjectName(g.Name), Namespace: &ns}
	switch l := pick(m, g.Spec.Listeners...); m.below(4) {
	case 0:
		parent.SectionName = &l.Name
	case 1:
		parent.Port = &l.Port
	}
	r.Spec.ParentRefs = []gatewayv1.ParentReference{parent}
	if m.below(2) == 0 {
		r.Spec.Hostnames = some(m, 3, hostnames...)
	}
	if m.below(5) == 0 {
		m.upgrades(r, g)
		return r
	}
	for range 1 + m.below(3) {
		r.Spec.Rules = append(r.Spec.Rules, m.rule())
	}
	return r
}

// upgrades makes a route one that sends all requests of an HTTP listener to HTTPS, as is usual beside routes of HTTPS listeners.
func (m *maker) upgrades(r *gatewayv1.HTTPRoute, g *gatewayv1.Gateway) {
	r.Spec.Rules = []gatewayv1.HTTPRouteRule{{Filters: []gatewayv1.HTTPRouteFilter{m.upgrade()}}}
	for _, l := range g.Spec.Listeners {
		if l.Protocol == gatewayv1.HTTPProtocolType {
			r.Spec.ParentRefs[0].SectionName, r.Spec.ParentRefs[0].Port = &l.Name, nil
		}
	}
}

// upgrade returns a redirect to HTTPS and nothing else.
func (m *maker) upgrade() gatewayv1.HTTPRouteFilter {
	scheme, status := "https", pick(m, 301, 301, 302, 308, 303)
	return gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterRequestRedirect,
		RequestRedirect: &gatewayv1.HTTPRequestRedirectFilter{Scheme: &scheme, StatusCode: &status}}
}

func (m *maker) rule() gatewayv1.HTTPRouteRule {
	r := gatewayv1.HTTPRouteRule{}
	for range m.below(3) {
		r.Matches = append(r.Matches, m.match())
	}
	port, none := gatewayv1.PortNumber(80), int32(0)
	backend := func(name string, weight *int32) []gatewayv1.HTTPBackendRef {
		return []gatewayv1.HTTPBackendRef{{BackendRef: gatewayv1.BackendRef{
			BackendObjectReference: gatewayv1.BackendObjectReference{Name: gatewayv1.ObjectName(name), Port: &port}, Weight: weight,
		}}}
	}
	kind := m.below(9 * filterings)
	switch kind % 9 {
	case 0:
		r.BackendRefs = backend("gone", nil)
	case 1:
	case 2:
		r.BackendRefs = backend("a", &none)
	case 3:
		r.Filters = []gatewayv1.HTTPRouteFilter{m.redirect(r.Matches)}
	case 4:
		r.Filters = []gatewayv1.HTTPRouteFilter{m.upgrade()}
	case 5, 6:
		r.BackendRefs = backend("b", nil)
	default:
		r.BackendRefs = backend("a", nil)
	}
	if kind%9 > 4 {
		r.Filters = filtering(kind/9, r.Matches)
	}
	return r
}

func (m *maker) match() gatewayv1.HTTPRouteMatch {
	out := gatewayv1.HTTPRouteMatch{}
	const prefix, exact, regex = gatewayv1.PathMatchPathPrefix, gatewayv1.PathMatchExact, gatewayv1.PathMatchRegularExpression
	kind := pick(m, prefix, prefix, exact, regex)
	value := pick(m, "/", "/", "/a", "/a/", "/a/b", "/ab", "/A", "/a.b", "/%61b")
	if kind == regex {
		value = pick(m, "/a", "/a$", "/[ab]+", "/.*", "/a|/b", "/(a|ab)/b", "/A?", "b", `/\w`)
	}
	if m.below(8) > 0 {
		out.Path = &gatewayv1.HTTPPathMatch{Type: &kind, Value: &value}
	}
	if m.below(3) == 0 {
		method := pick(m, gatewayv1.HTTPMethodGet, gatewayv1.HTTPMethodPost)
		out.Method = &method
	}
	if m.below(3) == 0 {
		for _, name := range some(m, 2, gatewayv1.HTTPHeaderName("x-a"), "X-A", "x-b") {
			h := gatewayv1.HTTPHeaderMatch{Name: name, Value: pick(m, "1", "2", "v", "V", "~*1", "1,2")}
			if m.below(4) == 0 {
				kind := gatewayv1.HeaderMatchRegularExpression
				h.Type, h.Value = &kind, pick(m, "1", "^[12]$", "V", ".+", `\d`, `\D`, ".*", "^$")
			}
			out.Headers = append(out.Headers, h)
		}
	}
	if m.below(5) == 0 {
		for _, name := range some(m, 2, gatewayv1.HTTPHeaderName("q"), "Q", "q-x", "q.x", "Q-X") {
			p := gatewayv1.HTTPQueryParamMatch{Name: name, Value: pick(m, "1", "2", "a b", "A", "true", "1,2")}
			if m.below(4) == 0 {
				kind := gatewayv1.QueryParamMatchRegularExpression
				p.Type, p.Value = &kind, pick(m, "1", "^[12]$", ".+", ".*", "^t")
			}
			out.QueryParams = append(out.QueryParams, p)
		}
	}
	return out
}

// requests are made of what routes ask for, and of what comes near it. Some come to a port for TLS that no listener has.
func (m *maker) requests(c cluster, n int) []route.Request {
	var ports []gatewayv1.Listener
	for _, g := range c.gateways {
		ports = append(ports, g.Spec.Listeners...)
	}
	var out []route.Request
	for range n {
		q := route.Request{}
		l := pick(m, ports...)
		q.Protocol, q.DstPort = strings.ToLower(string(l.Protocol)), uint16(l.Port)
		if m.below(16) == 0 {
			q.Protocol, q.DstPort = "https", 8443
		}
		q.Host = pick(m, "a.example.com", "b.example.com", "c.example.com", "a.b.example.com", "c.b.example.com", "b.example.net",
			"example.com", "b.com", "unknown.example.org", "10.0.0.1", "A.Example.COM", "a.example.com.", "xexample.com")
		if q.Protocol == "https" && m.below(8) > 0 {
			q.SNI = strings.ToLower(q.Host)
		}
		switch m.below(8) {
		case 0:
			q.Host += pick(m, ":80", ":443", ":8080", ":1")
		case 1:
			q.Host, q.SNI, q.Version = "", "", "HTTP/1.0"
		}
		q.Method = pick(m, "GET", "GET", "POST", "PUT")
		q.Target = pick(m, "/", "/a", "/a/", "/a/b", "/ab", "/A", "/a.b", "/a/b/c", "/b", "/%61", "/a%2Fb", "/a%2fb", "//a", "/a/../b", "/./a/",
			"/axb", "/a//b", "/aa", "/a/.", "/a%20b")
		q.Target += pick(m, "", "", "", "?", "?q=1", "?q=2", "?Q=1", "?q=1&Q=2", "?q=a+b", "?q=a%20b", "?q", "?Q=a", "?q=", "?q=true",
			"?q=1,2", "?q=1&q=2", "?q=2&q=1", "?q-x=1", "?q-x=2&Q-X=1", "?q-x=A&q.x=a", "?q-x", "?q%2Dx=1", "?q.x=1,2&q=1")
		for _, name := range some(m, 2, "x-a", "X-B", "X-A") {
			q.Header = append(q.Header, [2]string{name, pick(m, "1", "2", "v", "V", "11", "~*1", "", "1,2")})
		}
		if m.below(8) == 0 {
			q.Header = append(q.Header, [2]string{pick(m, "GwsyncPort", "gwsyncport", "Gwsync_Port", "GwsyncMethod", "GwsyncQueryq",
				"GwsyncQueryqx2dx", "gwsynctextq"), pick(m, "80", "8080", "443", "GET", "1", "%41")})
		}
		out = append(out, q)
	}
	return out
}
