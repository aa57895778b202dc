package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest/konghq"
)

const (
	experimentalGroup = "gateway.networking.x-k8s.io"
	kongGroup         = konghq.Group
	kongIncubator     = "incubator.ingress-controller.konghq.com"
	kustomizeGroup    = "kustomize.config.k8s.io"
	fluxGroup         = "kustomize.toolkit.fluxcd.io"
)

// unread is what to say about a kind that gwsync does not read, though it says how requests are served: what is left out without
// a word would be missed.
type unread struct {
	severity diag.Severity
	hint     string
}

// unreadKinds returns the kinds of which something is to be said. Those of Kong's own group are added by [unreadKind].
func unreadKinds() map[groupKind]unread {
	const sessions = "what it says has no effect; sessionPersistence and retry can be written in the rules of routes"
	return map[groupKind]unread{
		{experimentalGroup, "XListenerSet"}:          {diag.Warning, renamed("ListenerSet")},
		{experimentalGroup, "XBackendTrafficPolicy"}: {diag.Warning, sessions},
		{experimentalGroup, "XBackend"}:              {diag.Warning, "write a Service, of type: ExternalName for a host elsewhere"},
		{gatewayGroup, "BackendLBPolicy"}:            {diag.Warning, sessions},
		{gatewayGroup, "BackendTrafficPolicy"}:       {diag.Warning, sessions},
		{gatewayGroup, "ReferencePolicy"}:            {diag.Warning, renamed("ReferenceGrant")},
		{"", "Endpoints"}:                            {diag.Warning, "write an EndpointSlice (apiVersion: discovery.k8s.io/v1) instead"},
		ingressKind():                                {diag.Info, "ingress2gateway makes HTTPRoutes from it"},
		{kongIncubator, "KongServiceFacade"}:         {diag.Warning, "write a Service instead"},
		{kongGroup, "KongIngress"}:                   {diag.Warning, "write a KongUpstreamPolicy, and annotations of the Service or the route"},
		{kongGroup, "TCPIngress"}:                    {diag.Warning, "write a TCPRoute, or a TLSRoute"},
		{kongGroup, "UDPIngress"}:                    {diag.Warning, "write a UDPRoute"},
		{kongGroup, "KongLicense"}:                   {diag.Warning, "give the license to the Kong itself: an open-source Kong takes none"},
		{kongGroup, "IngressClassParameters"}:        {diag.Warning, "it is for Ingresses; annotations of a Service say the same of it"},
	}
}

func renamed(kind string) string {
	return "write kind: " + kind + " and apiVersion: " + gatewayGroup + "/v1: it has the same fields"
}

// unreadKind returns what to say about a kind that is not read, and whether there is anything to say.
func (t kindTable) unreadKind(gk groupKind) (unread, bool) {
	u, ok := t.unread[gk]
	if !ok && gk.group == kongGroup {
		return unread{diag.Warning, "what it says has no effect"}, true
	}
	return u, ok
}

// sighting is how often something was left out, and where it stands first.
type sighting struct {
	count int
	first diag.Pos
}

// add adds what was seen elsewhere.
func (s sighting) add(o sighting) sighting {
	if s.count == 0 || o.count > 0 && o.first.Compare(s.first) < 0 {
		s.first = o.first
	}
	s.count += o.count
	return s
}

// seen counts a document of a kind that is not read.
func (f *file) seen(doc document, gk groupKind) {
	at := cmp.Or(f.lookup(doc.root, "kind"), doc.root)
	if f.skipped == nil {
		f.skipped = map[groupKind]sighting{}
	}
	f.skipped[gk] = f.skipped[gk].add(sighting{1, f.pos(doc.line+at.Line, at.Column)})
}

// leftOut returns what is to be said about all that was left out, once a kind. Of the Ingresses, some are for Kong.
func leftOut(skipped map[groupKind]sighting, ingresses sighting) diag.List {
	var findings diag.List
	for _, gk := range slices.SortedFunc(maps.Keys(skipped), compareKinds) {
		u, ok := table().unreadKind(gk)
		if !ok {
			continue
		}
		seen := skipped[gk]
		if gk == ingressKind() && ingresses.count > 0 {
			findings = append(findings, missed(seen, ingresses))
			continue
		}
		findings = append(findings, diag.Finding{
			Severity: u.severity, Code: CodeUnsupportedKind, Pos: seen.first,
			Message: fmt.Sprintf("gwsync does not read kind %s of %s (%s)", word(gk.kind), cmp.Or(gk.group, "v1"), objects(seen.count)),
			Hint:    u.hint,
		})
	}
	return findings
}

// word returns the name of a kind as it is written, in quotes if it could not be one.
func word(kind string) string {
	if kind == "" || len(kind) > longest || !all(kind, isWordByte) {
		return quote(kind)
	}
	return kind
}

func objects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}

func compareKinds(a, b groupKind) int {
	return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.kind, b.kind))
}

// kustomization notes a kustomization, of Kustomize or of Flux, that does more than name files of the tree: gwsync reads those as they are.
func (f *file) kustomization(doc document, gk groupKind) {
	if gk == (groupKind{fluxGroup, "Kustomization"}) {
		f.flux(doc)
		return
	}
	if gk.group != kustomizeGroup && (gk.kind != "" || !isKustomization(f.path)) || doc.root.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(doc.root.Content); i += 2 {
		key, value := doc.root.Content[i], resolveAlias(doc.root.Content[i+1])
		switch name, _ := keyOf(key); name {
		case "resources", "bases":
			for _, item := range value.Content {
				if isElsewhere(item.Value) {
					f.unapplied(doc, name, item)
				}
			}
		case "components", "namespace", "namePrefix", "nameSuffix", "labels", "commonLabels", "commonAnnotations", "images", "replicas",
			"patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "vars", "configMapGenerator", "secretGenerator",
			"generators", "transformers", "validators", "helmCharts", "helmChartInflationGenerator":
			f.unapplied(doc, name, key)
		}
	}
}

// flux notes what a Kustomization of Flux changes in the files that it names.
func (f *file) flux(doc document) {
	spec := f.lookup(doc.root, "spec")
	for i := 0; spec != nil && i+1 < len(spec.Content); i += 2 {
		switch name, _ := keyOf(spec.Content[i]); name {
		case "targetNamespace", "namePrefix", "nameSuffix", "commonMetadata", "components", "images", "patches", "postBuild":
			f.unapplied(doc, name, spec.Content[i])
		}
	}
}

// unapplied notes that a part of a kustomization has no effect.
func (f *file) unapplied(doc document, name string, at *yaml.Node) {
	f.kustomized.sighting = f.kustomized.add(sighting{1, f.pos(doc.line+at.Line, at.Column)})
	if f.kustomized.parts == nil {
		f.kustomized.parts = map[string]bool{}
	}
	f.kustomized.parts[name] = true
}

// kustomized is what kustomizations say and gwsync does not do.
type kustomized struct {
	sighting
	parts map[string]bool
}

// add adds what another file says.
func (k kustomized) merge(o kustomized) kustomized {
	if o.count == 0 {
		return k
	}
	parts := maps.Clone(o.parts)
	maps.Copy(parts, k.parts)
	return kustomized{k.add(o.sighting), parts}
}

// findings returns what is to be said about kustomizations, if anything.
func (k kustomized) findings() diag.List {
	if k.count == 0 {
		return nil
	}
	return diag.List{{
		Severity: diag.Warning, Code: CodeKustomization, Pos: k.first,
		Message: "kustomizations are not applied (" + strings.Join(slices.Sorted(maps.Keys(k.parts)), ", ") + "): the files are read as they are",
		Hint:    "give gwsync what they come to: kustomize build DIR | gwsync lint -f -",
	}}
}

// isKustomization reports whether a file has one of the names that kustomize looks for.
func isKustomization(name string) bool {
	base := path.Base(name)
	return base == "kustomization.yaml" || base == "kustomization.yml" || base == "Kustomization"
}

// isElsewhere reports whether a resource of a kustomization is not below it.
func isElsewhere(resource string) bool {
	for _, remote := range []string{"://", "?ref=", "git@", "github.com/"} {
		if strings.Contains(resource, remote) {
			return true
		}
	}
	return resource == ".." || strings.HasPrefix(resource, "../")
}
