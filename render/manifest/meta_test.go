package manifest

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/google/go-cmp/cmp"
)

// TestOlder orders objects as the specification does: by age, and then by "{namespace}/{name}" as one text.
func TestOlder(t *testing.T) {
	var objects []Object
	for _, o := range []struct {
		kind, namespace, name string
		created               int64
	}{
		{"HTTPRoute", "a", "x", 0}, {"HTTPRoute", "a-b", "a", 0}, {"GRPCRoute", "a", "x", 0}, {"HTTPRoute", "a.b", "z", 0},
		{"HTTPRoute", "a", "b-c", 0}, {"HTTPRoute", "a", "b", 0},
		{"HTTPRoute", "z", "young", 200}, {"HTTPRoute", "z", "old", 100}, {"HTTPRoute", "z", "as-old", 100},
	} {
		typed := &gatewayv1.HTTPRoute{}
		if o.created > 0 {
			typed.CreationTimestamp = metav1.Time{Time: time.Unix(o.created, 0)}
		}
		objects = append(objects, Object{Ref: Ref{Kind: o.kind, Namespace: o.namespace, Name: o.name}, Typed: typed})
	}
	slices.SortFunc(objects, Object.Older)
	var got []string
	for _, o := range objects {
		got = append(got, o.Ref.String())
	}
	want := []string{
		"HTTPRoute z/as-old", "HTTPRoute z/old", "HTTPRoute z/young",
		"HTTPRoute a-b/a", "HTTPRoute a.b/z", "HTTPRoute a/b", "HTTPRoute a/b-c", "GRPCRoute a/x", "HTTPRoute a/x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
