package kong

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAppendBody(t *testing.T) {
	for _, c := range []struct{ name, entity, want string }{
		{"no tags", `{"id":"1","name":"r"}`, `{"id":"1","name":"r"}`},
		{"null tags", `{"id":"1","tags":null}`, `{"id":"1"}`},
		{"the object's name first",
			`{"id":"1","name":"r","tags":["gwsync:i","k8s-group:g","k8s-kind:HTTPRoute","k8s-name:a","k8s-namespace:n","managed-by:gwsync"],"x":1}`,
			`{"id":"1","name":"r","tags":["k8s-name:a","k8s-namespace:n","gwsync:i","k8s-group:g","k8s-kind:HTTPRoute","managed-by:gwsync"],"x":1}`},
		{"quoted", `{"id":"1","tags":["a\"b,","k8s-name:\"],"]}`, `{"id":"1","tags":["k8s-name:\"],","a\"b,"]}`},
		{"not an array", `{"id":"1","tags":"k8s-name:a"}`, `{"id":"1","tags":"k8s-name:a"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Read(Routes, []byte(c.entity))
			if err != nil {
				t.Fatal(err)
			}
			got := string(e.AppendBody(nil))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if again, err := Read(Routes, []byte(got)); err != nil || !again.Equal(e) {
				t.Errorf("the body is another entity: %s, %v", again.AppendJSON(nil), err)
			}
			if !json.Valid([]byte(got)) {
				t.Error("not JSON")
			}
		})
	}
}
