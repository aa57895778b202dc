package admin

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/render/kong"
)

// pageSize is the largest page that Kong gives.
const pageSize = "1000"

// parent returns the kind without which there is nothing of kind k: where there is no consumer, no credential need be looked for; "" for
// kinds that stand alone.
func parent(k kong.Kind) kong.Kind {
	switch {
	case k.IsCredential():
		return kong.Consumers
	case k == kong.SNIs:
		return kong.Certificates
	case k == kong.Targets:
		return kong.Upstreams
	}
	return ""
}

// listed returns the kinds that are read from a Kong with a database if it has something of kind p, "" for always: those that gwsync
// renders, and those that they can refer to. Others cannot stand in their way.
func listed(p kong.Kind) []kong.Kind {
	var kinds []kong.Kind
	for _, row := range kong.Rows() {
		if parent(row.Kind) == p {
			kinds = append(kinds, row.Kind)
		}
	}
	return kinds
}

// optional reports whether a Kong may be without a kind: credentials, if their plugin is not enabled, and what Kong 2 did not have.
func optional(k kong.Kind) bool {
	return k.IsCredential() || k == kong.KeySets || k == kong.Keys || k == kong.Vaults
}

// Read returns what the Kong holds, gwsync's and others'. With a database it reads the kinds that gwsync can write or refer
// to, and the targets that [Config.Targets] asks for; without one it is all there is.
func (c *Client) Read(ctx context.Context) (kong.State, error) {
	info, err := c.Info(ctx)
	if err != nil {
		return kong.State{}, err
	}
	if !info.Database {
		return c.readConfig(ctx)
	}
	r := reading{client: c, free: make(chan struct{}, c.parallelism)}
	var listing context.Context
	r.group, listing = errgroup.WithContext(ctx)
	// Leases are key sets. One that is read before all else is not newer than any of it: whoever can take the next one then knows that
	// nobody else has had it since.
	if err := r.kind(listing, kong.KeySets); err != nil {
		return kong.State{}, err
	}
	r.kinds(listing, "")
	if err := r.group.Wait(); err != nil {
		return kong.State{}, err
	}
	if c.plane != "" {
		if err := r.konnectTargets(ctx); err != nil {
			return kong.State{}, err
		}
	}
	return kong.NewState(r.found...)
}

// reading collects what a Kong with a database holds. All listings go on at the same time.
type reading struct {
	client *Client
	group  *errgroup.Group
	// free has room for as many upstreams as targets may be read of at a time.
	free chan struct{}

	mu    sync.Mutex
	found []kong.Entity
}

// kinds begins to list the kinds below p.
func (r *reading) kinds(ctx context.Context, p kong.Kind) {
	for _, kind := range listed(p) {
		if kind != kong.Targets && kind != kong.KeySets { // upstream by upstream, and before all else
			r.group.Go(func() error { return r.kind(ctx, kind) })
		}
	}
}

// kind lists a kind, if the Kong has it.
func (r *reading) kind(ctx context.Context, kind kong.Kind) error {
	err := r.list(ctx, kind, []string{kind.Collection()})
	if isNotFound(err) && optional(kind) {
		return nil
	}
	return err
}

// list collects all entities of one kind below a path.
func (r *reading) list(ctx context.Context, kind kong.Kind, path []string) error {
	first := true
	return r.client.list(ctx, kind, path, func(page []kong.Entity) {
		r.take(ctx, kind, page, first)
		first = false
	})
}

// list reads all entities of one kind below a path, page by page: an offset is known only with the page before.
func (c *Client) list(ctx context.Context, kind kong.Kind, path []string, take func(page []kong.Entity)) error {
	query, reader := url.Values{"size": {pageSize}}, kong.NewPageReader(kind)
	for {
		page, err := c.page(ctx, reader, request{method: http.MethodGet, path: path, query: query})
		if err != nil {
			return err
		}
		take(page.Entities)
		switch page.Offset {
		case "":
			return nil
		case query.Get("offset"):
			return c.notKong("its listing of " + string(kind) + " never ends")
		}
		query.Set("offset", page.Offset)
	}
}

// page returns one page of a listing.
func (c *Client) page(ctx context.Context, reader *kong.PageReader, r request) (kong.Page, error) {
	body, err := c.do(ctx, r)
	if err != nil {
		return kong.Page{}, err
	}
	page, err := reader.Read(body)
	if err != nil {
		return kong.Page{}, c.notKong("its answer to GET /" + strings.Join(r.path, "/") + " is not what Kong answers: " + err.Error())
	}
	if page.Updated > 0 {
		c.clock.saw(page.Updated)
	}
	return page, nil
}

// take keeps a page of entities and begins to list what there may be because of them.
func (r *reading) take(ctx context.Context, kind kong.Kind, page []kong.Entity, first bool) {
	r.mu.Lock()
	r.found = append(r.found, page...)
	r.mu.Unlock()
	if first && len(page) > 0 {
		r.kinds(ctx, kind)
	}
	if kind != kong.Upstreams || r.client.plane != "" {
		return
	}
	for _, u := range page {
		if r.client.targets(u) {
			r.targets(ctx, u)
		}
	}
}

// targets begins to list the targets of an upstream, as soon as not too many are being listed.
func (r *reading) targets(ctx context.Context, u kong.Entity) {
	select {
	case r.free <- struct{}{}:
	case <-ctx.Done():
		return
	}
	r.group.Go(func() error {
		defer func() { <-r.free }()
		return r.list(ctx, kong.Targets, []string{string(kong.Upstreams), u.ID(), string(kong.Targets)})
	})
}

// readConfig returns what a Kong without a database holds.
func (c *Client) readConfig(ctx context.Context) (kong.State, error) {
	var answer struct {
		Config string `json:"config"`
	}
	if err := c.get(ctx, request{path: []string{"config"}, patient: true}, &answer); err != nil {
		return kong.State{}, err
	}
	s, err := kong.Decode(strings.NewReader(answer.Config))
	if err != nil {
		return kong.State{}, c.notKong("its answer to GET /config cannot be read: " + err.Error())
	}
	return s, nil
}
