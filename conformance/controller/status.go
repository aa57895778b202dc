package controller

import (
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/status"
)

// writeStatuses writes the statuses of objects, which were computed of the given ones, into the cluster.
func (c *Controller) writeStatuses(of []*unstructured.Unstructured, with []status.Object) error {
	generations := map[manifest.Ref]int64{}
	for _, o := range of {
		ref := manifest.Ref{Group: o.GroupVersionKind().Group, Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
		generations[ref] = o.GetGeneration()
	}
	var errs []error
	for _, o := range with {
		fields, err := c.status(o, generations[o.Ref])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		name := types.NamespacedName{Namespace: o.Ref.Namespace, Name: o.Ref.Name}
		c.Cluster.SetStatus(metav1.GroupKind{Group: o.Ref.Group, Kind: o.Ref.Kind}, name, fields)
	}
	return errors.Join(errs...)
}

// status returns an object's status, with what no file holds.
func (c *Controller) status(o status.Object, generation int64) (map[string]any, error) {
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o.Typed)
	if err != nil {
		return nil, err
	}
	fields, _, _ := unstructured.NestedMap(object, "status")
	if fields == nil {
		fields = map[string]any{}
	}
	observe(fields, generation)
	switch o.Ref.Kind {
	case "Gateway":
		if p := c.planes[types.NamespacedName{Namespace: o.Ref.Namespace, Name: o.Ref.Name}]; p != nil {
			fields["addresses"] = []any{map[string]any{"type": string(gatewayv1.IPAddressType), "value": p.address.String()}}
		}
	case "GatewayClass":
		var features []any
		for _, f := range render.Features(target(c.Flavor)) {
			features = append(features, map[string]any{"name": string(f)})
		}
		fields["supportedFeatures"] = features
	}
	return fields, nil
}

// observe dates all conditions below a value.
func observe(v any, generation int64) {
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			conditions, ok := below.([]any)
			if !ok || name != "conditions" {
				observe(below, generation)
				continue
			}
			for _, c := range conditions {
				if c, ok := c.(map[string]any); ok {
					c["observedGeneration"] = generation
					c["lastTransitionTime"] = time.Now().UTC().Format(time.RFC3339)
				}
			}
		}
	case []any:
		for _, below := range v {
			observe(below, generation)
		}
	}
}
