package admin

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/render/kong"
)

// pageSize is the largest page that Kong gives.
const pageSize = "1000"

// listed returns the kinds that are read from a Kong with a database: those that gwsync renders, and those that they can refer
// to. Others cannot stand in their way. Targets are read with their upstreams.
func listed() []kong.Kind {
	var kinds []kong.Kind
	for _, row := range kong.Rows() {
		if row.Kind != kong.Targets {
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
	kinds := listed()
	found := make([][]kong.Entity, len(kinds))
	var targets []kong.Entity
	group, ctx := errgroup.WithContext(ctx)
	for i, kind := range kinds {
		group.Go(func() error {
			var err error
			if kind == kong.Upstreams {
				found[i], targets, err = c.listUpstreams(ctx)
			} else {
				found[i], err = c.list(ctx, kind, []string{kind.Collection()})
			}
			if isNotFound(err) && optional(kind) {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return kong.State{}, err
	}
	return kong.NewState(append(slices.Concat(found...), targets...)...)
}

// listUpstreams returns the upstreams, and the targets of those that [Config.Targets] asks for.
func (c *Client) listUpstreams(ctx context.Context) (upstreams, targets []kong.Entity, err error) {
	upstreams, err = c.list(ctx, kong.Upstreams, []string{string(kong.Upstreams)})
	if err != nil {
		return nil, nil, err
	}
	found := make([][]kong.Entity, len(upstreams))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.parallelism)
	for i, u := range upstreams {
		if !c.targets(u) {
			continue
		}
		group.Go(func() error {
			var err error
			found[i], err = c.list(ctx, kong.Targets, []string{string(kong.Upstreams), u.ID(), string(kong.Targets)})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	return upstreams, slices.Concat(found...), nil
}

// page is one page of a listing. Kong leaves offset out on the last one.
type page struct {
	Data   []any  `json:"data"`
	Offset string `json:"offset"`
}

// list returns all entities of one kind below a path, page by page: an offset is known only with the page before.
func (c *Client) list(ctx context.Context, kind kong.Kind, path []string) ([]kong.Entity, error) {
	var out []kong.Entity
	query := url.Values{"size": {pageSize}}
	for {
		var p page
		if err := c.get(ctx, request{path: path, query: query}, &p); err != nil {
			return nil, err
		}
		for _, data := range p.Data {
			fields, _ := data.(map[string]any)
			e, err := entity(kind, fields)
			if err != nil {
				return nil, c.notKong("a listing holds what is no entity: " + err.Error())
			}
			out = append(out, e)
			if updated, ok := fields["updated_at"].(float64); ok {
				c.clock.saw(updated)
			}
		}
		switch p.Offset {
		case "":
			return out, nil
		case query.Get("offset"):
			return nil, c.notKong("its listing of " + string(kind) + " never ends")
		}
		query.Set("offset", p.Offset)
	}
}

// entity returns the entity that a listing shows.
func entity(kind kong.Kind, fields map[string]any) (kong.Entity, error) {
	if kind == kong.Certificates {
		delete(fields, string(kong.SNIs)) // no field of certificates: the listing shows the names of entities of their own
	}
	id, _ := fields["id"].(string)
	return kong.New(kind, id, fields, kong.Origin{})
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
