package admin

import (
	"context"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/render/kong"
)

// schemaName is a schema to ask for: a plugin's where plugin is set, else a kind's.
type schemaName struct {
	kind   kong.Kind
	plugin string
}

// Schemas returns at least the schemas of all kinds and plugins that occur in the given states, each asked for once in the
// life of the client. What the Kong has no schema of is left out: it refuses such an entity with a better reason.
func (c *Client) Schemas(ctx context.Context, states ...kong.State) (kong.Schemas, error) {
	names := missing(c.known(), states)
	answers := make([][]byte, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.parallelism)
	for i, name := range names {
		group.Go(func() error {
			var err error
			answers[i], err = c.schema(ctx, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return kong.Schemas{}, err
	}
	c.schemasMu.Lock()
	defer c.schemasMu.Unlock()
	for i, name := range names {
		if answers[i] == nil {
			continue
		}
		more, err := c.schemas.WithKind(name.kind, answers[i])
		if name.plugin != "" {
			more, err = c.schemas.WithPlugin(name.plugin, answers[i])
		}
		if err != nil {
			return kong.Schemas{}, err
		}
		c.schemas = more
	}
	return c.schemas, nil
}

// known returns the schemas that were asked for so far.
func (c *Client) known() kong.Schemas {
	c.schemasMu.Lock()
	defer c.schemasMu.Unlock()
	return c.schemas
}

// missing returns the schemas of kinds and plugins in the states that are not known yet, each once.
func missing(known kong.Schemas, states []kong.State) []schemaName {
	seen := map[schemaName]bool{}
	var out []schemaName
	add := func(n schemaName) {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	for _, s := range states {
		for _, k := range s.Kinds() {
			if !known.HasKind(k) {
				add(schemaName{kind: k})
			}
		}
		for e := range s.Of(kong.Plugins) {
			if name := e.Text("name"); name != "" && !known.HasPlugin(name) {
				add(schemaName{plugin: name})
			}
		}
	}
	return out
}

// schema returns the answer to GET /schemas/..., nil if the Kong knows no such kind or plugin.
func (c *Client) schema(ctx context.Context, n schemaName) ([]byte, error) {
	path := []string{"schemas", string(n.kind)}
	if n.plugin != "" {
		path = []string{"schemas", "plugins", n.plugin}
	}
	body, err := []byte(nil), error(nil)
	if c.plane != "" && n.plugin == "" {
		body, err = c.konnectSchema(ctx, n.kind)
	} else {
		body, err = c.do(ctx, request{method: http.MethodGet, path: path})
	}
	if isNotFound(err) {
		return nil, nil
	}
	return body, err
}
