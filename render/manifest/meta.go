package manifest

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
