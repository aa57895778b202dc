package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// metadataRules are the rules of all objects that their schema cannot say (ValidateObjectMeta in
// k8s.io/apimachinery/pkg/api/validation). That of labels is keyRule.
func metadataRules(m metav1.Object, r report) {
	for key, value := range m.GetAnnotations() {
		keyRule("metadata.annotations", key, value, r)
	}
	if err := apivalidation.ValidateAnnotationsSize(m.GetAnnotations()); err != nil {
		r.invalid("metadata.annotations", fmt.Sprintf("must not have more than %d KiB in all", apivalidation.TotalAnnotationSizeLimitB>>10))
	}
	for i, name := range m.GetFinalizers() {
		finalizerRule(name, fmt.Sprintf("metadata.finalizers[%d]", i), r)
	}
}

// completeNamespace sets the label that the API server sets on every namespace.
func completeNamespace(n *corev1.Namespace) {
	labels := map[string]string{}
	maps.Copy(labels, n.Labels)
	labels[corev1.LabelMetadataName] = n.Name
	n.Labels = labels
}

// namespaceRules are the rules of a Namespace.
func namespaceRules(n *corev1.Namespace, r report) {
	for i, name := range n.Spec.Finalizers {
		finalizerRule(string(name), fmt.Sprintf("spec.finalizers[%d]", i), r)
	}
}

// finalizerRule says that a finalizer is a name with a domain before it, or one of Kubernetes' own.
func finalizerRule(name, field string, r report) {
	own := []string{string(corev1.FinalizerKubernetes), metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents}
	if !isQualifiedName(name) || !strings.Contains(name, "/") && !slices.Contains(own, name) {
		r.invalid(field, "must be a name such as example.com/cleanup, not "+quote(name))
	}
}

// configMapRules are the rules of a ConfigMap (ValidateConfigMap in k8s.io/kubernetes/pkg/apis/core/validation).
func configMapRules(c *corev1.ConfigMap, r report) {
	keyRules(c.Data, "data", r)
	keyRules(c.BinaryData, "binaryData", r)
	for key := range c.BinaryData {
		if _, ok := c.Data[key]; ok {
			r(CodeDuplicateItem, keyed("binaryData", key), "the key "+quote(key)+" is in data, too", "")
		}
	}
	sizeRule(size(c.Data)+size(c.BinaryData), "", r)
}

// keyRules says which keys of data could not be the names of files. Which characters they have is in the schema.
func keyRules[V any](data map[string]V, field string, r report) {
	for key := range data {
		if len(validation.IsConfigMapKey(key)) > 0 {
			r.invalid(keyed(field, key), `a key must not be "." nor begin with ".."`)
		}
	}
}

// size returns how many bytes values have in all.
func size[V string | []byte](data map[string]V) int {
	n := 0
	for _, v := range data {
		n += len(v)
	}
	return n
}

// sizeRule says how much a Secret or a ConfigMap may hold.
func sizeRule(size int, field string, r report) {
	if size > corev1.MaxSecretSize {
		r.invalid(field, fmt.Sprintf("has %d bytes of data, at most %d (1 MiB) are allowed", size, corev1.MaxSecretSize))
	}
}

// labelRule is a rule of each entry of a field that has labels.
type labelRule struct {
	field string
	check func(field, key, value string, r report)
}

// keyRule says how long what stands before the / in a key may be.
func keyRule(field, key, _ string, r report) {
	if prefix, _, ok := strings.Cut(key, "/"); ok && len(prefix) > validation.DNS1123SubdomainMaxLength {
		r.invalid(keyed(field, key), fmt.Sprintf("must not have more than %d characters before the /", validation.DNS1123SubdomainMaxLength))
	}
}

// selectorRule says what the labels of a selector look like.
func selectorRule(field, key, value string, r report) {
	if !isQualifiedName(key) {
		r.invalid(keyed(field, key), "a key must be a name of letters, digits and -_. up to 63 characters, a DNS name and / may stand before it")
	}
	if !isLabelValue(value) {
		r.invalid(keyed(field, key), "must be a label value: up to 63 letters, digits and -_. between them, not "+quote(value))
	}
}
