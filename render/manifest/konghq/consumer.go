package konghq

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KongConsumer is somebody who sends requests, with the Secrets by which requests show that they are from there.
type KongConsumer struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// Username and CustomID are names of the consumer in Kong; one of them is there.
	Username string `json:"username,omitempty"`
	CustomID string `json:"custom_id,omitempty"`
	// Credentials are names of Secrets of the consumer's namespace.
	Credentials []string `json:"credentials,omitempty"`
	// ConsumerGroups are names of KongConsumerGroups of the consumer's namespace.
	ConsumerGroups []string `json:"consumerGroups,omitempty"`
	// Spec is for Kong Konnect.
	Spec KongConsumerSpec `json:"spec,omitempty"`
}

// KongConsumerSpec says which control plane a consumer is for.
type KongConsumerSpec struct {
	ControlPlaneRef *ControlPlaneRef `json:"controlPlaneRef,omitempty"`
	// Tags are for Konnect only.
	Tags []string `json:"tags,omitempty"`
}

// KongConsumerGroup is a group of consumers, which only an Enterprise Kong has. Its version is v1beta1.
type KongConsumerGroup struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              KongConsumerGroupSpec `json:"spec,omitempty"`
}

// KongConsumerGroupSpec says how a group is called and which control plane it is for.
type KongConsumerGroupSpec struct {
	Name            string           `json:"name,omitempty"`
	ControlPlaneRef *ControlPlaneRef `json:"controlPlaneRef,omitempty"`
	Tags            []string         `json:"tags,omitempty"`
}

// ControlPlaneRef says who configures a Kong with an object.
type ControlPlaneRef struct {
	// Type is "kic" for the Ingress Controller; other types are control planes in Kong Konnect.
	Type                 string          `json:"type,omitempty"`
	KonnectID            string          `json:"konnectID,omitempty"`
	KonnectNamespacedRef *NamespacedName `json:"konnectNamespacedRef,omitempty"`
}

// NamespacedName names an object, of any namespace where Namespace is "".
type NamespacedName struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

// Konnect reports whether the object is for a control plane in Kong Konnect. A nil reference is for the Ingress Controller.
func (r *ControlPlaneRef) Konnect() bool { return r != nil && r.Type != "" && r.Type != "kic" }
