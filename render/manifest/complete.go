package manifest

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// completeNamespace sets the label that the API server sets on every namespace.
func completeNamespace(n *corev1.Namespace) {
	if n.Labels == nil {
		n.Labels = map[string]string{}
	}
	n.Labels[corev1.LabelMetadataName] = n.Name
}

// completeService sends what arrives at a port to the same port of the pods, unless said otherwise.
func completeService(s *corev1.Service) {
	for i := range s.Spec.Ports {
		if p := &s.Spec.Ports[i]; p.TargetPort == (intstr.IntOrString{}) {
			p.TargetPort = intstr.FromInt32(p.Port)
		}
	}
}

// completeSecret moves stringData into data, where it wins, as the API server does with what it may only read.
func completeSecret(s *corev1.Secret) {
	if len(s.StringData) == 0 {
		return
	}
	data := maps.Clone(s.Data)
	if data == nil {
		data = map[string][]byte{}
	}
	for k, v := range s.StringData {
		data[k] = []byte(v)
	}
	s.Data, s.StringData = data, nil
}
