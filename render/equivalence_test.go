package render_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

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

// FuzzEquivalence makes up Gateways, routes and requests, and asks who answers: the Gateway API's text ([cluster.answer]), and Kong's
// router on what is rendered, in both flavors, at once and after all requests before; and where the rule has filters, where it redirects
// to, or what arrives at its backend. They agree, or a finding says why not (excuses).
func FuzzEquivalence(f *testing.F) {
	for seed := range byte(64) {
		sum := sha256.Sum256([]byte{seed})
		f.Add(sum[:])
	}
	certificate := secret(f)
	f.Fuzz(func(t *testing.T, data []byte) { checkMade(t, data, certificate) })
}

// BenchmarkEquivalence is [FuzzEquivalence] without a fuzzer's overhead, which makes it a hundred times as many cases, always the same for
// a -seed: with -benchtime 200000x it runs for an hour or so. It fails as soon as the two do not agree.
func BenchmarkEquivalence(b *testing.B) {
	certificate := secret(b)
	for i := range b.N {
		var data []byte
		for part := range 8 {
			sum := sha512.Sum512(fmt.Appendf(nil, "%d %d %d", *seed, i, part))
			data = append(data, sum[:]...)
		}
		checkMade(b, data, certificate)
	}
	b.ReportMetric(4*requestsOfCase, "requests/op")
}

var seed = flag.Int("seed", 1, "of the cases of BenchmarkEquivalence")

// requestsOfCase is how many requests each of the flavors answers, at once and after all others.
const requestsOfCase = 48

// checkMade checks what is made up from data.
func checkMade(t testing.TB, data []byte, certificate *corev1.Secret) {
	t.Helper()
	m := newMaker(data)
	c := m.cluster()
	manifests := encode(t, c, certificate)
	requests := m.requests(c, requestsOfCase)
	for _, flavor := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
		checkEquivalence(t, c, flavor, manifests, requests)
	}
}

// reading says what the Gateway API's text makes of manifests: whether it settles who answers a request, and who does.
type reading interface {
	fmt.Stringer
	settles(q route.Request) bool
	answer(q route.Request) answer
}

func checkEquivalence(t testing.TB, c reading, flavor kong.Flavor, manifests []byte, requests []route.Request) {
	t.Helper()
	in := fstest.MapFS{"all.json": &fstest.MapFile{Data: manifests}}
	result, err := render.Render([]manifest.Input{{FS: in, Path: "."}}, render.Options{
		Target: render.Target{Flavor: flavor, AllowUnresolved: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range divergences(t, c, flavor, result.State, requests) {
		if d.excuse(result.Findings) == "" {
			t.Fatalf("%s\nfindings:\n%s%s\n%s", d, lines(result.Findings), c, result.State)
		}
	}
}

// divergences returns the requests that Kong answers otherwise than the Gateway API has it.
func divergences(t testing.TB, c reading, flavor kong.Flavor, state kong.State, requests []route.Request) []divergence {
	t.Helper()
	router, err := route.New(state, flavor)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, c, state)
	}
	plugins := answeringPlugins(state)
	cache := route.NewCache(router)
	acting := actor{state: state, flavor: flavor}
	var out []divergence
	for _, sent := range requests {
		q := rewritten(t, state, sent)
		fresh, known := router.Match(q), cache.Match(q)
		if !c.settles(sent) || flavor == kong.TraditionalCompatible && strings.ToLower(q.Host) != q.Host {
			continue // the flavor's hosts tell cases apart, see the package comment
		}
		want := c.answer(sent)
		for i, m := range []route.Match{fresh, known} {
			if i > 0 && m.Route.ID() == fresh.Route.ID() {
				continue // it does what it did
			}
			got := kongAnswer(t, m, plugins)
			if got.sameRule(want) {
				got.does = acting.does(got.does, want.does, sent, m)
			}
			if !got.is(want) {
				out = append(out, divergence{flavor, sent, i == 0, want, got})
			}
		}
	}
	return out
}

// is reports whether a client gets what it should. Who redirects it there by the same status makes no difference, nor, where nobody should
// answer, whether Kong asks for HTTPS, or tells a call in so many words.
func (a answer) is(want answer) bool {
	upgrade, upgrades := strings.CutPrefix(a.does, "upgrade ")
	switch {
	case a == want, upgrades && want.does == "redirect "+upgrade:
		return true
	case want == answer{}:
		return a.does == "status 426" || a.does == "404" || upgrades || a == unimplemented
	}
	return want == unimplemented && a.does == "status 426"
}

func lines(l diag.List) string {
	var b strings.Builder
	for _, f := range l {
		fmt.Fprintf(&b, "\t%s %s %s %s: %s\n", f.Severity, f.Code, f.Object, f.Field, f.Message)
	}
	return b.String()
}

// answeringPlugins returns what the plugins that answer by themselves do, by the id of their route or service.
func answeringPlugins(s kong.State) map[string]string {
	out := map[string]string{}
	for p := range s.Of(kong.Plugins) {
		does := ""
		switch p.Text("name") {
		case "request-termination":
			config, _ := p.Field("config")
			does = fmt.Sprint(config.(map[string]any)["status_code"])
		case "redirect":
			does = "redirect"
		case "post-function":
			config, _ := p.Field("config")
			if strings.Contains(fmt.Sprint(config), "Location = ") { // else it is for requests on their way to backends
				does = "redirect"
			}
		case "response-transformer":
			does = unimplemented.does
		}
		for _, field := range []string{"route", "service"} {
			if key, ok := p.Ref(field); ok && does != "" && out[key.ID] != unimplemented.does {
				out[key.ID] = does
			}
		}
	}
	return out
}

// rewritten returns a request as the router sees it: with the port that the client connected to, if the configuration has Kong set that.
func rewritten(t testing.TB, s kong.State, q route.Request) route.Request {
	t.Helper()
	for p := range s.Of(kong.Plugins) {
		_, onRoute := p.Ref("route")
		_, onService := p.Ref("service")
		if onRoute || onService {
			continue
		}
		config, _ := p.Field("config")
		for _, program := range config.(map[string]any)["rewrite"].([]any) {
			switch program := program.(string); {
			case strings.Contains(program, `set_header("GwsyncPort"`):
				q = withHeader(q, "GwsyncPort", strconv.Itoa(int(q.DstPort)))
			case strings.Contains(program, `set_header("GwsyncKey"`):
				q = withHeader(q, "GwsyncKey", keyOf(program, q))
			case strings.Contains(program, "Gwsync"):
				q = withCopies(t, program, q)
			default:
				t.Fatalf("who knows what this does: %s", program)
			}
		}
	}
	return q
}

// withHeader returns a request with a header that Kong has set.
func withHeader(q route.Request, name, value string) route.Request {
	q.Header = slices.DeleteFunc(slices.Clone(q.Header), func(h [2]string) bool { return strings.EqualFold(h[0], name) })
	q.Header = append(q.Header, [2]string{name, value})
	return q
}

var namesInProgram = regexp.MustCompile(`ipairs\(\{([^}]*)\}\) do add\((headers|queries)`)

// keyOf returns what a program says of the headers and parameters that it names: which are there, and how long they are.
func keyOf(program string, q route.Request) string {
	_, query, _ := strings.Cut(q.Target, "?")
	parameters, _ := url.ParseQuery(query)
	var parts []string
	for _, list := range namesInProgram.FindAllStringSubmatch(program, -1) {
		for _, literal := range strings.FieldsFunc(list[1], func(r rune) bool { return r == ',' || r == ' ' }) {
			name := strings.Trim(literal, `"`)
			values := parameters[name]
			if list[2] == "headers" {
				values = valuesOf(q, strings.ReplaceAll(name, "_", "-")) // x_a is for X-A
			}
			slices.Sort(values)
			part := fmt.Sprint(strings.HasSuffix(query, name)) // as in "?q"
			for _, v := range values {
				part += fmt.Sprint(" ", len(v))
			}
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ",") + "."
}

// valuesOf returns a header's values.
func valuesOf(q route.Request, name string) []string {
	var out []string
	for _, h := range q.Header {
		if strings.EqualFold(h[0], name) {
			out = append(out, h[1])
		}
	}
	return out
}

// kongAnswer returns what Kong's decision comes to.
func kongAnswer(t testing.TB, m route.Match, plugins map[string]string) answer {
	t.Helper()
	if m.Route.IsZero() {
		if m.Status != 404 {
			t.Fatalf("Kong answers %d by itself: %s", m.Status, m.Message)
		}
		return answer{}
	}
	origin := m.Route.Origin()
	if strings.HasPrefix(origin.Field, "spec.listeners[") {
		return ofListener(m, plugins)
	}
	out := answer{route: origin.Object.Namespace + "/" + origin.Object.Name}
	if _, err := fmt.Sscanf(origin.Field, "spec.rules[%d].matches[%d]", &out.rule, &out.match); err != nil {
		t.Fatalf("origin %s: %v", origin.Field, err)
	}
	switch {
	case m.Location != "":
		out.does = fmt.Sprintf("upgrade %d %s", m.Status, normalURL(m.Location))
	case m.Status != 0:
		out.does = fmt.Sprint("status ", m.Status)
	case plugins[m.Route.ID()] != "":
		out.does = plugins[m.Route.ID()]
	case plugins[m.Service.ID()] != "":
		out.does = plugins[m.Service.ID()]
	default:
		out.does = strings.TrimSuffix(m.Service.Text("host"), ".svc")
	}
	return out
}

// ofListener returns what a listener's own Route answers.
func ofListener(m route.Match, plugins map[string]string) answer {
	switch does := plugins[m.Route.ID()]; {
	case m.Status != 0:
		return answer{does: fmt.Sprint("status ", m.Status)}
	case does == unimplemented.does:
		return unimplemented
	}
	return answer{}
}

// divergence is a request that Kong answers otherwise than the Gateway API has it.
type divergence struct {
	flavor  kong.Flavor
	request route.Request
	// fresh says that a Kong does so which has not answered any request before.
	fresh     bool
	want, got answer
}

func (d divergence) String() string {
	q := d.request
	return fmt.Sprintf("%s: %s %s://%s:%d%s Host: %q SNI: %q %q\ngoes to %s\n   want %s", d.flavor, q.Method, q.Protocol, "kong", q.DstPort,
		q.Target, q.Host, q.SNI, q.Header, d.got, d.want)
}

// excuses are the findings that say so beforehand, why, in which flavor, and which divergences each covers.
var excuses = []struct {
	code   string
	flavor kong.Flavor
	reason string
	covers func(d divergence, f diag.Finding) bool
}{
	{bind.UnsupportedValue, kong.TraditionalCompatible, "it cannot say the match that should answer: what that would have got goes elsewhere",
		func(d divergence, f diag.Finding) bool {
			return f.Severity == diag.Error && about(f, d.want, d.want.field())
		}},
	{bind.UnsupportedValue, kong.TraditionalCompatible,
		"it cannot tell the listeners of the route that should answer, or that does, from others by port or TLS",
		func(d divergence, f diag.Finding) bool {
			return f.Severity == diag.Error && (about(f, d.want, "spec.parentRefs") || about(f, d.got, "spec.parentRefs"))
		}},
	{render.ServedElsewhere, kong.TraditionalCompatible,
		"a route answers where it is not attached, or with the precedence of hostnames that it has elsewhere",
		func(d divergence, f diag.Finding) bool { return about(f, d.got, "spec.parentRefs") }},
	{render.CaseInsensitiveHeader, kong.TraditionalCompatible,
		"it compares header values in lower case, so that a match gets more than its own",
		func(d divergence, f diag.Finding) bool {
			return about(f, d.got, d.got.field()+".headers") || about(f, d.got, d.got.field()+".queryParams")
		}},
	{render.SharedCacheKey, kong.TraditionalCompatible, "its cache takes requests for one kind that a match tells apart",
		func(d divergence, f diag.Finding) bool {
			said := func(a answer) bool { return about(f, a, a.field()+".headers") || about(f, a, a.field()+".queryParams") }
			return !d.fresh && (said(d.want) || said(d.got))
		}},
	{render.SharedCacheKey, kong.Expressions, "its cache takes several values for one that is their list",
		func(d divergence, f diag.Finding) bool {
			said := func(a answer) bool { return about(f, a, a.field()+".headers") || about(f, a, a.field()+".queryParams") }
			return !d.fresh && f.Severity == diag.Info && (said(d.want) || said(d.got))
		}},
	{render.TLSWithoutSNI, kong.Expressions, "TLS requests without a server name count as plain ones",
		func(d divergence, f diag.Finding) bool {
			return d.request.Protocol == "https" && d.request.SNI == "" &&
				(about(f, d.want, "spec.parentRefs") || about(f, d.got, "spec.parentRefs") ||
					(d.got == answer{} || d.want == answer{}) && strings.HasPrefix(f.Field, "spec.listeners["))
		}},
}

// about reports whether a finding concerns a field, or a part of it, of the route that answers; or of a GRPCRoute, for which calls that
// none takes are UNIMPLEMENTED.
func about(f diag.Finding, a answer, field string) bool {
	if a == unimplemented {
		return f.Object.Kind == "GRPCRoute" && f.Field == field
	}
	return strings.HasSuffix(f.Object.Kind, "Route") && f.Object.Namespace+"/"+f.Object.Name == a.route &&
		(f.Field == field || strings.HasPrefix(f.Field, field+"."))
}

// excuse returns the code of a finding that says so beforehand, "" if there is none.
func (d divergence) excuse(l diag.List) string {
	for _, f := range l {
		for _, e := range excuses {
			if f.Code == e.code && d.flavor == e.flavor && e.covers(d, f) {
				return f.Code
			}
		}
	}
	return ""
}

// encode returns a cluster as a manifest, with other routes than its own.
func encode(t testing.TB, c cluster, certificate *corev1.Secret, others ...any) []byte {
	t.Helper()
	items := append([]any{certificate}, others...)
	for _, g := range c.gateways {
		if g.Kind == "ListenerSet" {
			items = append(items, listenerSet(g, c.gateways[0]))
		} else {
			items = append(items, g)
		}
	}
	for _, r := range c.routes {
		items = append(items, r)
	}
	for _, ns := range namespaces {
		for _, name := range c.services {
			items = append(items, &corev1.Service{
				TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
				ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
				Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}},
			})
		}
	}
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(map[string]any{"apiVersion": "v1", "kind": "List", "items": items}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// listenerSet returns the ListenerSet of a Gateway that g stands for.
func listenerSet(g, of *gatewayv1.Gateway) *gatewayv1.ListenerSet {
	out := &gatewayv1.ListenerSet{TypeMeta: g.TypeMeta, ObjectMeta: g.ObjectMeta}
	out.Spec.ParentRef.Name = gatewayv1.ObjectName(of.Name)
	for _, l := range g.Spec.Listeners {
		out.Spec.Listeners = append(out.Spec.Listeners, gatewayv1.ListenerEntry(l))
	}
	all := gatewayv1.NamespacesFromAll
	of.Spec.AllowedListeners = &gatewayv1.AllowedListeners{Namespaces: &gatewayv1.ListenerNamespaces{From: &all}}
	return out
}

// secret returns a certificate for HTTPS listeners.
func secret(t testing.TB) *corev1.Secret {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespaces[0], Name: "certificate"},
		Type:       corev1.SecretTypeTLS,
		Data: map[string][]byte{
			"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
			"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		},
	}
}
