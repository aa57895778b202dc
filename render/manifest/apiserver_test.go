package manifest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apifield "k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// apiServer is the API server's part that deals with one version of a custom resource: its own code, put together as it is in
// k8s.io/apiextensions-apiserver (pkg/apiserver/customresource_handler.go and pkg/registry/customresource/strategy.go).
type apiServer struct {
	schema     *structural.Structural
	validator  validation.SchemaValidator
	rules      func() *cel.Validator
	namespaced bool
}

func newAPIServer(t testing.TB, crd *apiextensionsv1.CustomResourceDefinition, version string) *apiServer {
	t.Helper()
	schema := schemasOf(crd)[version]
	if schema == nil {
		return nil
	}
	s := &apiServer{schema: structuralOf(t, schema), namespaced: crd.Spec.Scope == apiextensionsv1.NamespaceScoped}
	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(schema, &props, nil); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.validator, _, err = validation.NewSchemaValidator(&props); err != nil {
		t.Fatal(err)
	}
	s.rules = sync.OnceValue(func() *cel.Validator { return cel.NewValidator(s.schema, true, celconfig.PerCallLimit) })
	return s
}

// verdict is what the API server says of an object.
type verdict struct {
	// unknown are the fields that strict validation, which kubectl apply asks for, refuses.
	unknown []string
	errs    apifield.ErrorList
}

func (v verdict) refused() bool { return len(v.unknown)+len(v.errs) > 0 }

// create judges a new object, and fills in its defaults.
func (s *apiServer) create(object map[string]any) verdict {
	var v verdict
	meta, _, unknown, err := objectmeta.GetObjectMetaWithOptions(object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		v.errs = apifield.ErrorList{apifield.Invalid(apifield.NewPath("metadata"), nil, err.Error())}
		return v
	}
	prune := structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	v.unknown = slices.Concat(unknown, pruning.PruneWithOptions(object, s.schema, true, prune))
	defaulting.PruneNonNullableNullsWithoutDefaults(object, s.schema)
	defaulting.Default(object, s.schema)
	delete(object, "status")
	if meta == nil {
		meta = new(metav1.ObjectMeta)
	}
	v.errs = apivalidation.ValidateObjectMetaAccessor(meta, s.namespaced, apivalidation.NameIsDNSSubdomain, apifield.NewPath("metadata"))
	v.errs = append(v.errs, validation.ValidateCustomResource(nil, object, s.validator)...)
	v.errs = append(v.errs, listtype.ValidateListSetsAndMaps(nil, s.schema, object)...)
	if slices.ContainsFunc(v.errs, blocking) {
		return v
	}
	broken, _ := s.rules().Validate(context.Background(), nil, s.schema, object, nil, celconfig.RuntimeCELCostBudget)
	v.errs = append(v.errs, broken...)
	return v
}

// blocking reports whether no rules are tried on an object with an error.
func blocking(err *apifield.Error) bool {
	return slices.Contains([]apifield.ErrorType{apifield.ErrorTypeNotSupported, apifield.ErrorTypeRequired, apifield.ErrorTypeTooLong,
		apifield.ErrorTypeTooMany, apifield.ErrorTypeTypeInvalid}, err.Type)
}

// cluster is a cluster with the CRDs of either channel.
type cluster struct {
	mu      sync.Mutex
	servers map[string]*apiServer
}

// server returns who is responsible for a version of a kind; nil if the channel does not serve it.
func (c *cluster) server(t testing.TB, channel, kind, version string) *apiServer {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := fmt.Sprint(channel, kind, version)
	s, ok := c.servers[key]
	if !ok {
		s = newAPIServer(t, readCRD(t, channel, strings.ToLower(kind)), version)
		c.servers[key] = s
	}
	return s
}
