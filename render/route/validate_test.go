package route

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// TestValidateRecordings holds Validate to what a real Kong 3.9.3 said about routes. Of its messages, those are recorded that are
// not a schema's.
func TestValidateRecordings(t *testing.T) {
	b, err := os.ReadFile("testdata/validate.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		var rec struct {
			Flavors []kong.Flavor
			Route   map[string]any
			Refused []string
		}
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		r := entity(t, rec.Route)
		for _, f := range rec.Flavors {
			if d := cmp.Diff(rec.Refused, refused(Validate(r, f))); d != "" {
				t.Errorf("%s %s: %s", f, r.AppendJSON(nil), d)
			}
		}
		n++
	}
	if n == 0 {
		t.Fatal("no recordings")
	}
}

func entity(t *testing.T, fields map[string]any) kong.Entity {
	t.Helper()
	e, err := kong.New(kong.Routes, "00000000-0000-4000-8000-000000000001", fields, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func refused(err error) []string {
	out := []string{}
	var vs Violations
	if errors.As(err, &vs) {
		for _, v := range vs {
			out = append(out, v.String())
		}
	}
	slices.Sort(out)
	return out
}
