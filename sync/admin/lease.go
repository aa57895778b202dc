package admin

import (
	"context"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// aheadKey is the key by which the context of a request says that it waits for no other.
type aheadKey struct{}

// ahead returns the context for requests that wait for no other of the client, whatever --qps says and however slow Kong is: a lease that
// is not renewed in time is lost, and the more so the more there is to write.
func ahead(ctx context.Context) context.Context { return context.WithValue(ctx, aheadKey{}, true) }

// Leases returns the key sets that the Kong holds now: leases are among them, see [diff.Lease]. It waits for no other request.
func (c *Client) Leases(ctx context.Context) (kong.State, error) {
	var all []kong.Entity
	path := []string{kong.KeySets.Collection()}
	err := c.newLister(kong.KeySets).list(ahead(ctx), path, func(page []kong.Entity) { all = append(all, page...) })
	if err != nil {
		return kong.State{}, err
	}
	return kong.NewState(all...)
}

// WriteLease is [Client.Write] of a lease. It waits for no other request.
func (c *Client) WriteLease(ctx context.Context, w diff.Write) error { return c.Write(ahead(ctx), w) }
