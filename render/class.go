package render

import (
	"cmp"
	"fmt"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// classAnnotation says which controller an object of Kong's own kinds is for.
const classAnnotation = "kubernetes.io/ingress.class"

// ours reports whether an object of Kong's own kinds, or one that counts by a label, is for this Kong: it names the Ingress class that is
// ours, or none. What is left out is said.
func (t *translator) ours(o manifest.Object) bool {
	class := cmp.Or(o.Annotations()[classAnnotation], t.graph.IngressClass())
	if class == t.graph.IngressClass() {
		return true
	}
	t.foreign(o, "metadata.annotations["+classAnnotation+"]", class)
	return false
}

// foreign says that an object is for another controller, as a field of it says.
func (t *translator) foreign(o manifest.Object, field, class string) {
	t.report(diag.Finding{
		Severity: diag.Info, Code: ForeignClass, Object: o.Ref.Diag(), Pos: o.At(field), Field: field,
		Message: fmt.Sprintf("it is for %q, another controller, and has no effect here", class),
	})
}
