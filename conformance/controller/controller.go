// Package controller makes a controller of gwsync, for the conformance suite: whatever changes in the cluster of the tests, it renders
// anew as gwsync would render a repository that held the cluster's objects, a Kong for each Gateway, and writes the statuses that gwsync
// status prints.
//
// It adds to them what no file holds: the generations that they are of, the addresses of the Kongs, and the features that
// gwsync claims for this router flavor.
package controller

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gwsync/gwsync/conformance/cluster"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/status"
)

// Name is the controllerName of the GatewayClasses that are the controller's.
const Name = "gwsync.dev/gateway-controller"

// Config says what to control, and how.
type Config struct {
	Cluster *cluster.Cluster
	// Subnet has the addresses of the Gateways.
	Subnet *cluster.Subnet
	Flavor kong.Flavor
	// Log takes what a proxy says of streams that it closed.
	Log func(string)
}

// Controller is a controller.
type Controller struct {
	Config
	planes map[types.NamespacedName]*plane

	mu       sync.Mutex
	findings diag.List
}

// New returns a controller.
func New(c Config) *Controller {
	return &Controller{Config: c, planes: map[types.NamespacedName]*plane{}}
}

// Run takes over all changes of the cluster until ctx ends. What failed is told to report.
func (c *Controller) Run(ctx context.Context, report func(error)) {
	defer func() {
		for _, p := range c.planes {
			p.close()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.Cluster.Changed():
		}
		if err := c.reconcile(); err != nil {
			report(err)
		}
	}
}

// Findings returns what gwsync had to say about the cluster's objects when it rendered them last.
func (c *Controller) Findings() diag.List {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.findings
}

// reconcile renders the cluster's objects, then says so in their statuses.
func (c *Controller) reconcile() error {
	if err := c.Cluster.RunPods(); err != nil {
		return err
	}
	objects := c.Cluster.Objects()
	files, err := repository(objects)
	if err != nil {
		return err
	}
	set, findings, err := manifest.Load([]manifest.Input{{FS: files, Path: "."}}, manifest.Options{})
	if err != nil {
		return err
	}
	graph, bound := bind.Build(set, c.options())
	findings = append(findings, bound...)
	var errs []error
	gateways := map[types.NamespacedName]bool{}
	for _, g := range graph.Gateways {
		name := types.NamespacedName{Namespace: g.Object.Ref.Namespace, Name: g.Object.Ref.Name}
		gateways[name] = true
		rendered, err := c.serve(set, name)
		if findings = append(findings, rendered...); err != nil {
			errs = append(errs, fmt.Errorf("gateway %s: %w", name, err))
		}
	}
	for name, p := range c.planes {
		if !gateways[name] {
			p.close()
			delete(c.planes, name)
		}
	}
	c.mu.Lock()
	c.findings = findings.Sorted()
	c.mu.Unlock()
	return errors.Join(append(errs, c.writeStatuses(objects, status.Of(graph)))...)
}

func (c *Controller) options() bind.Options {
	return bind.Options{Controllers: []string{Name}, Flavor: c.Flavor}
}

// serve has the Gateway's Kong serve what the manifests say, and returns what there is to say about that.
func (c *Controller) serve(set manifest.Set, name types.NamespacedName) (diag.List, error) {
	o := c.options()
	o.Gateways = []types.NamespacedName{name}
	graph, _ := bind.Build(set, o)
	state, findings := render.Translate(graph, render.Target{Flavor: c.Flavor, AllowUnresolved: true})
	p := c.planes[name]
	if p == nil {
		p = newPlane(c.Subnet.Next(), c.Config)
		c.planes[name] = p
	}
	err := p.load(state)
	for _, g := range graph.Gateways {
		err = errors.Join(err, p.listen(g))
	}
	return findings, err
}

// repository returns the objects as the files of a repository, without what the API server and controllers keep of them.
func repository(objects []*unstructured.Unstructured) (fs.FS, error) {
	files := fstest.MapFS{}
	for _, o := range objects {
		kept := map[string]any{}
		for k, v := range o.Object {
			if k != "status" {
				kept[k] = v
			}
		}
		text, err := (&unstructured.Unstructured{Object: kept}).MarshalJSON()
		if err != nil {
			return nil, err
		}
		name := strings.ToLower(fmt.Sprintf("%s.%s.%s.json", o.GetNamespace(), o.GetName(), o.GetKind()))
		files[strings.TrimPrefix(name, ".")] = &fstest.MapFile{Data: text}
	}
	return files, nil
}
