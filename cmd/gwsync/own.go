package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// ownFlags say which entities of a Kong are ours to change.
type ownFlags struct {
	adopt    []string
	adoptTag []string
	noPrune  bool
	ignore   []string
}

func (f *ownFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.adopt, "adopt", nil, "take over what is not ours and the manifests name, `KIND/NAME` such as services/shop or routes/shop.*;\n"+
		"may be repeated. What another instance owns takes its name in full")
	flags.StringArrayVar(&f.adoptTag, "adopt-tag", nil, "take over what carries this `TAG`, such as managed-by-ingress-controller; may be repeated")
	flags.BoolVar(&f.noPrune, "no-prune", false, "delete nothing: what is ours and no manifest asks for stays, and serves on")
	flags.StringArrayVar(&f.ignore, "ignore", nil, "leave a field to somebody else once it is there, `KIND/NAME/FIELD` such as plugins/*/config/limit\n"+
		"or upstreams/*/targets; may be repeated")
}

// options returns the options of package diff for an instance.
func (f *ownFlags) options(instance string) (diff.Options, error) {
	o := diff.Options{Instance: instance, NoPrune: f.noPrune, Adopt: diff.Adoption{Tags: f.adoptTag}}
	for _, text := range f.adopt {
		p, err := diff.ParsePattern(text)
		if err != nil {
			return o, fmt.Errorf("--adopt %w", err)
		}
		o.Adopt.Names = append(o.Adopt.Names, p)
	}
	for _, text := range f.ignore {
		r, err := diff.ParseRule(text)
		if err != nil {
			return o, fmt.Errorf("--ignore %w", err)
		}
		o.Ignore = append(o.Ignore, r)
	}
	return o, nil
}

// targetsOf returns whose upstreams' targets take part: those of the instance, and those that become its own.
func targetsOf(o diff.Options) func(upstream kong.Entity) bool {
	return func(upstream kong.Entity) bool { return diff.Owned(upstream, o.Instance) || o.Adopt.Selects(upstream) }
}
