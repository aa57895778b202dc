package admin

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// clock knows a Kong's time, and when something was last written there.
type clock struct {
	mu sync.Mutex
	// ahead is how far the Kong's clock is before ours.
	ahead time.Duration
	// written is the time, by the Kong's clock, of the last write that was seen.
	written time.Time
}

// set sets the clock by the Date of an answer.
func (c *clock) set(date string) {
	if t, err := http.ParseTime(date); err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ahead = time.Until(t)
	}
}

// saw notes an entity's updated_at, in seconds since 1970.
func (c *clock) saw(updated float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := time.Unix(int64(updated), 0); t.After(c.written) {
		c.written = t
	}
}

// sinceWrite returns how long ago the last write was. Kong tells time in seconds: it may be up to one too much.
func (c *clock) sinceWrite() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.written) + c.ahead
}

// Heard returns the versions of routes and plugins that the workers of the node are to build, "" if one is missing: an event has deleted
// it, and no worker has begun to build what it stands for. Each event of a write does so, in the order of the writes that one worker has
// answered. While a worker has many of them before it, a version is there for moments only.
//
// Source: Kong 3.9.3, kong/api/routes/cache.lua, kong/runloop/events.lua (crud_routes_handler, crud_plugins_handler) and handler.lua
// (rebuild); the endpoint is the same from 3.4 on.
func (c *Client) Heard(ctx context.Context) (string, error) {
	r, err := c.getRoot(ctx)
	switch {
	case err != nil:
		return "", err
	case c.plane != "" || r.Configuration.Role == controlPlane:
		return "", errors.New("a control plane does not tell what its data planes have heard of")
	case seconds(r.Configuration.WorkerUpdate) == 0:
		return "", errors.New("an embedded Kong takes up what is written at once")
	}
	versions := map[string]string{}
	var missing error
	for _, key := range []string{"router:version", "plugins_iterator:version"} {
		var v struct {
			Message string `json:"message"`
		}
		switch err := c.get(ctx, request{path: []string{"cache", key}}, &v); {
		case isNotFound(err):
			missing = err
		case err != nil:
			return "", err
		default:
			versions[key] = v.Message
		}
	}
	switch len(versions) {
	case 0: // a Kong that has no such endpoint answers the same
		if _, err := c.do(ctx, request{method: http.MethodOptions, path: []string{"cache", "router:version"}}); err != nil {
			return "", missing
		}
		return "", nil
	case 1:
		return "", nil
	}
	return versions["router:version"] + " " + versions["plugins_iterator:version"], nil
}

// controlPlane is the role of a Kong that serves nothing itself.
const controlPlane = "control_plane"

// Settling returns how long the Kong still needs until its workers act on everything that [Client.Read] has seen, judged by
// the newest updated_at. A period below a second is too short to be told from times in whole seconds: it is not waited for.
func (c *Client) Settling() time.Duration {
	c.infoMu.Lock()
	defer c.infoMu.Unlock()
	if c.root == nil || c.root.settle() < time.Second {
		return 0
	}
	return max(0, min(c.root.settle(), c.root.settle()+time.Second-c.clock.sinceWrite()))
}
