// Package cluster is what the conformance suite needs of a Kubernetes cluster, in the memory of the tests: an API server, which stores
// what it is told and says so to whoever asks; a node, which runs a server of package backend for each pod of a Deployment, at an
// address of the loopback network; and the names of Services, by which pods are reached.
//
// The API server knows the kinds that the suite uses, no watches, and no optimistic locking. It neither validates nor defaults:
// what gwsync reads is what stands in the suite's files, as it would be in a repository.
package cluster

import (
	"context"
	"net"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/gateway-api/pkg/consts"
)

// Cluster is a cluster. It may be used by several goroutines at once.
type Cluster struct {
	store  *store
	node   *node
	dialer *dialer
}

// New returns a cluster without objects, but for the definitions of the Gateway API's kinds. Its pods get addresses of the subnet.
func New(subnet *Subnet) *Cluster {
	s := newStore()
	c := &Cluster{
		store:  s,
		node:   &node{store: s, subnet: subnet, pods: map[types.NamespacedName]*runningPod{}},
		dialer: &dialer{store: s, turns: map[string]int{}},
	}
	crds, _ := find("apiextensions.k8s.io", "v1", "customresourcedefinitions")
	for _, r := range rows() {
		if r.group != gatewayGroup {
			continue
		}
		crd := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apiextensions.k8s.io/v1", "kind": crds.kind}}
		crd.SetName(r.plural + "." + r.group)
		crd.SetAnnotations(map[string]string{
			consts.BundleVersionAnnotation: consts.BundleVersion,
			consts.ChannelAnnotation:       "experimental",
		})
		_, _ = s.create(crds, crd) // the store is empty
	}
	return c
}

// Config returns how clients reach the API server: without a network, and in JSON.
func (c *Cluster) Config() *rest.Config {
	return &rest.Config{
		Host:          "http://cluster.invalid",
		Transport:     transport{c},
		ContentConfig: rest.ContentConfig{ContentType: "application/json"},
		QPS:           -1,
	}
}

// Changed returns a channel that something comes from after objects were written.
func (c *Cluster) Changed() <-chan struct{} { return c.store.changed }

// Objects returns all objects, in no order. They are read-only.
func (c *Cluster) Objects() []*unstructured.Unstructured { return c.store.all() }

// Create adds an object.
func (c *Cluster) Create(o *unstructured.Unstructured) error {
	r, ok := rowOf(o.GroupVersionKind().Group, o.GetKind())
	if !ok {
		return errNoResource(o.GetKind())
	}
	_, err := c.store.create(r, o)
	return err
}

// SetStatus sets the status of an object, if there is one of that name.
func (c *Cluster) SetStatus(gk metav1.GroupKind, name types.NamespacedName, status map[string]any) {
	if r, ok := rowOf(gk.Group, gk.Kind); ok {
		c.store.setStatus(r.key(name.Namespace, name.Name), status)
	}
}

func rowOf(group, kind string) (row, bool) {
	for _, r := range rows() {
		if r.group == group && r.kind == kind {
			return r, true
		}
	}
	return row{}, false
}

// RunPods starts the pods of new Deployments, and ends those of deleted ones.
func (c *Cluster) RunPods() error { return c.node.sync() }

// Dial opens a connection from within the cluster, where Services have names.
func (c *Cluster) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return c.dialer.dial(ctx, network, address)
}

// Close ends all pods.
func (c *Cluster) Close() {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	for name, p := range c.node.pods {
		c.node.end(name, p)
	}
}
