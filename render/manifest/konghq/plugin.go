package konghq

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KongPlugin is a plugin for the objects that refer to it.
type KongPlugin struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Plugin            `json:",inline"`
}

// KongClusterPlugin is a plugin for objects of any namespace, or for all requests. It is in no namespace.
type KongClusterPlugin struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Plugin            `json:",inline"`
}

// Plugin is what both kinds of plugins say.
type Plugin struct {
	// PluginName is the plugin's name in Kong, such as "rate-limiting".
	PluginName string `json:"plugin"`
	// Config is the plugin's configuration; nil if there is none, or if ConfigFrom has it.
	Config map[string]any `json:"config,omitempty"`
	// ConfigFrom says which key of a Secret holds the whole configuration, as JSON or YAML.
	ConfigFrom *ValueSource `json:"configFrom,omitempty"`
	// ConfigPatches add values of Secrets to Config, in order.
	ConfigPatches []ConfigPatch `json:"configPatches,omitempty"`
	// ConsumerRef is a field of old that the controller does not read.
	ConsumerRef string `json:"consumerRef,omitempty"`
	// Disabled says that the plugin is there and does nothing.
	Disabled bool `json:"disabled,omitempty"`
	// InstanceName is a name for this plugin among those of its kind.
	InstanceName string `json:"instance_name,omitempty"`
	// Ordering moves the plugin before or behind others, in an Enterprise Kong.
	Ordering *Ordering `json:"ordering,omitempty"`
	// Protocols are those of the requests that the plugin is for; none means those that Kong takes by itself.
	Protocols []string `json:"protocols,omitempty"`
	// RunOn is without effect since Kong 2.0.
	RunOn string `json:"run_on,omitempty"`
}

// ConfigPatch adds a value at a place in a configuration.
type ConfigPatch struct {
	// Path is a JSON pointer (RFC 6901).
	Path      string      `json:"path"`
	ValueFrom ValueSource `json:"valueFrom"`
}

// ValueSource says where a value is.
type ValueSource struct {
	SecretKeyRef SecretKeyRef `json:"secretKeyRef"`
}

// SecretKeyRef names a key of a Secret.
type SecretKeyRef struct {
	// Namespace is that of the Secret for a KongClusterPlugin; "" for a KongPlugin, whose Secrets are in its own.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Key       string `json:"key"`
}

// Ordering names, for each phase, the plugins that a plugin runs before or after.
type Ordering struct {
	Before map[string][]string `json:"before,omitempty"`
	After  map[string][]string `json:"after,omitempty"`
}
