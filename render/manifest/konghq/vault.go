package konghq

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KongVault is where Kong finds secrets that its configuration refers to as {vault://PREFIX/...}. Its version is v1alpha1, and it is in no
// namespace.
type KongVault struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              KongVaultSpec `json:"spec"`
}

// KongVaultSpec says what a vault is and how it is reached.
type KongVaultSpec struct {
	// Backend is the type of the vault in Kong, such as "env".
	Backend string `json:"backend"`
	// Prefix stands for the vault in references, and no other vault has it.
	Prefix      string         `json:"prefix"`
	Description string         `json:"description,omitempty"`
	Config      map[string]any `json:"config,omitempty"`
	// Tags are put on Kong's vault beside those that gwsync puts there.
	Tags            []string         `json:"tags,omitempty"`
	ControlPlaneRef *ControlPlaneRef `json:"controlPlaneRef,omitempty"`
}
