package status_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/gwsync/gwsync/render/status"
)

// TestPrintedObjectsAreValid holds what is printed for the archives of testdata against the Gateway API's own CRDs, as the API server does:
// nothing required is missing, nothing is unknown, no list has an entry twice.
func TestPrintedObjectsAreValid(t *testing.T) {
	crds := readCRDs(t)
	for file, archive := range archives(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var out bytes.Buffer
			if err := status.YAML(&out, statuses(t, archive)); err != nil {
				t.Fatal(err)
			}
			var list struct {
				APIVersion, Kind string
				Items            []map[string]any
			}
			if err := yaml.Unmarshal(out.Bytes(), &list); err != nil {
				t.Fatal(err)
			}
			if list.APIVersion != "v1" || list.Kind != "List" || len(list.Items) == 0 {
				t.Fatalf("apiVersion %q, kind %q, %d items", list.APIVersion, list.Kind, len(list.Items))
			}
			for _, o := range list.Items {
				kind := o["kind"].(string)
				crd, ok := crds[kind]
				if !ok {
					t.Fatalf("there is no CRD of %s", kind)
				}
				crd.check(t, o)
			}
		})
	}
}

// crd is what the API server knows of a kind.
type crd struct {
	schema     *structuralschema.Structural
	validation validation.SchemaValidator
}

// readCRDs reads the CRDs of the experimental channel: ResolvedRefs of a Gateway and the like are nowhere else.
func readCRDs(t *testing.T) map[string]crd {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "config/crd/experimental/gateway.networking.k8s.io_*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no CRDs (%v)", err)
	}
	out := map[string]crd{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var definition apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(text, &definition); err != nil {
			t.Fatal(err)
		}
		for _, v := range definition.Spec.Versions {
			if v.Name == "v1" {
				out[definition.Spec.Names.Kind] = newCRD(t, v.Schema.OpenAPIV3Schema)
			}
		}
	}
	return out
}

func newCRD(t *testing.T, in *apiextensionsv1.JSONSchemaProps) crd {
	t.Helper()
	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(in, &props, nil); err != nil {
		t.Fatal(err)
	}
	schema, err := structuralschema.NewStructural(&props)
	if err != nil {
		t.Fatal(err)
	}
	validator, _, err := validation.NewSchemaValidator(&props)
	if err != nil {
		t.Fatal(err)
	}
	return crd{schema, validator}
}

func (c crd) check(t *testing.T, o map[string]any) {
	t.Helper()
	o = integers(t, o)
	for _, err := range append(validation.ValidateCustomResource(nil, o, c.validation),
		listtype.ValidateListSetsAndMaps(nil, c.schema, o)...) {
		t.Error(err)
	}
	known := runtime.DeepCopyJSON(o)
	pruning.Prune(known, c.schema, true)
	if diff := cmp.Diff(known, o); diff != "" {
		t.Errorf("unknown fields (-known +printed):\n%s", diff)
	}
	if _, ok := o["status"]; !ok {
		t.Errorf("%s has no status", o["kind"])
	}
}

// integers returns o with whole numbers as int64, as the API server decodes them.
func integers(t *testing.T, o map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := utiljson.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
