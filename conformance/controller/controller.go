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
	"maps"
	"slices"
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

	mu sync.Mutex
	// needed are the settings that what was rendered last needs and a Kong has not by default.
	needed map[string]bool
	// findings are what there was to say about what was rendered last.
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

// Needed returns the settings that what was rendered last needs and a Kong has not by default, sorted: those of Lua, written
// "untrusted_lua_sandbox_requires: resty.openssl.x509".
func (c *Controller) Needed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.needed))
}

// Findings returns what gwsync had to say when it rendered last.
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
	r, err := Render(objects, c.Flavor)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.findings, c.needed = r.Findings, needed(r)
	c.mu.Unlock()
	var errs []error
	for name, g := range r.Gateways {
		if err := c.serve(name, g); err != nil {
			errs = append(errs, fmt.Errorf("gateway %s: %w", name, err))
		}
	}
	for name, p := range c.planes {
		if _, ok := r.Gateways[name]; !ok {
			p.close()
			delete(c.planes, name)
		}
	}
	return errors.Join(append(errs, c.writeStatuses(objects, status.Of(r.Graph)))...)
}

func needed(r Rendered) map[string]bool {
	out := map[string]bool{}
	for _, g := range r.Gateways {
		for _, n := range render.Needs(g.State) {
			if n.Setting == "untrusted_lua_sandbox_requires" {
				out[n.Setting+": "+n.Value] = true
			}
		}
	}
	return out
}

// serve has a Gateway's Kong serve what was rendered for it.
func (c *Controller) serve(name types.NamespacedName, g Gateway) error {
	p := c.planes[name]
	if p == nil {
		p = newPlane(c.Subnet.Next(), c.Config)
		c.planes[name] = p
	}
	return errors.Join(p.load(g.State), p.listen(g.Gateway))
}

// Rendered is what the objects of a cluster come to.
type Rendered struct {
	// Graph is that of all Gateways.
	Graph    *bind.Graph
	Gateways map[types.NamespacedName]Gateway
	// Findings are those of all stages, for each Gateway by itself, sorted.
	Findings diag.List
}

// Gateway is what a Gateway's Kong is to serve.
type Gateway struct {
	*bind.Gateway
	State kong.State
}

// Render renders objects as gwsync renders a repository that holds them, with --allow-unresolved, for a Kong a Gateway.
func Render(objects []*unstructured.Unstructured, f kong.Flavor) (Rendered, error) {
	files, err := repository(objects)
	if err != nil {
		return Rendered{}, err
	}
	set, findings, err := manifest.Load([]manifest.Input{{FS: files, Path: "."}}, manifest.Options{})
	if err != nil {
		return Rendered{}, err
	}
	o := bind.Options{Controllers: []string{Name}, Flavor: f}
	graph, _ := bind.Build(set, o)
	r := Rendered{Graph: graph, Gateways: map[types.NamespacedName]Gateway{}, Findings: findings}
	for _, g := range graph.Gateways {
		name := types.NamespacedName{Namespace: g.Object.Ref.Namespace, Name: g.Object.Ref.Name}
		o.Gateways = []types.NamespacedName{name}
		one, bound := bind.Build(set, o)
		state, translated := render.Translate(one, target(f))
		r.Gateways[name] = Gateway{g, state}
		r.Findings = append(append(r.Findings, bound...), translated...)
	}
	r.Findings = r.Findings.Sorted()
	return r, nil
}

// target returns what the controller's Kongs are.
func target(f kong.Flavor) render.Target {
	return render.Target{Flavor: f, AllowUnresolved: true, RequestClientCertificates: true, Modules: modules()}
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
