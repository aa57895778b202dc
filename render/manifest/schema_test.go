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
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the expectations under testdata and the schemas of the Gateway API")

// plurals are the kinds of the Gateway API, as their files in schema/ and as those of their CRDs are named.
func plurals() map[string]string {
	return map[string]string{
		"gatewayclass": "gatewayclasses", "gateway": "gateways", "listenerset": "listenersets", "httproute": "httproutes",
		"grpcroute": "grpcroutes", "tlsroute": "tlsroutes", "tcproute": "tcproutes", "udproute": "udproutes",
		"referencegrant": "referencegrants", "backendtlspolicy": "backendtlspolicies",
	}
}

// TestSchemasAreTheCRDs compares schema/ with the custom resource definitions of the gateway-api module that go.mod
// asks for; -update takes them over.
func TestSchemasAreTheCRDs(t *testing.T) {
	for file := range plurals() {
		t.Run(file, func(t *testing.T) {
			standard, wider := schemasOf(readCRD(t, "standard", file)), schemasOf(readCRD(t, "experimental", file))
			s := trim(t, standard["v1"])
			s.Experimental = patch(t, s, trim(t, wider["v1"]))
			for version, other := range wider {
				if standard[version] != nil {
					equal(t, version, standard["v1"], standard[version])
					equal(t, version, wider["v1"], other)
				} else if p := patch(t, trim(t, wider["v1"]), trim(t, other)); p != nil {
					s.Versions[version] = p
				}
			}
			checkGolden(t, filepath.Join("schema", file+".json"), encodeJSON(t, s))
		})
	}
}

// readCRD returns the custom resource definition of a kind, as a channel of the gateway-api module has it.
func readCRD(t testing.TB, channel, file string) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(gatewayAPI(t), "config", "crd", channel, gatewayGroup+"_"+plurals()[file]+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	crd := new(apiextensionsv1.CustomResourceDefinition)
	if err := yaml.UnmarshalStrict(data, crd); err != nil {
		t.Fatal(err)
	}
	return crd
}

// gatewayAPI returns the directory of the gateway-api module that go.mod asks for.
var gatewayAPI = func() func(testing.TB) string {
	dir := sync.OnceValues(func() ([]byte, error) {
		return exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	})
	return func(t testing.TB) string {
		t.Helper()
		dir, err := dir()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(dir))
	}
}()

// schemasOf returns the schemas of the versions that a CRD serves.
func schemasOf(crd *apiextensionsv1.CustomResourceDefinition) map[string]*apiextensionsv1.JSONSchemaProps {
	schemas := map[string]*apiextensionsv1.JSONSchemaProps{}
	for _, v := range crd.Spec.Versions {
		if v.Served {
			schemas[v.Name] = v.Schema.OpenAPIV3Schema
		}
	}
	return schemas
}

// trim returns what package manifest needs of a CRD's schema, and fails where it would lose something.
func trim(t *testing.T, crd *apiextensionsv1.JSONSchemaProps) *schema {
	t.Helper()
	crd = crd.DeepCopy()
	strip(t, crd)
	if len(crd.XValidations) > 0 {
		t.Error("there are rules at the root, where metadata is part of the value")
	}
	kept := map[string]apiextensionsv1.JSONSchemaProps{"spec": crd.Properties["spec"]} // the rest all kinds have
	_, hasStatus := crd.Properties["status"]
	crd.Properties = kept
	data, err := json.Marshal(crd)
	if err != nil {
		t.Fatal(err)
	}
	s := &schema{variants: variants{Versions: map[string]json.RawMessage{}}}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields() // teach them to type schema and the decoder
	if err := d.Decode(s); err != nil {
		t.Fatal(err)
	}
	if hasStatus {
		s.Properties["status"] = &schema{Ignored: true}
	}
	return s
}

// strip removes descriptions, and the rules that cannot be broken by an object that is new.
func strip(t *testing.T, s *apiextensionsv1.JSONSchemaProps) {
	s.Description = ""
	s.XValidations = slices.DeleteFunc(s.XValidations, func(rule apiextensionsv1.ValidationRule) bool {
		return isTransition(t, s, rule)
	})
	for name, p := range s.Properties {
		strip(t, &p)
		s.Properties[name] = p
	}
	if s.Items != nil {
		strip(t, s.Items.Schema)
	}
	if s.AdditionalProperties != nil {
		strip(t, s.AdditionalProperties.Schema)
	}
}

// isTransition reports whether a rule compares a value with the one before.
func isTransition(t *testing.T, s *apiextensionsv1.JSONSchemaProps, rule apiextensionsv1.ValidationRule) bool {
	if !strings.Contains(rule.Rule, cel.OldScopedVarName) || rule.OptionalOldSelf != nil {
		return false
	}
	node := structuralOf(t, s)
	node.XValidations = apiextensionsv1.ValidationRules{rule}
	env := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	results, err := cel.Compile(node, model.SchemaDeclType(node, false), celconfig.PerCallLimit, env, cel.StoredExpressionsEnvLoader())
	if err != nil || results[0].Error != nil {
		t.Fatal(rule.Rule, err, results)
	}
	return results[0].UsesOldSelf
}

// structuralOf returns a schema as the API server's code wants it.
func structuralOf(t testing.TB, s *apiextensionsv1.JSONSchemaProps) *structural.Structural {
	t.Helper()
	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(s, &props, nil); err != nil {
		t.Fatal(err)
	}
	node, err := structural.NewStructural(&props)
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// patch returns what makes one schema another; nil for nothing.
func patch(t *testing.T, from, to *schema) json.RawMessage {
	t.Helper()
	p, err := jsonpatch.CreateMergePatch([]byte(encodeJSON(t, from)), []byte(encodeJSON(t, to)))
	if err != nil {
		t.Fatal(err)
	}
	if string(p) == "{}" {
		return nil
	}
	var text any
	if err := json.Unmarshal(p, &text); err != nil {
		t.Fatal(err)
	}
	return json.RawMessage(encodeJSON(t, text)) // with <, > and & as they are
}

// equal fails where a version differs from v1 in a channel: there is no place for that in schema/.
func equal(t *testing.T, version string, v1, other *apiextensionsv1.JSONSchemaProps) {
	t.Helper()
	if diff := cmp.Diff(encodeJSON(t, trim(t, v1)), encodeJSON(t, trim(t, other))); diff != "" {
		t.Errorf("%s differs from v1:\n%s", version, diff)
	}
}

func encodeJSON(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
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
		t.Run(k.name, func(t *testing.T) { compareType(t, k.name, widest(k), reflect.TypeOf(k.empty()).Elem()) })
	}
}

// widest returns the schema that has all fields of a kind.
func widest(k *kind) *schema {
	if newest := k.versions[0]; newest.wider != nil {
		return newest.wider()
	}
	return k.schema()
}

func compareType(t *testing.T, path string, s *schema, typ reflect.Type) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case s.Ignored || s.IntOrString || s.Open:
	case s.Type == "object" && s.Values != nil:
		compareType(t, path+".*", s.Values, typ.Elem())
	case s.Type == "object":
		fields := jsonFields(typ)
		got, want := slices.Sorted(maps.Keys(s.Properties)), slices.Sorted(maps.Keys(fields))
		got = slices.DeleteFunc(got, func(name string) bool { return fields[name] == nil && s.Properties[name].Ignored })
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
	case s.Type == "string" && typ == reflect.TypeFor[metav1.Time]():
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
