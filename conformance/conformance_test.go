package conformance

import (
	"context"
	"flag"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientset "k8s.io/client-go/kubernetes"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/apis/v1alpha2"
	"sigs.k8s.io/gateway-api/apis/v1alpha3"
	"sigs.k8s.io/gateway-api/apis/v1beta1"
	"sigs.k8s.io/gateway-api/conformance"
	"sigs.k8s.io/gateway-api/conformance/utils/config"
	"sigs.k8s.io/gateway-api/conformance/utils/flags"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/gwsync/gwsync/conformance/cluster"
	"github.com/gwsync/gwsync/conformance/controller"
	"github.com/gwsync/gwsync/render/kong"
)

var flavor = flag.String("router-flavor", string(kong.Expressions), "router flavor of the Kongs: expressions or traditional_compatible")

func TestConformance(t *testing.T) {
	log.SetLogger(logr.Discard())
	subnet, err := cluster.NewSubnet()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = subnet.Close() })
	f, err := kong.ParseFlavor(*flavor)
	if err != nil {
		t.Fatal(err)
	}
	c := cluster.New(subnet)
	t.Cleanup(c.Close)
	class := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": gatewayv1.GroupVersion.String(), "kind": "GatewayClass",
		"metadata": map[string]any{"name": flags.DefaultGatewayClassName},
		"spec":     map[string]any{"controllerName": controller.Name},
	}}
	if err := c.Create(class); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	running.Go(func() {
		controller.New(controller.Config{Cluster: c, Subnet: subnet, Flavor: f, Log: func(s string) { t.Log("proxy:", s) }}).
			Run(ctx, func(err error) { t.Error("controller:", err) })
	})
	conformance.RunConformanceWithOptions(t, options(t, c))
}

func options(t *testing.T, c *cluster.Cluster) suite.ConformanceOptions {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientscheme.AddToScheme, apiextensionsv1.AddToScheme, gatewayv1.Install, v1beta1.Install, v1alpha3.Install, v1alpha2.Install,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	o := suite.ConformanceOptions{
		RestConfig:    c.Config(),
		ClientOptions: client.Options{Scheme: scheme, Mapper: cluster.Mapper()},
		ManifestFS:    []fs.FS{&conformance.Manifests},
	}
	o.GatewayClassName, o.CleanupTestResources, o.Mode = flags.DefaultGatewayClassName, true, flags.DefaultMode
	o.DisableParallelTests = true
	o.TimeoutConfig = config.DefaultTimeoutConfig()
	o.TimeoutConfig.MaxTimeToConsistency = 5 * time.Second
	o.TimeoutConfig.DefaultPollInterval = 10 * time.Millisecond
	for _, d := range []*time.Duration{
		&o.TimeoutConfig.GatewayMustHaveAddress, &o.TimeoutConfig.GatewayMustHaveCondition, &o.TimeoutConfig.GatewayStatusMustHaveListeners,
		&o.TimeoutConfig.GatewayListenersMustHaveConditions, &o.TimeoutConfig.ListenerSetMustHaveCondition,
		&o.TimeoutConfig.ListenerSetListenersMustHaveConditions, &o.TimeoutConfig.GWCMustBeAccepted, &o.TimeoutConfig.HTTPRouteMustNotHaveParents,
		&o.TimeoutConfig.HTTPRouteMustHaveCondition, &o.TimeoutConfig.TLSRouteMustHaveCondition, &o.TimeoutConfig.TCPRouteMustHaveCondition,
		&o.TimeoutConfig.UDPRouteMustHaveCondition, &o.TimeoutConfig.RouteMustHaveParents, &o.TimeoutConfig.LatestObservedGenerationSet,
		&o.TimeoutConfig.DefaultTestTimeout,
	} {
		*d = 5 * time.Second
	}
	o.ExemptFeatures = features.SetsToNamesSet(features.MeshCoreFeatures, features.MeshExtendedFeatures).UnsortedList()
	flags.ApplyAll(&o.ConfigurableOptions)
	var err error
	if o.Client, err = client.New(o.RestConfig, o.ClientOptions); err != nil {
		t.Fatal(err)
	}
	if o.Clientset, err = clientset.NewForConfig(o.RestConfig); err != nil {
		t.Fatal(err)
	}
	return o
}
