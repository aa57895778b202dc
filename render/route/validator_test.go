package route

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// FuzzValidator holds that a [Validator] says of each route what there is to say, whichever others it has seen, and however little of it it
// looks at: that some fields are in order says nothing of the others, nor of whether they go together.
func FuzzValidator(f *testing.F) {
	for mix := range 64 {
		f.Add("~/a$", "a.example.com", "GET", "1", mix)
		f.Add("/b", "*.example.com:80", "get", "~*(", mix)
		f.Add("a//b", `a"# || net.dst.port == 1 || http.host == r#"b`, "GET", "~*(?=a)", mix)
	}
	f.Fuzz(func(t *testing.T, path, host, method, header string, mix int) {
		fields := map[string]any{
			"paths": []string{path}, "hosts": []string{host, "b.example.com"}, "methods": []string{method},
			"headers": map[string]any{"x": []string{header}}, "protocols": []string{"http", "https"},
		}
		first, err := kong.New(kong.Routes, "1", fields, kong.Origin{})
		if err != nil {
			return
		}
		for i, other := range []struct {
			name  string
			value any
		}{
			{"protocols", []string{"tcp"}}, {"expression", `http.path == "/"`}, {"priority", int64(1)}, {"hosts", []string{method}},
			{"headers", nil}, {"destinations", []any{map[string]any{"ip": host, "port": int64(mix)}}},
		} {
			if mix>>i&1 == 1 {
				fields[other.name] = other.value
			}
		}
		second, err := kong.New(kong.Routes, "2", fields, kong.Origin{})
		if err != nil {
			return
		}
		for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
			v := NewValidator(flavor)
			for _, r := range []kong.Entity{second, first, second, first} {
				if d := cmp.Diff(refused(NewValidator(flavor).violations(r)), refused(v.Validate(r))); d != "" {
					t.Errorf("%s: of %s: %s", flavor, r.AppendJSON(nil), d)
				}
			}
		}
	})
}
