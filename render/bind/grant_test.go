package bind

import (
	"fmt"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

func TestGrants(t *testing.T) {
	named := gatewayv1.ObjectName("echo")
	empty := gatewayv1.ObjectName("")
	from := func(group gatewayv1.Group, kind gatewayv1.Kind, namespace gatewayv1.Namespace) gatewayv1.ReferenceGrantFrom {
		return gatewayv1.ReferenceGrantFrom{Group: group, Kind: kind, Namespace: namespace}
	}
	service := gatewayv1.ReferenceGrantTo{Kind: "Service"}
	httproute := from(gatewayGroup, "HTTPRoute", "src")
	secret := gatewayv1.ReferenceGrantTo{Kind: "Secret"}
	tests := []struct {
		name      string
		namespace string
		from      []gatewayv1.ReferenceGrantFrom
		to        []gatewayv1.ReferenceGrantTo
		want      bool
	}{
		{"all Services", "dst", list(httproute), list(service), true},
		{"that Service", "dst", list(httproute), list(gatewayv1.ReferenceGrantTo{Kind: "Service", Name: &named}), true},
		{"one of several", "dst", list(from("", "X", ""), httproute), list(secret, service), true},
		{"the route's namespace", "src", list(httproute), list(service), false},
		{"another namespace trusted", "dst", list(from(gatewayGroup, "HTTPRoute", "x")), list(service), false},
		{"another kind trusted", "dst", list(from(gatewayGroup, "GRPCRoute", "src")), list(service), false},
		{"another group trusted", "dst", list(from("", "HTTPRoute", "src")), list(service), false},
		{"no wildcards", "dst", list(from(gatewayGroup, "HTTPRoute", "*")), list(service), false},
		{"the core group by a name", "dst", list(httproute), list(gatewayv1.ReferenceGrantTo{Group: "core", Kind: "Service"}), false},
		{"an empty name is no name", "dst", list(httproute), list(gatewayv1.ReferenceGrantTo{Kind: "Service", Name: &empty}), false},
		{"no to", "dst", list(httproute), nil, false},
	}
	for _, tt := range tests {
		g := newGrants()
		g.add(manifest.Ref{Namespace: tt.namespace, Name: "g"}, gatewayv1.ReferenceGrantSpec{From: tt.from, To: tt.to})
		to := manifest.Ref{Kind: "Service", Namespace: "dst", Name: "echo"}
		if _, got := g.allow(source{gatewayGroup, "HTTPRoute", "src"}, to); got != tt.want {
			t.Errorf("%s: allowed is %v, want %v", tt.name, got, tt.want)
		}
	}
}

func list[T any](v ...T) []T { return v }

// FuzzGrants holds the index to the rule as the specification words it, and to its law: a grant more allows no less.
func FuzzGrants(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0}, byte(0))
	f.Add([]byte{1, 9, 3, 27, 200, 5, 80, 2, 7, 41, 13, 99}, byte(3))
	f.Fuzz(func(t *testing.T, seed []byte, drop byte) {
		specs := arbitraryGrants(seed)
		all, fewer := newGrants(), newGrants()
		for i, s := range specs {
			ref := manifest.Ref{Namespace: s.namespace, Name: fmt.Sprint("g", i)}
			all.add(ref, s.spec)
			if i != int(drop)%len(specs) {
				fewer.add(ref, s.spec)
			}
		}
		for _, from := range []source{{gatewayGroup, "HTTPRoute", "a"}, {gatewayGroup, "HTTPRoute", "b"}, {gatewayGroup, "Gateway", "a"}} {
			for _, to := range []manifest.Ref{{Kind: "Service", Namespace: "b", Name: "x"}, {Kind: "Secret", Namespace: "c", Name: "y"}} {
				_, allowed := all.allow(from, to)
				if want := allowedBySpec(specs, from, to); allowed != want {
					t.Errorf("%v to %v: allowed is %v, want %v", from, to, allowed, want)
				}
				if _, before := fewer.allow(from, to); before && !allowed {
					t.Errorf("%v to %v: allowed only without grant %d", from, to, int(drop)%len(specs))
				}
			}
		}
	})
}

type arbitraryGrant struct {
	namespace string
	spec      gatewayv1.ReferenceGrantSpec
}

// arbitraryGrants makes grants out of bytes, from words so few that many of them match.
func arbitraryGrants(seed []byte) []arbitraryGrant {
	next := func(words ...string) string {
		if len(seed) == 0 {
			return words[0]
		}
		w := words[int(seed[0])%len(words)]
		seed = seed[1:]
		return w
	}
	grants := []arbitraryGrant{{namespace: "b"}}
	for len(seed) > 0 {
		g := &grants[len(grants)-1]
		switch next("from", "to", "grant") {
		case "from":
			g.spec.From = append(g.spec.From, gatewayv1.ReferenceGrantFrom{
				Group: gatewayv1.Group(next(gatewayGroup, gatewayGroup, "")), Kind: gatewayv1.Kind(next("HTTPRoute", "Gateway")),
				Namespace: gatewayv1.Namespace(next("a", "b", "c")),
			})
		case "to":
			to := gatewayv1.ReferenceGrantTo{Group: gatewayv1.Group(next("", "", "core")), Kind: gatewayv1.Kind(next("Service", "Secret"))}
			if name := gatewayv1.ObjectName(next("x", "y", "")); name != "" {
				to.Name = &name
			}
			g.spec.To = append(g.spec.To, to)
		default:
			grants = append(grants, arbitraryGrant{namespace: next("b", "c", "a")})
		}
	}
	return grants
}

// allowedBySpec is the rule (RG ReferenceGrantSpec) as a loop: one grant in the target's namespace, one `from`, one `to`.
func allowedBySpec(grants []arbitraryGrant, from source, to manifest.Ref) bool {
	for _, g := range grants {
		if g.namespace != to.Namespace {
			continue
		}
		trusted, offered := false, false
		for _, f := range g.spec.From {
			trusted = trusted || string(f.Group) == from.group && string(f.Kind) == from.kind && string(f.Namespace) == from.namespace
		}
		for _, t := range g.spec.To {
			named := t.Name == nil || string(*t.Name) == to.Name
			offered = offered || string(t.Group) == to.Group && string(t.Kind) == to.Kind && named
		}
		if trusted && offered {
			return true
		}
	}
	return false
}
