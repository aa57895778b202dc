package sync

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/parallel"
)

// Proposal is what it takes to bring a Kong in line with manifests, and all that it was worked out from.
type Proposal struct {
	// Revision is the commit that was rendered; "" where that is not known.
	Revision string
	// Info is what the Kong is.
	Info Info
	// Rendered is what the manifests come to, with all there is to say about them; it has no Graph if the options were lean. If it has errors,
	// the plan is that of what could be rendered all the same: fit to be shown, not to be applied.
	Rendered render.Result
	// Schemas are the Kong's, of every kind and plugin that takes part.
	Schemas kong.Schemas
	// Plan is the difference. Its changes have causes if Base is known.
	Plan diff.Plan
	// Base is the commit that was applied last, as the Kong remembers it; "" if it does not.
	Base string
	// NoBase is why the plan has no causes; "" if it has.
	NoBase string
	// Older says that Revision precedes Base: to apply the plan would go back.
	Older bool
	// applied is what the commit that was applied last came to, nil if it is not known.
	applied *kong.State
}

// Propose fetches the manifests and reads the Kong at the same time, renders for it, and compares what the instance owns. It
// changes nothing. Of the render options, the target's flavor and the instance's tags are filled in here, of those of the comparison the
// schemas and the base.
func Propose(ctx context.Context, src Source, dst Target, d diff.Options, o render.Options) (Proposal, error) {
	var p Proposal
	var live kong.State
	o.Target.Tags = slices.Concat(o.Target.Tags, diff.Tags(d.Instance))
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		live, err = dst.Read(groupCtx)
		return err
	})
	group.Go(func() error { return p.render(groupCtx, src, dst, o) })
	err := group.Wait()
	if err != nil {
		return Proposal{}, err
	}
	if p.Schemas, err = dst.Schemas(ctx, live, p.Rendered.State); err != nil {
		return Proposal{}, err
	}
	d.Schemas = p.Schemas
	if d.Base, err = p.base(ctx, src, live, d.Instance, o); err != nil {
		return Proposal{}, err
	}
	p.applied = d.Base
	var missing diag.List
	parallel.Do(
		func() { missing = p.missing() },
		func() { p.Plan, err = diff.Compute(live, p.Rendered.State, d) },
	)
	if err != nil {
		return Proposal{}, err
	}
	p.Rendered.Findings = slices.Concat(p.Rendered.Findings, missing, p.Plan.Findings()).Sorted()
	return p, nil
}

// missing returns what the Kong's configuration lacks for what was rendered.
func (p *Proposal) missing() diag.List {
	settings := p.Info.Settings
	settings.Flavor = p.Info.Flavor
	return render.Missing(render.Needs(p.Rendered.State), settings)
}

// base returns what the manifests came to when they were applied last; nil where that cannot be known, and then says why in NoBase.
func (p *Proposal) base(ctx context.Context, src Source, live kong.State, instance string, o render.Options) (*kong.State, error) {
	p.Base = diff.Recorded(live, instance)
	past, ok := src.(History)
	switch {
	case p.Base == "":
		p.NoBase = "the Kong does not remember a commit of an earlier apply"
		return nil, nil
	case !ok:
		p.NoBase = "the manifests do not come from a git repository (--repo)"
		return nil, nil
	case p.Base == p.Revision:
		return &p.Rendered.State, nil
	}
	o.Target, o.Lean = p.Info.Target(o.Target), true
	rendered, err := renderAt(ctx, past.At(p.Base), o)
	if err == nil {
		p.Older, err = past.Precedes(ctx, p.Revision, p.Base)
	}
	if err != nil {
		p.NoBase = "commit " + p.Base + ", which was applied last, cannot be read: " + err.Error()
		return nil, ctx.Err()
	}
	return &rendered, nil
}

// renderAt returns what a source's manifests come to. That they have errors does not matter: what they came to was applied.
func renderAt(ctx context.Context, src Source, o render.Options) (state kong.State, err error) {
	snapshot, err := src.Fetch(ctx)
	if err != nil {
		return kong.State{}, err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	result, err := snapshot.Render(o)
	return result.State, err
}

// render fetches the manifests and asks what the Kong is at the same time, then renders.
func (p *Proposal) render(ctx context.Context, src Source, dst Target, o render.Options) error {
	var snapshot Snapshot
	defer func() { _ = snapshot.Close() }() // it was only read
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		p.Info, err = dst.Info(groupCtx)
		return err
	})
	group.Go(func() (err error) {
		snapshot, err = src.Fetch(groupCtx)
		return err
	})
	err := group.Wait()
	if err != nil {
		return err
	}
	p.Revision = snapshot.Revision
	o.Target = p.Info.Target(o.Target)
	p.Rendered, err = snapshot.Render(o)
	return err
}
