package bind

import (
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/manifest"
)

// grantCheck tells whether from may refer to an object, which is in another namespace, and why.
func (c checker) grantCheck(from source, to, grant manifest.Ref) Check {
	if to.Namespace == from.namespace {
		return Check{Name: checkGrant, Passed: true, Detail: "same namespace: no ReferenceGrant needed"}
	}
	if grant != (manifest.Ref{}) {
		return pass(checkGrant, c.at(grant, ""), "another namespace: allowed by %s", grant)
	}
	check := Check{Name: checkGrant, Reason: RefNotPermitted, Detail: say(
		"no ReferenceGrant in namespace %s lets the %ss of namespace %s refer to %s %s",
		to.Namespace, from.kind, from.namespace, to.Kind, to.Name)}
	if grant, changes, ok := c.misnamed(from, to); ok {
		check.Pos = c.at(grant, "spec.to")
		return check.fix(say("write %s of %s%s: kinds and groups count as they are written",
			listing(changes), grant, place(check.Pos)))
	}
	note, near := c.nearMiss(from, to)
	check.Pos = c.at(near, "")
	return check.fix(note + c.grantFix(from, to))
}

// misnamed returns a grant that would allow the reference if it wrote the kinds and the core group as they are written, and what to
// change in it.
func (c checker) misnamed(from source, to manifest.Ref) (grant manifest.Ref, changes []string, ok bool) {
	change := func(was, is, where string) {
		if was != is {
			changes = append(changes, say("%s instead of %s in spec.%s", is, was, where))
		}
	}
	for _, fromKind := range spellings(from.kind) {
		for _, toKind := range spellings(to.Kind) {
			for _, group := range []string{to.Group, "core", "v1"} {
				grant, ok := c.grants.allow(source{from.group, fromKind, from.namespace},
					manifest.Ref{Group: group, Kind: toKind, Namespace: to.Namespace, Name: to.Name})
				if !ok {
					continue
				}
				change("kind: "+fromKind, "kind: "+from.kind, "from")
				change("group: "+scalar(group), "group: "+scalar(to.Group), "to")
				change("kind: "+toKind, "kind: "+to.Kind, "to")
				return grant, changes, true
			}
		}
	}
	return manifest.Ref{}, nil, false
}

// spellings returns a kind and how it is often written by mistake: httproute, httproutes, HTTPRoutes, HttpRoute.
func spellings(kind string) []string {
	lower := strings.ToLower(kind)
	out := []string{kind, lower, lower + "s", kind + "s"}
	if name, ok := strings.CutSuffix(kind, "Route"); ok {
		out = append(out, name[:1]+strings.ToLower(name[1:])+"Route")
	}
	return out
}

// nearMiss says which grant was probably meant to allow the reference, and why it does not; or nothing.
func (c checker) nearMiss(from source, to manifest.Ref) (string, manifest.Ref) {
	if grant, ok := c.grants.allowIn(from.namespace, from, to); ok {
		return say("%s%s is in the wrong namespace: a grant belongs where the %s is\n",
			grant, place(c.at(grant, "metadata.namespace")), to.Kind), grant
	}
	if grant, ok := c.grants.offers(to); ok {
		return say("%s%s allows such references, but not from the %ss of namespace %s\n",
			grant, place(c.at(grant, "spec.from")), from.kind, from.namespace), grant
	}
	return "", manifest.Ref{}
}

// grantFix shows what would allow the reference and no other: an entry for a grant that trusts from and nobody else, or a new
// grant.
func (c checker) grantFix(from source, to manifest.Ref) string {
	if grant, ok := c.grants.trusts(to.Namespace, from); ok {
		return say("add to spec.to of %s%s:", grant, place(c.at(grant, "spec.to"))) + "\n" + indent(grantTo(to), 1)
	}
	return "add this ReferenceGrant:\n" + indent(c.grantManifest(from, to), 1)
}

func (c checker) grantManifest(from source, to manifest.Ref) string {
	return strings.Join([]string{
		"apiVersion: " + gatewayGroup + "/v1beta1",
		"kind: ReferenceGrant",
		"metadata:",
		"  name: " + scalar(c.grantName(from, to)),
		"  namespace: " + scalar(to.Namespace),
		"spec:",
		"  from:",
		"  - group: " + scalar(from.group),
		"    kind: " + scalar(from.kind),
		"    namespace: " + scalar(from.namespace),
		"  to:",
		indent(grantTo(to), 1),
	}, "\n")
}

func grantTo(to manifest.Ref) string {
	return "- group: " + scalar(to.Group) + "\n  kind: " + scalar(to.Kind) + "\n  name: " + scalar(to.Name)
}

// grantName makes up a name that is free in the target's namespace. The same reference gets the same name.
func (c checker) grantName(from source, to manifest.Ref) string {
	const longest = 240 // of 253, to leave room for a number
	base := strings.ToLower(from.kind) + "-" + from.namespace + "-to-" + to.Name
	base = strings.TrimRight(base[:min(len(base), longest)], "-.")
	name := base
	for n := 2; ; n++ {
		taken := manifest.Ref{Group: gatewayGroup, Kind: "ReferenceGrant", Namespace: to.Namespace, Name: name}
		if _, ok := c.set.Get(taken); !ok {
			return name
		}
		name = base + "-" + strconv.Itoa(n)
	}
}
