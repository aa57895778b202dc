package admin

import (
	"context"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/render/kong"
)

// few is how many entities are read one by one rather than with all others of their kinds.
const few = 50

// Current returns those of the given entities that the Kong holds now: one by one if they are few, else by listing their kinds.
func (c *Client) Current(ctx context.Context, of []kong.Entity) (kong.State, error) {
	read := c.one
	lists := of
	if len(of) > few {
		read, lists = c.allOf, firsts(of)
	}
	found := make([][]kong.Entity, len(lists))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.parallelism)
	for i, e := range lists {
		group.Go(func() error {
			var err error
			found[i], err = read(ctx, e)
			if isNotFound(err) {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return kong.State{}, err
	}
	held := map[kong.Key]kong.Entity{}
	for _, list := range found {
		for _, e := range list {
			held[e.Key()] = e
		}
	}
	var out []kong.Entity
	for _, e := range of {
		if now, ok := held[e.Key()]; ok {
			out = append(out, now)
		}
	}
	return kong.NewState(out...)
}

// one reads one entity.
func (c *Client) one(ctx context.Context, e kong.Entity) ([]kong.Entity, error) {
	body, err := c.do(ctx, request{method: http.MethodGet, path: location(e)})
	if err != nil {
		return nil, err
	}
	now, err := kong.Read(e.Kind(), body)
	if err != nil {
		return nil, c.notKong("its answer is no entity: " + err.Error())
	}
	return []kong.Entity{now}, nil
}

// allOf lists what is in the same listing as e.
func (c *Client) allOf(ctx context.Context, e kong.Entity) (all []kong.Entity, err error) {
	path := location(e)
	err = c.newLister(e.Kind()).list(ctx, path[:len(path)-1], func(page []kong.Entity) { all = append(all, page...) })
	return all, err
}

// firsts returns one entity of each listing.
func firsts(of []kong.Entity) []kong.Entity {
	seen := map[string]bool{}
	var out []kong.Entity
	for _, e := range of {
		path := location(e)
		if listing := strings.Join(path[:len(path)-1], "/"); !seen[listing] {
			seen[listing] = true
			out = append(out, e)
		}
	}
	return out
}
