package bind

import (
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// Check is one step of resolving a reference, with its outcome.
type Check struct {
	// Name says what is looked at, and is stable: "kind", "exists", "class", "listener", "namespace", "hostname", "grant", "port" or
	// "protocol" for references, "attached" for those to ListenerSets; "rival" or "elsewhere" for routes at listeners; "match" or "filter"
	// for rules; "protocol", "conflict", "kinds", "selector", "certificate" or "overlap" for listeners; "parameters",
	// "address" or "accepted" for GatewayClasses, Gateways and ListenerSets.
	Name   string
	Passed bool
	// Reason is the code of the denial; "" if Passed.
	Reason string
	// Detail says what was found: lower case, no final period, one line.
	Detail string
	// Pos is the place that decided: of the field or object that allows or denies. It may be zero.
	Pos diag.Pos
	// Fix is the smallest change to the manifests that makes a failed check pass. It may span lines, to show YAML.
	Fix string

	field string // of Pos, if that is in the object that refers
}

// The names of checks.
const (
	checkKind        = "kind"
	checkExists      = "exists"
	checkClass       = "class"
	checkListener    = "listener"
	checkNamespace   = "namespace"
	checkHostname    = "hostname"
	checkGrant       = "grant"
	checkPort        = "port"
	checkProtocol    = "protocol"
	checkConflict    = "conflict"
	checkKinds       = "kinds"
	checkSelector    = "selector"
	checkCertificate = "certificate"
	checkParameters  = "parameters"
	checkAddress     = "address"
	checkAccepted    = "accepted"
	checkOverlap     = "overlap"
	checkEndpoints   = "endpoints"
	checkPolicy      = "policy"
	checkAttached    = "attached"
	checkRival       = "rival"
	checkMatch       = "match"
	checkFilter      = "filter"
	checkElsewhere   = "elsewhere"
)

// checker puts into words what was decided, and what would change it. Deciding is not its business: it reads off the Graph.
type checker struct {
	*Graph
	guess *guesser
}

func newChecker(g *Graph) checker { return checker{g, &guesser{guessBudget}} }

func pass(name string, pos diag.Pos, format string, args ...any) Check {
	return Check{Name: name, Passed: true, Pos: pos, Detail: say(format, args...)}
}

func deny(name, reason string, pos diag.Pos, format string, args ...any) Check {
	return Check{Name: name, Reason: reason, Pos: pos, Detail: say(format, args...)}
}

// absent denies a reference to an object that the manifests do not hold, or that was found to be invalid when they were read. Only
// for one that is not there meant says what may have been meant.
func (c checker) absent(name, reason string, pos diag.Pos, target manifest.Ref, meant func() string) Check {
	if c.set.Invalid(target) {
		return deny(name, reason, pos, "%s has errors of its own", target).fix("correct them first")
	}
	return deny(name, reason, pos, "%s is not among the manifests", target).fix(meant())
}

// fix returns c with what would make it pass.
func (c Check) fix(text string) Check {
	c.Fix = text
	return c
}

// in returns c with the field that Pos is the place of.
func (c Check) in(field string) Check {
	c.field = field
	return c
}

// failed returns the first check that did not pass.
func failed(checks []Check) (Check, bool) {
	for _, c := range checks {
		if !c.Passed {
			return c, true
		}
	}
	return Check{}, false
}

// at returns where an object stands; the zero Pos if the manifests do not hold it.
func (g *Graph) at(r manifest.Ref, field string) diag.Pos {
	o, ok := g.set.Get(r)
	if !ok {
		return diag.Pos{}
	}
	return o.At(field)
}
