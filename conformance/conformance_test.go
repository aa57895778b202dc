package conformance

import (
	"context"
	"flag"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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
	confv1 "sigs.k8s.io/gateway-api/conformance/apis/v1"
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/config"
	"sigs.k8s.io/gateway-api/conformance/utils/flags"
	"sigs.k8s.io/gateway-api/conformance/utils/kubernetes"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/gwsync/gwsync/conformance/cluster"
	"github.com/gwsync/gwsync/conformance/controller"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

var (
	routerFlavor = flag.String("router-flavor", string(kong.Expressions), "router flavor of the Kongs: expressions or traditional_compatible")
	everything   = flag.Bool("everything", false, "run what is expected to fail, too, and hold nothing to expectations")
)

func flavor(t *testing.T) kong.Flavor {
	t.Helper()
	f, err := kong.ParseFlavor(*routerFlavor)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestConformance runs the suite, and holds it to the expectations.
func TestConformance(t *testing.T) {
	log.SetLogger(logr.Discard())
	subnet, err := cluster.NewSubnet()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = subnet.Close() })
	c := newCluster(t, subnet)
	k := controller.New(controller.Config{Cluster: c, Subnet: subnet, Flavor: flavor(t), Log: func(s string) { t.Log("proxy:", s) }})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	running.Go(func() { k.Run(ctx, func(err error) { t.Error("controller:", err) }) })

	o := options(t, c)
	waitForFeatures(t, o)
	expected := expectations(flavor(t))
	o.Hook = func(t *testing.T, test suite.ConformanceTest, s *suite.ConformanceTestSuite) {
		needed := k.Needed()
		if t.Failed() {
			logFindings(t, k.Findings())
		}
		if !*everything && s.RunTest == "" && s.SupportedFeatures.HasAll(test.Features...) {
			check(t, expected[test.ShortName], needed)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(expected)) {
		if expected[name].skipped() && !*everything {
			o.SkipTests = append(o.SkipTests, name)
		}
	}
	conformance.RunConformanceWithOptions(t, o)
	for _, test := range tests.ConformanceTests {
		if code := expected[test.ShortName].refused; code != "" && o.RunTest == "" {
			t.Run(test.ShortName+" is refused", func(t *testing.T) { refused(t, c, o, test, code) })
		}
	}
}

// logFindings says of a test that failed what gwsync said.
func logFindings(t *testing.T, l diag.List) {
	t.Helper()
	for _, f := range l {
		t.Logf("gwsync: %s %s: %s: %s", f.Severity, f.Code, f.Object, f.Message)
	}
}

// check holds a test that has ended to what is expected of it.
func check(t *testing.T, e expectation, needed []string) {
	t.Helper()
	switch {
	case t.Skipped() && !e.skipped():
		t.Error("it is skipped, and the expectations do not say why")
	case !t.Skipped() && e.skipped():
		t.Error("it is not skipped, though it is expected to fail")
	case !t.Skipped():
		if d := cmp.Diff(e.settings, needed, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("settings that it needs: expected (-) and found (+)\n%s", d)
		}
	}
}

// newCluster returns a cluster with the suite's GatewayClass.
func newCluster(t *testing.T, subnet *cluster.Subnet) *cluster.Cluster {
	t.Helper()
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
	return c
}

// options returns the suite's options, with those of its flags that are set.
func options(t *testing.T, c *cluster.Cluster) suite.ConformanceOptions {
	t.Helper()
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
	o.GatewayClassName, o.CleanupTestResources, o.Mode = flags.DefaultGatewayClassName, true, *routerFlavor
	o.DisableParallelTests = true
	o.TimeoutConfig = timeouts()
	o.Implementation = confv1.Implementation{
		Organization: "gwsync", Project: "gwsync", URL: "https://github.com/gwsync/gwsync", Version: "main",
		Contact: []string{"https://github.com/gwsync/gwsync/issues"},
	}
	o.ConformanceProfiles = []suite.ConformanceProfileName{
		suite.GatewayHTTPConformanceProfileName, suite.GatewayGRPCConformanceProfileName, suite.GatewayTLSConformanceProfileName,
		suite.GatewayTCPConformanceProfileName, suite.GatewayUDPConformanceProfileName,
	}
	flags.ApplyAll(&o.ConfigurableOptions)
	if o.ReportOutputPath == "" { // a report goes by what the GatewayClass says
		o.EnableAllSupportedFeatures = true
		o.ExemptFeatures = features.SetsToNamesSet(features.MeshCoreFeatures, features.MeshExtendedFeatures).UnsortedList()
	}
	var err error
	if o.Client, err = client.New(o.RestConfig, o.ClientOptions); err != nil {
		t.Fatal(err)
	}
	if o.Clientset, err = clientset.NewForConfig(o.RestConfig); err != nil {
		t.Fatal(err)
	}
	return o
}

// timeouts returns the suite's, but for how long it is patient: nothing here takes its time.
func timeouts() config.TimeoutConfig {
	const patience = 10 * time.Second
	c := config.DefaultTimeoutConfig()
	c.DefaultPollInterval = 10 * time.Millisecond
	for _, d := range []*time.Duration{
		&c.MaxTimeToConsistency, &c.GatewayMustHaveAddress, &c.GatewayMustHaveCondition, &c.GatewayStatusMustHaveListeners,
		&c.GatewayListenersMustHaveConditions, &c.ListenerSetMustHaveCondition, &c.ListenerSetListenersMustHaveConditions,
		&c.HTTPRouteMustNotHaveParents, &c.HTTPRouteMustHaveCondition, &c.TLSRouteMustHaveCondition, &c.TCPRouteMustHaveCondition,
		&c.UDPRouteMustHaveCondition, &c.RouteMustHaveParents, &c.LatestObservedGenerationSet, &c.DefaultTestTimeout,
	} {
		*d = patience
	}
	return c
}

// waitForFeatures waits until the GatewayClass says what gwsync claims: the suite goes by that.
func waitForFeatures(t *testing.T, o suite.ConformanceOptions) {
	t.Helper()
	class := &gatewayv1.GatewayClass{}
	for range 1000 {
		if err := o.Client.Get(t.Context(), client.ObjectKey{Name: o.GatewayClassName}, class); err != nil {
			t.Fatal(err)
		}
		if len(class.Status.SupportedFeatures) > 0 {
			return
		}
		time.Sleep(o.TimeoutConfig.DefaultPollInterval)
	}
	t.Fatal("the GatewayClass names no features")
}

// TestExpectationsAreOfTests wants expectations of tests that there are.
func TestExpectationsAreOfTests(t *testing.T) {
	there := map[string]bool{}
	for _, test := range tests.ConformanceTests {
		there[test.ShortName] = true
	}
	for name := range expectations(flavor(t)) {
		if !there[name] {
			t.Errorf("the suite has no test %s", name)
		}
	}
}

// refused wants a finding of gwsync's of that code, about an object of the test's own, or about one of those of all tests if the code is
// not one for anything.
func refused(t *testing.T, c *cluster.Cluster, o suite.ConformanceOptions, test suite.ConformanceTest, code string) {
	base := objects(c)
	applier := kubernetes.Applier{GatewayClass: o.GatewayClassName, ControllerName: controller.Name, ManifestFS: o.ManifestFS}
	for _, m := range test.Manifests {
		applier.MustApplyWithCleanup(t, o.Client, o.TimeoutConfig, m, true)
	}
	r, err := controller.Render(c.Objects(), flavor(t))
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, f := range r.Findings {
		if f.Severity > diag.Info && (!base[f.Object] || f.Code != bind.UnsupportedValue) {
			codes = append(codes, f.Code)
		}
	}
	if !slices.Contains(codes, code) {
		t.Errorf("no finding of code %s: got %v", code, codes)
	}
}

// objects returns the names of all objects.
func objects(c *cluster.Cluster) map[diag.Object]bool {
	out := map[diag.Object]bool{}
	for _, u := range c.Objects() {
		out[diag.Object{Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}] = true
	}
	return out
}
