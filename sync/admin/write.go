package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
)

// Validate asks the Kong whether it would take e, and writes nothing; if not, the error is a *[sync.RejectedError]. Kong checks
// the entity alone: that what it refers to exists, and that its name is free, shows only in the write.
func (c *Client) Validate(ctx context.Context, e kong.Entity) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: []string{"schemas", string(e.Kind()), "validate"},
		body: e.AppendBody(nil), entity: e})
	var refused *Error
	if errors.As(err, &refused) && refused.json && (refused.Status == http.StatusBadRequest || refused.Status == http.StatusNotFound) {
		return &sync.RejectedError{Rejections: []sync.Rejection{{Entity: e, Reason: refused.Reason(), Err: refused}}}
	}
	return err
}

// Write makes one write to a Kong with a database. Deleting what is gone is done.
func (c *Client) Write(ctx context.Context, w diff.Write) error {
	e := w.Entity
	path := location(e)
	switch {
	case w.Op == diff.Delete:
		_, err := c.do(ctx, request{method: http.MethodDelete, path: path, entity: e})
		if isNotFound(err) {
			return nil
		}
		return err
	case c.plane != "": // Konnect has no PATCH, and its PUT creates targets and keeps SNIs
	case e.Kind() == kong.Targets && w.Op == diff.Create:
		return c.createTarget(ctx, e)
	case w.Op == diff.Update && patched(e.Kind()) != nil:
		return c.patch(ctx, e)
	}
	return c.put(ctx, e)
}

// put creates or updates an entity. Two PUTs of one entity at the same time, as after an answer that took too long, can each find that the
// other's row is in the way: then it is made again, a few times, for a name that is really taken stays so.
//
// Source: Kong 3.9.3, kong/db/strategies/postgres/init.lua: its upsert is an INSERT ... ON CONFLICT (id), and there are other unique
// indices (services_id_ws_id_unique, plugins_cache_key_key), of which Postgres then tells. It was seen on a real Kong.
func (c *Client) put(ctx context.Context, e kong.Entity) error {
	for n := 0; ; n++ {
		_, err := c.do(ctx, request{method: http.MethodPut, path: location(e), body: e.AppendBody(nil), entity: e})
		if n == putAgain || !isTaken(err) || ctx.Value(aheadKey{}) != nil || c.plane != "" {
			return err
		}
		if sleep(ctx, backoff(n)) != nil {
			return err
		}
	}
}

// putAgain is how often a PUT that finds something in its way is made again.
const putAgain = 2

// isTaken reports whether Kong says that something unique is taken.
func isTaken(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && (refused.Status == http.StatusConflict || refused.Name == "primary key violation")
}

// location returns the path of one entity.
func location(e kong.Entity) []string {
	if parent, ok := e.Ref("upstream"); ok && e.Kind() == kong.Targets {
		return []string{string(parent.Kind), parent.ID, string(e.Kind()), e.ID()}
	}
	return []string{e.Kind().Collection(), e.ID()}
}

// createTarget posts a target: Kong has no PUT that creates one. If Kong says that there is one, it is ours by a lost answer,
// provided that it has our id.
//
// Source: Kong 3.9.3, kong/api/routes/upstreams.lua.
func (c *Client) createTarget(ctx context.Context, e kong.Entity) error {
	path := location(e)
	_, err := c.do(ctx, request{method: http.MethodPost, path: path[:len(path)-1], body: e.AppendBody(nil), entity: e})
	if !isTaken(err) {
		return err
	}
	if update := c.patch(ctx, e); !isNotFound(update) {
		return update
	}
	return err
}

// patched returns the fields, with Kong's defaults, that entities of a kind need not have, if it is one that is updated by PATCH;
// else nil. Kong's PUT creates no targets, and that of a certificate deletes all of its SNIs that it does not list.
//
// Source: Kong 3.9.3, kong/db/schema/entities/targets.lua and certificates.lua, kong/api/routes/certificates.lua.
func patched(k kong.Kind) map[string]json.RawMessage {
	null := json.RawMessage("null")
	switch k {
	case kong.Targets:
		return map[string]json.RawMessage{"weight": json.RawMessage("100"), "tags": null}
	case kong.Certificates:
		return map[string]json.RawMessage{"cert_alt": null, "key_alt": null, "tags": null}
	}
	return nil
}

// patch updates an entity. Unlike PUT, this leaves alone what it does not name, so that it names all.
func (c *Client) patch(ctx context.Context, e kong.Entity) error {
	fields := patched(e.Kind())
	if err := json.Unmarshal(e.AppendBody(nil), &fields); err != nil {
		return err
	}
	delete(fields, "id")
	delete(fields, "upstream")
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, request{method: http.MethodPatch, path: location(e), body: body, entity: e})
	return err
}

func isNotFound(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound
}
