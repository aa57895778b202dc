package render

import (
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// Options of [Render].
type Options struct {
	Manifest manifest.Options
	Bind     bind.Options
	Target   Target
	// Lean is for who asks for the State: the Graph is left out of the Result, and the Set is terse ([manifest.Options.Terse]).
	Lean bool
	// Load replaces [manifest.Load], as where several renderings share what it returns; nil means no replacement.
	Load func([]manifest.Input, manifest.Options) (manifest.Set, diag.List, error)
}

// Target says for which Kong to render.
type Target struct {
	// Flavor is the Kong's router flavor; "" means Kong's default, traditional_compatible.
	Flavor kong.Flavor
	// Tags are put on every entity beside those that say which object it comes from.
	Tags []string
	// Addresses says where Kong reaches a Service; the zero value means inside the cluster.
	Addresses Addresses
	// AllowUnresolved turns errors of binding into warnings: what is bound works, a broken backend's share answers 500, as the
	// Gateway API asks of a running controller.
	AllowUnresolved bool
	// RequestClientCertificates allows what it takes to verify the certificates of clients (GW FrontendTLSValidation): an open-source Kong
	// asks all clients of all its TLS listeners for a certificate, whoever's they are, or none. Without it listeners that need them stay
	// shut.
	RequestClientCertificates bool
	// Modules are those that Lua may load in the Kong, as untrusted_lua_sandbox_requires names them, or [kong.AnyModule] for all. Without
	// those of lua-resty-openssl it verifies no backends for Kong (BTP), see [lua.TLS].
	Modules []string
	// Declarative renders without Lua, for a Kong with untrusted_lua = off: what needs pre-function or post-function is an error.
	Declarative bool
}

// Result is what manifests come to.
type Result struct {
	Set   manifest.Set
	Graph *bind.Graph // nil if [Options.Lean]
	State kong.State
	// Findings are those of all stages, sorted.
	Findings diag.List
}

// Render loads the manifests of the inputs, resolves their bindings and translates them for the target. The error is for what
// cannot be read at all; everything wrong with the manifests is among the findings.
func Render(inputs []manifest.Input, o Options) (Result, error) {
	load := o.Load
	if load == nil {
		load = manifest.Load
	}
	o.Manifest.Terse = o.Manifest.Terse || o.Lean
	set, findings, err := load(inputs, o.Manifest)
	if err != nil {
		return Result{}, err
	}
	o.Bind.Flavor = o.Target.Flavor
	graph, bound := bind.Build(set, o.Bind)
	hintUnplaced(set, findings, bound)
	if o.Target.AllowUnresolved {
		bound = warnings(bound)
	}
	state, translated := Translate(graph, o.Target)
	result := Result{Set: set, State: state, Findings: append(append(findings, bound...), translated...).Sorted()}
	if !o.Lean {
		result.Graph = graph
	}
	return result, nil
}

// warnings returns the findings with errors turned into warnings, but for a Gateway to serve that is not there: that is no fault of the
// manifests, and without it nothing would be served at all.
func warnings(l diag.List) diag.List {
	out := make(diag.List, len(l))
	for i, f := range l {
		if f.Severity == diag.Error && f.Code != bind.UnknownGateway {
			f.Severity = diag.Warning
		}
		out[i] = f
	}
	return out
}
