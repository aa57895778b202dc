package manifest

import (
	"fmt"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// kongClass is the class of Ingresses that Kong's Ingress Controller serves unless it is told otherwise.
const kongClass = "kong"

func ingressKind() groupKind { return groupKind{"networking.k8s.io", "Ingress"} }

// ingress counts an Ingress that is written for Kong: by its class, or by an annotation konghq.com/....
func (f *file) ingress(doc document, gk groupKind) {
	if gk != ingressKind() || !f.forKong(doc) {
		return
	}
	at := f.lookup(doc.root, "kind")
	f.ingresses = f.ingresses.add(sighting{1, f.pos(doc.line+at.Line, at.Column)})
}

func (f *file) forKong(doc document) bool {
	if f.lookupText(f.lookup(doc.root, "spec"), "ingressClassName") == kongClass {
		return true
	}
	annotations := f.lookup(f.lookup(doc.root, "metadata"), "annotations")
	if f.lookupText(annotations, "kubernetes.io/ingress.class") == kongClass {
		return true
	}
	for i := 0; annotations != nil && i+1 < len(annotations.Content); i += 2 {
		if key, _ := keyOf(annotations.Content[i]); strings.HasPrefix(key, "konghq.com/") {
			return true
		}
	}
	return false
}

// missed is the finding about Ingresses of which some are for Kong.
func missed(all, ours sighting) diag.Finding {
	return diag.Finding{
		Severity: diag.Warning, Code: CodeUnsupportedKind, Pos: ours.first,
		Message: fmt.Sprintf("gwsync does not read kind Ingress of networking.k8s.io (%s, %d for Kong)", objects(all.count), ours.count),
		Hint:    "write HTTPRoutes; ingress2gateway makes them from Ingresses",
	}
}
