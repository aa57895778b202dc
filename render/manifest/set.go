package manifest

import (
	"iter"
	"slices"
	"sort"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// Ref names an object: its API group without the version ("" for core), kind, namespace ("" for cluster-scoped kinds)
// and name.
type Ref struct {
	Group, Kind, Namespace, Name string
}

// Diag returns the name as findings show it.
func (r Ref) Diag() diag.Object {
	return diag.Object{Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// String returns "Kind namespace/name".
func (r Ref) String() string { return r.Diag().String() }

// Compare orders references by kind, namespace, name and group.
func (r Ref) Compare(o Ref) int {
	if c := strings.Compare(r.Kind, o.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(r.Namespace, o.Namespace); c != 0 {
		return c
	}
	if c := strings.Compare(r.Name, o.Name); c != 0 {
		return c
	}
	return strings.Compare(r.Group, o.Group)
}

// Object is one object of a manifest: decoded, defaulted, and aware of where each of its fields stands.
type Object struct {
	// Ref is the object's name.
	Ref Ref
	// Version is the API version that the manifest asks for, such as "v1beta1"; Typed is the newest one all the same.
	Version string
	// Typed is a pointer to the Go type of the kind: *gatewayv1.HTTPRoute, *corev1.Service, ... It is shared: read-only, all the
	// way down, since objects have in common what is written alike in them. Its TypeMeta and status are empty;
	// with [Options.Terse] more is.
	Typed any

	places places
}

// Set is a set of objects without duplicates, sorted by [Ref.Compare]. It is immutable; the zero Set is empty.
type Set struct {
	objects []*Object
	invalid []Ref
	skipped []Skipped
}

// Skipped counts the documents of one kind that were left out since gwsync has no use for the kind. Group and Kind are
// empty for what is no Kubernetes object at all, such as the values of a Helm chart.
type Skipped struct {
	Group, Kind string
	Count       int
}

// Len returns the number of objects.
func (s Set) Len() int { return len(s.objects) }

// All iterates over the objects, sorted by [Ref.Compare].
func (s Set) All() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for _, o := range s.objects {
			if !yield(*o) {
				return
			}
		}
	}
}

// Skipped returns what was left out, by group and kind.
func (s Set) Skipped() []Skipped { return s.skipped }

// Get returns the object that r names, and whether there is one.
func (s Set) Get(r Ref) (Object, bool) {
	if o := s.Find(r); o != nil {
		return *o, true
	}
	return Object{}, false
}

// Find returns the object that r names, as the Set itself has it: read-only. It is nil if there is none.
func (s Set) Find(r Ref) *Object {
	i, ok := sort.Find(len(s.objects), func(i int) int { return r.Compare(s.objects[i].Ref) })
	if !ok {
		return nil
	}
	return s.objects[i]
}

// Invalid reports whether the manifests hold an object that r names, but not a valid one: [Load] said why. Who looks for it
// need not say that it is missing.
func (s Set) Invalid(r Ref) bool {
	_, ok := slices.BinarySearchFunc(s.invalid, r, Ref.Compare)
	return ok
}

// Of iterates over the objects whose Go type is T, such as gatewayv1.HTTPRoute.
func Of[T any](s Set) iter.Seq2[Object, *T] {
	return func(yield func(Object, *T) bool) {
		for _, o := range s.objects {
			if t, ok := o.Typed.(*T); ok && !yield(*o, t) {
				return
			}
		}
	}
}
