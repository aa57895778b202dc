package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// transport hands the requests of clients to a handler, without a network.
type transport struct{ http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	t.ServeHTTP(w, r)
	return w.Result(), nil
}

// target is what a request is about: the objects of a kind, one of them, or a part of one.
type target struct {
	row
	apiVersion, namespace, name, part string
}

// parse reads /api/v1/... or /apis/GROUP/VERSION/..., [namespaces/NAMESPACE/]PLURAL[/NAME[/PART]].
func parse(path string) (target, error) {
	words := strings.Split(strings.Trim(path, "/"), "/")
	group, version := "", ""
	switch {
	case len(words) > 2 && words[0] == "api":
		version, words = words[1], words[2:]
	case len(words) > 3 && words[0] == "apis":
		group, version, words = words[1], words[2], words[3:]
	default:
		return target{}, errNoResource(path)
	}
	t := target{apiVersion: strings.TrimPrefix(group+"/"+version, "/")}
	if len(words) > 2 && words[0] == "namespaces" {
		t.namespace, words = words[1], words[2:]
	}
	var ok bool
	if t.row, ok = find(group, version, words[0]); !ok || len(words) > 3 {
		return target{}, errNoResource(path)
	}
	for i, to := range []*string{&t.name, &t.part} {
		if i+1 < len(words) {
			*to = words[i+1]
		}
	}
	return t, nil
}

func errNoResource(path string) error {
	return apierrors.NewGenericServerResponse(http.StatusNotFound, "", rowless, path, "the cluster of the tests has no such resource", 0, true)
}

var rowless = row{}.resource()

// ServeHTTP answers as the API server does.
func (c *Cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t, err := parse(r.URL.Path)
	if err == nil && t.part == "log" && t.kind == "Pod" && r.Method == http.MethodGet {
		_, _ = w.Write(c.node.log(types.NamespacedName{Namespace: t.namespace, Name: t.name}))
		return
	}
	var answer any
	code := http.StatusOK
	if err == nil {
		answer, err = c.answer(t, r)
	}
	if err != nil {
		var status apierrors.APIStatus
		if !errors.As(err, &status) {
			status = apierrors.NewBadRequest(err.Error())
		}
		s := status.Status()
		s.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		answer, code = s, int(s.Code)
	} else if r.Method == http.MethodPost {
		code = http.StatusCreated
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(answer)
}

func (c *Cluster) answer(t target, r *http.Request) (any, error) {
	if t.part != "" {
		return nil, fmt.Errorf("%s of a %s: not supported", t.part, t.kind)
	}
	switch {
	case r.Method == http.MethodGet && t.name == "":
		return c.list(t, r)
	case r.Method == http.MethodGet:
		return t.one(c.store.get(t.row, t.namespace, t.name))
	case r.Method == http.MethodDelete && t.name != "":
		return metav1.Status{Status: metav1.StatusSuccess}, c.store.remove(t.row, t.namespace, t.name)
	case r.Method == http.MethodPost, r.Method == http.MethodPut, r.Method == http.MethodPatch:
		return c.write(t, r)
	}
	return nil, fmt.Errorf("%s %s: not supported", r.Method, r.URL.Path)
}

// write stores the object in a request's body.
func (c *Cluster) write(t target, r *http.Request) (any, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodPatch {
		if body, err = c.patched(t, r.Header.Get("Content-Type"), body); err != nil {
			return nil, err
		}
	}
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(body); err != nil {
		return nil, err
	}
	if !t.global {
		o.SetNamespace(t.namespace)
	}
	if r.Method == http.MethodPost {
		return t.one(c.store.create(t.row, o))
	}
	return t.one(c.store.update(t.row, o))
}

// patched returns an object with a patch.
func (c *Cluster) patched(t target, contentType string, patch []byte) ([]byte, error) {
	if contentType != string(types.MergePatchType) {
		return nil, fmt.Errorf("a patch of type %s: not supported", contentType)
	}
	o, err := c.store.get(t.row, t.namespace, t.name)
	if err != nil {
		return nil, err
	}
	text, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return jsonpatch.MergePatch(text, patch)
}

// one returns an object in the version of the request.
func (t target) one(o *unstructured.Unstructured, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(o.Object))
	for k, v := range o.Object {
		out[k] = v
	}
	out["apiVersion"], out["kind"] = t.apiVersion, t.kind
	return out, nil
}

func (c *Cluster) list(t target, r *http.Request) (any, error) {
	q := r.URL.Query()
	if q.Get("watch") != "" || q.Get("fieldSelector") != "" {
		return nil, fmt.Errorf("watches and field selectors: not supported")
	}
	selector, err := labels.Parse(q.Get("labelSelector"))
	if err != nil {
		return nil, err
	}
	items := slices.Collect(func(yield func(any) bool) {
		for _, o := range c.store.list(t.row, t.namespace, selector) {
			if item, _ := t.one(o, nil); !yield(item) {
				return
			}
		}
	})
	if items == nil {
		items = []any{}
	}
	return map[string]any{"apiVersion": t.apiVersion, "kind": t.kind + "List", "metadata": map[string]any{}, "items": items}, nil
}
