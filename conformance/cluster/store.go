package cluster

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// key is the name of an object among all.
type key struct{ group, plural, namespace, name string }

// store holds objects. A stored object is never changed: a write puts another in its place.
type store struct {
	mu      sync.Mutex
	objects map[key]*unstructured.Unstructured
	writes  int64
	changed chan struct{}
}

func newStore() *store {
	return &store{objects: map[key]*unstructured.Unstructured{}, changed: make(chan struct{}, 1)}
}

// signal says that something changed; what nobody has heard yet is said once.
func (s *store) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (r row) resource() schema.GroupResource {
	return schema.GroupResource{Group: r.group, Resource: r.plural}
}

func (r row) key(namespace, name string) key { return key{r.group, r.plural, namespace, name} }

// get returns an object.
func (s *store) get(r row, namespace, name string) (*unstructured.Unstructured, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[r.key(namespace, name)]
	if !ok {
		return nil, apierrors.NewNotFound(r.resource(), name)
	}
	return o, nil
}

// list returns the objects of a kind that carry the labels, of one namespace or, with "", of all, sorted by namespace and name.
func (s *store) list(r row, namespace string, l labels.Selector) []*unstructured.Unstructured {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*unstructured.Unstructured
	for k, o := range s.objects {
		if k.group == r.group && k.plural == r.plural && (namespace == "" || namespace == k.namespace) && l.Matches(labels.Set(o.GetLabels())) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return out
}

// create adds an object, which is the store's from then on.
func (s *store) create(r row, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := r.key(o.GetNamespace(), o.GetName())
	if _, ok := s.objects[k]; ok {
		return nil, apierrors.NewAlreadyExists(r.resource(), o.GetName())
	}
	s.writes++
	o.SetUID(types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", s.writes)))
	o.SetCreationTimestamp(metav1.NewTime(time.Now().Truncate(time.Second)))
	o.SetGeneration(1)
	if r.group == gatewayGroup {
		unstructured.RemoveNestedField(o.Object, "status")
	}
	if r.kind == "Namespace" {
		with := labels.Merge(o.GetLabels(), labels.Set{"kubernetes.io/metadata.name": o.GetName()})
		o.SetLabels(with)
	}
	s.put(k, o)
	return o, nil
}

// update puts an object in the place of the one of its name. There is no optimistic locking: the last write wins.
func (s *store) update(r row, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := r.key(o.GetNamespace(), o.GetName())
	old, ok := s.objects[k]
	if !ok {
		return nil, apierrors.NewNotFound(r.resource(), o.GetName())
	}
	s.writes++
	o.SetUID(old.GetUID())
	o.SetCreationTimestamp(old.GetCreationTimestamp())
	if r.group == gatewayGroup {
		unstructured.RemoveNestedField(o.Object, "status")
		if status, ok := old.Object["status"]; ok {
			o.Object["status"] = status
		}
	}
	o.SetGeneration(old.GetGeneration())
	if !reflect.DeepEqual(o.Object["spec"], old.Object["spec"]) {
		o.SetGeneration(old.GetGeneration() + 1)
	}
	s.put(k, o)
	return o, nil
}

func (s *store) put(k key, o *unstructured.Unstructured) {
	o.SetResourceVersion(strconv.FormatInt(s.writes, 10))
	s.objects[k] = o
	s.signal()
}

// remove deletes an object.
func (s *store) remove(r row, namespace, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := r.key(namespace, name)
	if _, ok := s.objects[k]; !ok {
		return apierrors.NewNotFound(r.resource(), name)
	}
	s.writes++
	delete(s.objects, k)
	s.signal()
	return nil
}

// setStatus gives an object a status, if it is still there. It is no change that anybody hears of.
func (s *store) setStatus(k key, status map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.objects[k]
	if !ok || reflect.DeepEqual(old.Object["status"], any(status)) {
		return
	}
	s.writes++
	o := old.DeepCopy()
	o.Object["status"] = status
	o.SetResourceVersion(strconv.FormatInt(s.writes, 10))
	s.objects[k] = o
}

// all returns all objects, in no order.
func (s *store) all() []*unstructured.Unstructured {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*unstructured.Unstructured, 0, len(s.objects))
	for _, o := range s.objects {
		out = append(out, o)
	}
	return out
}
