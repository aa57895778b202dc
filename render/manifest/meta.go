package manifest

import (
	"cmp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Annotations returns the object's metadata.annotations: read-only.
func (o Object) Annotations() map[string]string {
	if m, ok := o.Typed.(metav1.Object); ok {
		return m.GetAnnotations()
	}
	return nil
}

// Labels returns the object's metadata.labels: read-only.
func (o Object) Labels() map[string]string {
	if m, ok := o.Typed.(metav1.Object); ok {
		return m.GetLabels()
	}
	return nil
}

// Older orders objects of which the Gateway API prefers the oldest: by metadata.creationTimestamp, then by "{namespace}/{name}" as the
// specification spells it (so that a-b/x comes before a/x), then by kind. What has no creationTimestamp is yet to be created, and comes
// after what has: manifests in git seldom have one, exported ones do.
func (o Object) Older(p Object) int {
	a, b := o.created(), p.created()
	switch {
	case a.IsZero() != b.IsZero():
		return cmp.Compare(unborn(a), unborn(b))
	case !a.Equal(&b):
		return a.Compare(b.Time)
	case o.Ref.Namespace != p.Ref.Namespace:
		return cmp.Compare(o.Ref.Namespace+"/", p.Ref.Namespace+"/")
	}
	return cmp.Or(cmp.Compare(o.Ref.Name, p.Ref.Name), cmp.Compare(o.Ref.Kind, p.Ref.Kind))
}

func (o Object) created() metav1.Time {
	if m, ok := o.Typed.(metav1.Object); ok {
		return m.GetCreationTimestamp()
	}
	return metav1.Time{}
}

func unborn(t metav1.Time) int {
	if t.IsZero() {
		return 1
	}
	return 0
}
