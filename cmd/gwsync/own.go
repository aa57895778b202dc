package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// ownFlags say which entities of a Kong are ours to change.
type ownFlags struct {
	adopt   diff.Adoption
	noPrune bool
	ignore  []diff.Rule
}

func (f *ownFlags) add(flags *pflag.FlagSet) {
	flags.Var(&listValue[diff.Pattern]{&f.adopt.Names, diff.ParsePattern}, "adopt",
		"take over what is not ours and the manifests name, `KIND/NAME` such as services/shop or routes/shop.*;\n"+
			"may be repeated. What another instance owns takes its name in full")
	flags.StringArrayVar(&f.adopt.Tags, "adopt-tag", nil,
		"take over what carries this `TAG`, such as managed-by-ingress-controller; may be repeated")
	flags.BoolVar(&f.noPrune, "no-prune", false, "delete nothing: what is ours and no manifest asks for stays, and serves on")
	flags.Var(&listValue[diff.Rule]{&f.ignore, diff.ParseRule}, "ignore",
		"leave a field to somebody else once it is there, `KIND/NAME/FIELD` such as plugins/*/config/limit\n"+
			"or upstreams/*/targets, for entities with a tag followed by tag=TAG; may be repeated")
}

// options returns the options of package diff for an instance.
func (f *ownFlags) options(instance string) diff.Options {
	return diff.Options{Instance: instance, NoPrune: f.noPrune, Adopt: f.adopt, Ignore: f.ignore}
}

// listValue is the value of a flag that may be repeated. It implements pflag.Value and pflag.SliceValue.
type listValue[T fmt.Stringer] struct {
	values *[]T
	parse  func(string) (T, error)
}

// String returns nothing for an empty list, as that of a default.
func (v *listValue[T]) String() string {
	if v.values == nil || len(*v.values) == 0 {
		return ""
	}
	return strings.Join(v.GetSlice(), ", ")
}

// Set adds a value.
func (v *listValue[T]) Set(s string) error { return v.Append(s) }

// Type returns what the help calls a value, if nothing else does.
func (v *listValue[T]) Type() string { return "value" }

// Append adds a value.
func (v *listValue[T]) Append(s string) error {
	value, err := v.parse(s)
	if err != nil {
		return err
	}
	*v.values = append(*v.values, value)
	return nil
}

// Replace takes other values instead.
func (v *listValue[T]) Replace(all []string) error {
	*v.values = nil
	for _, s := range all {
		if err := v.Append(s); err != nil {
			return err
		}
	}
	return nil
}

// GetSlice returns the values.
func (v *listValue[T]) GetSlice() []string {
	out := make([]string, len(*v.values))
	for i, value := range *v.values {
		out[i] = value.String()
	}
	return out
}

// targetsOf returns whose upstreams' targets take part: those of the instance, and those that become its own.
func targetsOf(o diff.Options) func(upstream kong.Entity) bool {
	return func(upstream kong.Entity) bool { return diff.Owned(upstream, o.Instance) || o.Adopt.Selects(upstream) }
}
