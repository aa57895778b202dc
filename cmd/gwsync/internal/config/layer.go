package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/render/diag"
)

// Setting is the value of a flag, or the values of one that may be repeated.
type Setting struct {
	// Name is the flag's.
	Name   string
	Values []string
	// Pos is where it is set, zero for Env.
	Pos diag.Pos
	// Env is the environment variable that it comes from, "" for a file.
	Env string
	// known is the flag of one of the verbs that have it.
	known *pflag.Flag
}

// Origin says where it is set: "GWSYNC_PATH", ".gwsync.yaml:3".
func (s Setting) Origin() string {
	if s.Env != "" {
		return s.Env
	}
	return fmt.Sprintf("%s:%d", s.Pos.File, s.Pos.Line)
}

// errorf returns what is wrong with the setting.
func (s Setting) errorf(err error) error {
	if s.Env != "" {
		return fmt.Errorf("environment variable %s: %w", s.Env, err)
	}
	return &Error{Pos: s.Pos, Message: s.Name + ": " + err.Error()}
}

// Layer is settings from one place.
type Layer []Setting

// Layers are settings from several places, that which counts most first.
type Layers []Layer

// value returns the one value of a flag, "" if it is not set.
func (l Layers) value(name string) string {
	for _, layer := range l {
		for _, s := range layer {
			if s.Name == name && len(s.Values) > 0 {
				return s.Values[0]
			}
		}
	}
	return ""
}

// Environment returns the settings of the environment: the flag --kong-addr is GWSYNC_KONG_ADDR.
func Environment(flags *pflag.FlagSet, getenv func(string) string) Layer {
	var l Layer
	flags.VisitAll(func(f *pflag.Flag) {
		name := Variable(f.Name)
		if value := getenv(name); value != "" && f.Name != "help" {
			l = append(l, Setting{Name: f.Name, Values: []string{value}, Env: name, known: f})
		}
	})
	return l
}

// origin is the annotation of a flag that says where its value comes from.
const origin = "origin"

// Origin says where the value of a flag comes from; "" for its default and the command line.
func Origin(f *pflag.Flag) string { return strings.Join(f.Annotations[origin], "") }

// Apply sets each of the flags that is not on the command line as the first of the layers says that has it. What is no flag there is
// passed over. Of flags that exclude each other those that count more remain.
func (l Layers) Apply(flags *pflag.FlagSet) error {
	replaced := replacedBy(func(name string) (string, bool) {
		f := flags.Lookup(name)
		return valueOf(f), f != nil && f.Changed
	})
	for _, layer := range l {
		set := map[string]string{}
		for _, s := range layer {
			f := flags.Lookup(s.Name)
			if f == nil || f.Changed || slices.Contains(replaced, s.Name) {
				continue
			}
			for _, v := range s.Values {
				if err := flags.Set(s.Name, v); err != nil {
					return s.errorf(rejected(f, v, err))
				}
			}
			f.Annotations = map[string][]string{origin: {s.Origin()}}
			set[s.Name] = valueOf(f)
		}
		replaced = append(replaced, replacedBy(func(name string) (string, bool) { v, ok := set[name]; return v, ok })...)
	}
	return nil
}

// rejected returns the error of a flag's value without the value, if that may be a secret.
func rejected(f *pflag.Flag, value string, err error) error {
	if secret(f.Name, value) != "" {
		return fmt.Errorf("its value cannot be taken")
	}
	return Plain(err)
}

// Plain returns the error of a flag's value without the words of package strconv, if it has such.
func Plain(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	f := invalid.GetFlag()
	want, ok := map[string]string{
		"bool": "true or false", "duration": "a duration such as 10s", "float64": "a number", "int": "a whole number",
	}[f.Value.Type()]
	if !ok {
		return err
	}
	return fmt.Errorf("--%s %q: want %s", f.Name, invalid.GetValue(), want)
}

func valueOf(f *pflag.Flag) string {
	if f == nil {
		return ""
	}
	return f.Value.String()
}

// alternative is one of several flags that exclude each other, with those that mean nothing without it.
type alternative struct {
	flag string
	with []string
}

// choices are the flags that exclude each other.
func choices() [][]alternative {
	return [][]alternative{
		{{flag: "path"}, {flag: "filename"}, {flag: "repo", with: []string{"ref", "repo-path"}}},
		{{flag: "kong-addr"}, {flag: "konnect-control-plane-name"}, {flag: "sandbox"}},
		{{flag: "kong-admin-token"}, {flag: "kong-admin-token-file"}, {flag: "kong-admin-token-env"}},
		{{flag: "konnect-token"}, {flag: "konnect-token-file"}},
	}
}

// replacedBy returns the flags that count for nothing below a place that sets what the function says.
func replacedBy(set func(name string) (value string, ok bool)) []string {
	var out []string
	for _, choice := range choices() {
		for i, chosen := range choice {
			if v, ok := set(chosen.flag); !ok || v == "false" {
				continue
			}
			for j, other := range choice {
				if i == j {
					continue
				}
				out = append(append(out, other.flag), other.with...)
			}
		}
	}
	return out
}
