package konghq

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KongCustomEntity is an entity of Kong for which there is no kind of its own. Its version is v1alpha1.
type KongCustomEntity struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              KongCustomEntitySpec `json:"spec"`
}

// KongCustomEntitySpec is an entity of Kong.
type KongCustomEntitySpec struct {
	// EntityType is Kong's name of the collection, such as "key_sets".
	EntityType string `json:"type"`
	// Fields are the entity's.
	Fields map[string]any `json:"fields"`
	// ControllerName says whose the object is, as an ingress class does.
	ControllerName string `json:"controllerName"`
	// ParentRef is a plugin whose service, route or consumer the entity belongs to.
	ParentRef *ParentRef `json:"parentRef,omitempty"`
}

// ParentRef names a KongPlugin or a KongClusterPlugin.
type ParentRef struct {
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}
