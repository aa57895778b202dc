package manifest

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the expectations under testdata and the schemas of the Gateway API")

// TestSchemasAreTheCRDs compares schema/ with the custom resource definitions of the gateway-api module that go.mod
// asks for; -update takes them over.
func TestSchemasAreTheCRDs(t *testing.T) {
	crds := filepath.Join(gatewayAPI(t), "config", "crd")
	for file, plural := range map[string]string{
		"gatewayclass": "gatewayclasses", "gateway": "gateways", "listenerset": "listenersets", "httproute": "httproutes",
		"grpcroute": "grpcroutes", "tlsroute": "tlsroutes", "tcproute": "tcproutes", "udproute": "udproutes",
		"referencegrant": "referencegrants", "backendtlspolicy": "backendtlspolicies",
	} {
		t.Run(file, func(t *testing.T) {
			name := "gateway.networking.k8s.io_" + plural + ".yaml"
			s := readCRD(t, filepath.Join(crds, "standard", name))
			s.widen(readCRD(t, filepath.Join(crds, "experimental", name)))
			kept := map[string]*schema{"spec": s.Properties["spec"]}
			if s.Properties["status"] != nil {
				kept["status"] = &schema{Ignored: true}
			}
			s.Properties = kept // the rest all kinds have
			checkGolden(t, filepath.Join("schema", file+".json"), encodeSchema(t, s))
		})
	}
}

// gatewayAPI returns the directory of the gateway-api module that go.mod asks for.
func gatewayAPI(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(dir))
}

// readCRD returns the schema of v1, and fails where a served version has another.
func readCRD(t *testing.T, path string) *schema {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema *schema }
			}
		}
	}
	if err := yaml.Unmarshal(data, &crd); err != nil {
		t.Fatal(err)
	}
	v1 := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	for _, v := range crd.Spec.Versions {
		if diff := cmp.Diff(encodeSchema(t, v1), encodeSchema(t, v.Schema.OpenAPIV3Schema)); diff != "" {
			t.Logf("%s differs from v1:\n%s", v.Name, diff)
		}
	}
	return v1
}

// widen adds what the experimental channel has and the standard channel has not: fields and enum values, no limits.
func (s *schema) widen(o *schema) {
	for _, v := range o.Enum {
		if !slices.Contains(s.Enum, v) {
			s.Enum = append(s.Enum, v)
		}
	}
	for name, p := range o.Properties {
		if s.Properties[name] == nil {
			s.Properties[name] = p
		} else {
			s.Properties[name].widen(p)
		}
	}
	if s.Items != nil {
		s.Items.widen(o.Items)
	}
}

func encodeSchema(t *testing.T, s *schema) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func checkGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is out of date (run the test with -update):\n%s", path, diff)
	}
}

// TestSchemasAreTheGoTypes makes sure that no field that a schema lets through is lost in decoding, and that no field of
// the Go type is refused as unknown.
func TestSchemasAreTheGoTypes(t *testing.T) {
	for _, k := range table().kinds {
		t.Run(k.name, func(t *testing.T) { compareType(t, k.name, k.schema(), reflect.TypeOf(k.empty()).Elem()) })
	}
}

func compareType(t *testing.T, path string, s *schema, typ reflect.Type) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case s.Ignored || s.IntOrString:
	case s.Type == "object" && s.Values != nil:
		compareType(t, path+".*", s.Values, typ.Elem())
	case s.Type == "object":
		fields := jsonFields(typ)
		got, want := slices.Sorted(maps.Keys(s.Properties)), slices.Sorted(maps.Keys(fields))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: fields of %s and of the schema differ:\n%s", path, typ, diff)
		}
		for name, p := range s.Properties {
			if f, ok := fields[name]; ok {
				compareType(t, path+"."+name, p, f)
			}
		}
	case s.Type == "array":
		compareType(t, path+"[]", s.Items, typ.Elem())
	case s.Format == "byte":
		if typ != reflect.TypeFor[[]byte]() {
			t.Errorf("%s: %s is not bytes", path, typ)
		}
	default:
		kinds := map[string][]reflect.Kind{
			"string": {reflect.String}, "boolean": {reflect.Bool},
			"integer": {reflect.Uint16, reflect.Int32, reflect.Int64, reflect.Int},
		}
		if !slices.Contains(kinds[s.Type], typ.Kind()) {
			t.Errorf("%s: %s is not %q", path, typ, s.Type)
		}
	}
}

func jsonFields(typ reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "" && f.Anonymous:
			maps.Copy(fields, jsonFields(f.Type))
		case name != "-":
			fields[name] = f.Type
		}
	}
	return fields
}
