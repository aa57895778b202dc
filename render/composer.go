package render

import (
	"runtime"
	"sync"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/parallel"
	"github.com/gwsync/gwsync/render/route"
)

// composer makes entities of drafts on the cores that are free, while the translator goes on. What it makes does not depend on when:
// nothing of a draft is written once it is added, and what comes of them is in their order.
type composer struct {
	flavor  kong.Flavor
	pending []draft
	batches []*batch
	// free has a token for each batch that is being composed beside the translator.
	free    chan struct{}
	running sync.WaitGroup
}

// draft is an entity that is decided on, and not yet in canonical form.
type draft struct {
	kind   kong.Kind
	id     string
	fields map[string]any
	origin *kong.Origin
	// once says that it is one and the same wherever it is added, see [translator.addOnce].
	once bool
}

func (d draft) key() kong.Key { return kong.Key{Kind: d.kind, ID: d.id} }

// batchSize is how many drafts are composed at a time: so few that hardly any wait, with their fields, and so many that handing them over
// costs nothing.
const batchSize = 256

// batch is some drafts, and then what they came to.
type batch struct {
	drafts   []draft
	entities []kong.Entity
	findings diag.List
	panic    parallel.Panic
}

func newComposer(f kong.Flavor) *composer {
	return &composer{flavor: f, free: make(chan struct{}, runtime.GOMAXPROCS(0)-1)}
}

func (c *composer) add(d draft) {
	if c.pending = append(c.pending, d); len(c.pending) == batchSize {
		c.compose()
	}
}

// compose has the pending drafts composed. Where no core is free the translator does it itself, so that no more are waiting than there are
// cores.
func (c *composer) compose() {
	b := &batch{drafts: c.pending}
	c.batches = append(c.batches, b)
	c.pending = make([]draft, 0, batchSize)
	select {
	case c.free <- struct{}{}:
		c.running.Go(func() {
			b.panic.Catch(func() { b.compose(c.flavor) })
			<-c.free
		})
	default:
		b.compose(c.flavor)
	}
}

// all returns the entities of all drafts so far, but those that have no canonical form, and what was found wrong with them.
func (c *composer) all() ([]kong.Entity, diag.List) {
	c.compose()
	c.running.Wait()
	n := 0
	for _, b := range c.batches {
		n += len(b.entities)
	}
	entities, findings := make([]kong.Entity, 0, n), diag.List{}
	for _, b := range c.batches {
		b.panic.Pass()
		entities, findings = append(entities, b.entities...), append(findings, b.findings...)
	}
	return entities, findings
}

// compose makes the entities of the batch.
func (b *batch) compose(f kong.Flavor) {
	var builder kong.Builder
	validator := route.NewValidator(f)
	b.entities = make([]kong.Entity, 0, len(b.drafts))
	for _, d := range b.drafts {
		e, err := builder.New(d.kind, d.id, d.fields, d.origin)
		if err != nil {
			b.findings = append(b.findings, d.unsupported("", err.Error()))
			continue
		}
		b.entities = append(b.entities, e)
		if d.kind != kong.Routes {
			continue
		}
		if err := validator.Validate(e); err != nil {
			b.findings = append(b.findings, d.unsupported(d.origin.Field, "Kong refuses it: "+err.Error()))
		}
	}
	b.drafts = nil
}

// unsupported says that Kong has no such entity.
func (d draft) unsupported(field, message string) diag.Finding {
	return diag.Finding{
		Severity: diag.Error, Code: bind.UnsupportedValue, Object: d.origin.Object, Pos: d.origin.Pos, Field: field, Message: message,
	}
}
