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

// listed are the kinds that are read from a Kong with a database, by the kind of which it must have something for that, "" for always:
// those that gwsync renders, and those that they can refer to. Others cannot stand in their way. It is never written.
var listed = func() map[kong.Kind][]kong.Kind {
	kinds := map[kong.Kind][]kong.Kind{}
	for _, row := range kong.Rows() {
		kinds[parent(row.Kind)] = append(kinds[parent(row.Kind)], row.Kind)
	}
	return kinds
}()

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
	r := reading{client: c, upstreams: make(chan kong.Entity)}
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
	// upstreams are those whose targets are to be listed; it is closed when there are no more.
	upstreams chan kong.Entity

	mu    sync.Mutex
	found []kong.Entity
}

// kinds begins to list the kinds below p.
func (r *reading) kinds(ctx context.Context, p kong.Kind) {
	for _, kind := range listed[p] {
		if kind != kong.Targets && kind != kong.KeySets { // upstream by upstream, and before all else
			r.group.Go(func() error { return r.kind(ctx, kind) })
		}
	}
}

// kind lists a kind, if the Kong has it, and beside the upstreams their targets.
func (r *reading) kind(ctx context.Context, kind kong.Kind) error {
	if kind == kong.Upstreams {
		defer close(r.upstreams)
		for range r.client.parallelism {
			r.group.Go(func() error { return r.targets(ctx) })
		}
	}
	err := r.list(ctx, r.client.newLister(kind), []string{kind.Collection()})
	if isNotFound(err) && optional(kind) {
		return nil
	}
	return err
}

// list collects all entities below a path.
func (r *reading) list(ctx context.Context, l *lister, path []string) error {
	first := true
	return l.list(ctx, path, func(page []kong.Entity) {
		r.take(ctx, l.kind, page, first)
		first = false
	})
}

// lister reads listings of one kind, one after the other.
type lister struct {
	client *Client
	kind   kong.Kind
	reader *kong.PageReader
	body   []byte
}

func (c *Client) newLister(kind kong.Kind) *lister {
	return &lister{client: c, kind: kind, reader: kong.NewPageReader(kind)}
}

// list reads all entities below a path, page by page: an offset is known only with the page before.
func (l *lister) list(ctx context.Context, path []string, take func(page []kong.Entity)) error {
	query := url.Values{"size": {pageSize}}
	for {
		page, err := l.page(ctx, request{method: http.MethodGet, path: path, query: query})
		if err != nil {
			return err
		}
		take(page.Entities)
		switch page.Offset {
		case "":
			return nil
		case query.Get("offset"):
			return l.client.notKong("its listing of " + string(l.kind) + " never ends")
		}
		query.Set("offset", page.Offset)
	}
}

// page returns one page of a listing.
func (l *lister) page(ctx context.Context, r request) (page kong.Page, err error) {
	if l.body, err = l.client.answer(ctx, r, l.body); err != nil {
		return kong.Page{}, err
	}
	if page, err = l.reader.Read(l.body); err != nil {
		return kong.Page{}, l.client.notKong("its answer to GET /" + strings.Join(r.path, "/") + " is not what Kong answers: " + err.Error())
	}
	if page.Updated > 0 {
		l.client.clock.saw(page.Updated)
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
		if !r.client.targets(u) {
			continue
		}
		select {
		case r.upstreams <- u:
		case <-ctx.Done():
			return
		}
	}
}

// targets lists the targets of one upstream after the other.
func (r *reading) targets(ctx context.Context) error {
	l := r.client.newLister(kong.Targets)
	for u := range r.upstreams {
		if err := r.list(ctx, l, []string{string(kong.Upstreams), u.ID(), string(kong.Targets)}); err != nil {
			return err
		}
	}
	return nil
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
