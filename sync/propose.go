package sync

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
)

// Proposal is what it takes to bring a Kong in line with manifests, and all that it was worked out from.
type Proposal struct {
	// Revision is the commit that was rendered; "" where that is not known.
	Revision string
	// Info is what the Kong is.
	Info Info
	// Rendered is what the manifests come to, with all there is to say about them. If it has errors, the plan is that of what
	// could be rendered all the same: fit to be shown, not to be applied.
	Rendered render.Result
	// Schemas are the Kong's, of every kind and plugin that takes part.
	Schemas kong.Schemas
	// Plan is the difference.
	Plan diff.Plan
}

// Propose fetches the manifests and reads the Kong at the same time, renders for it, and compares what the instance owns. It
// changes nothing. Of the render options, the target's flavor and the instance's tags are filled in here.
func Propose(ctx context.Context, src Source, dst Target, instance string, o render.Options) (Proposal, error) {
	var p Proposal
	var live kong.State
	o.Target.Tags = slices.Concat(o.Target.Tags, diff.Tags(instance))
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
	p.Plan, err = diff.Compute(live, p.Rendered.State, diff.Options{Instance: instance, Schemas: p.Schemas})
	if err != nil {
		return Proposal{}, err
	}
	return p, nil
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
	o.Target.Flavor = p.Info.Flavor
	p.Rendered, err = render.Render(snapshot.Inputs, o)
	return err
}
