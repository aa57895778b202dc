package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// flagsOf returns flags of each sort that the program has.
func flagsOf() *pflag.FlagSet {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.String("path", ".", "read this `DIR`")
	flags.StringArray("filename", nil, "read this `FILE`")
	flags.String("repo", "", "`URL`")
	flags.String("ref", "", "commit")
	flags.String("repo-path", "", "directory")
	flags.String("kong-addr", "http://localhost:8001", "`URL`")
	flags.String("konnect-control-plane-name", "", "`NAME`")
	flags.Bool("sandbox", false, "")
	flags.String("kong-admin-token", "", "")
	flags.String("kong-admin-token-file", "", "`FILE`")
	flags.StringArray("headers", nil, "")
	flags.Int("parallelism", 10, "")
	flags.String("instance", "default", "")
	flags.String("config", "", "")
	return flags
}

// TestLayers sets flags from the command line, environment variables, a target and the top of a file, and looks at what counts.
func TestLayers(t *testing.T) {
	const text = `
path: top
parallelism: 5
sandbox: true
targets:
  one: {kong-addr: 'http://one', headers: ['a: b', 'c: d'], filename: [x.yaml, /y.yaml, '-']}
`
	for _, tt := range []struct {
		name, args string
		env        map[string]string
		want       string
	}{
		{"the target replaces what excludes it",
			"", nil, "filename=[dir/x.yaml,/y.yaml,-] headers=[a: b,c: d] kong-addr=http://one parallelism=5"},
		{"the environment counts more", "", map[string]string{"GWSYNC_REPO": "file:///r", "GWSYNC_PARALLELISM": "3"},
			"headers=[a: b,c: d] kong-addr=http://one parallelism=3 repo=file:///r"},
		{"the command line counts most", "--path p --parallelism 7", map[string]string{"GWSYNC_REF": "main", "GWSYNC_PARALLELISM": "3"},
			"headers=[a: b,c: d] kong-addr=http://one parallelism=7 path=p"},
		{"a switch that is off excludes nothing", "--sandbox=false", nil,
			"filename=[dir/x.yaml,/y.yaml,-] headers=[a: b,c: d] kong-addr=http://one parallelism=5 sandbox=false"},
		{"a list is replaced, not added to", "--headers e:f", nil,
			"filename=[dir/x.yaml,/y.yaml,-] headers=[e:f] kong-addr=http://one parallelism=5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			flags := flagsOf()
			if err := flags.Parse(strings.Fields(tt.args)); err != nil {
				t.Fatal(err)
			}
			file, err := Parse("dir/.gwsync.yaml", []byte(text), flagsOf())
			if err != nil {
				t.Fatal(err)
			}
			target, _ := file.Target("one")
			environment := Environment(flags, func(name string) string { return tt.env[name] })
			if err := (Layers{environment, target.Settings, file.Defaults}).Apply(flags); err != nil {
				t.Fatal(err)
			}
			var got []string
			flags.Visit(func(f *pflag.Flag) { got = append(got, f.Name+"="+f.Value.String()) })
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("flags (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOrigin tells where values come from.
func TestOrigin(t *testing.T) {
	flags := flagsOf()
	file, err := Parse(".gwsync.yaml", []byte("instance: a\nparallelism: 2\n"), flagsOf())
	if err != nil {
		t.Fatal(err)
	}
	environment := Environment(flags, func(name string) string { return map[string]string{"GWSYNC_INSTANCE": "b"}[name] })
	if err := (Layers{environment, file.Defaults}).Apply(flags); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"instance": "GWSYNC_INSTANCE", "parallelism": ".gwsync.yaml:2", "path": ""} {
		if got := Origin(flags.Lookup(name)); got != want {
			t.Errorf("%s comes from %q, want %q", name, got, want)
		}
	}
}

// TestRivals refuses targets that would delete each other's entities, and no others.
func TestRivals(t *testing.T) {
	for text, want := range map[string]bool{
		"targets: {a: {kong-addr: 'http://k'}, b: {kong-addr: 'http://k'}}":                    true,
		"targets: {a: {kong-addr: 'http://k'}, b: {kong-addr: 'http://k', instance: default}}": true,
		"targets: {a: {kong-addr: 'http://k'}, b: {kong-addr: 'http://k', instance: other}}":   false,
		"targets: {a: {kong-addr: 'http://k'}, b: {kong-addr: 'http://l'}}":                    false,
		"targets: {a: {}, b: {}}": false,
		"{kong-addr: 'http://k', targets: {a: {path: x}, b: {path: y}}}":                                     true,
		"targets: {a: {konnect-control-plane-name: p}, b: {konnect-control-plane-name: q}}":                  false,
		"targets: {a: {konnect-control-plane-name: p}, b: {konnect-control-plane-name: p, path: elsewhere}}": true,
	} {
		_, err := Parse("f", []byte(text), flagsOf())
		if got := err != nil && strings.Contains(err.Error(), "of one Kong and one instance"); got != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzParse holds whatever a file says to an answer, and secrets to not being repeated.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "path: a", "targets: {a: {path: b}}", "a: &x {b: *x}", "kong-admin-token: s3cret", "- 1", "? [a]\n: b",
		"targets: {a: {headers: ['Authorization: s3cret']}}", "path: {kong-addr: 'http://u:s3cret@h'}", "<<: {path: a}", "ignore: [1]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("f", []byte(text), flagsOf())
		if err != nil {
			return
		}
		for _, l := range append([]Layer{file.Defaults}, layersOf(file)...) {
			for _, s := range l {
				if Excluded(s.Name) || IsSecret(s.Name) {
					t.Errorf("%s is taken", s.Name)
				}
			}
			_ = Layers{l}.Apply(flagsOf()) // values may be wrong
		}
	})
}

func layersOf(f File) []Layer {
	var out []Layer
	for _, t := range f.Targets {
		out = append(out, t.Settings)
	}
	return out
}
