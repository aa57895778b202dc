package admin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // it is what Kong calls its configurations by, no secret
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
)

// Load replaces all that a Kong without a database holds by s, or nothing at all. What s already is costs the Kong nothing.
// Where Kong refuses entities, the error is a *[sync.RejectedError] that tells which. That Kong now holds s, and nothing that
// somebody else loaded at the same time, its /status confirms; so it does if the answer to the load was lost.
func (c *Client) Load(ctx context.Context, s kong.State) error {
	var text bytes.Buffer
	if err := s.EncodeStored(&text); err != nil {
		return err
	}
	// As text in a parameter: of a configuration that is itself the body's JSON, Kong computes no hash to check.
	// Source: Kong 3.9.3, kong/api/routes/config.lua.
	body, err := json.Marshal(map[string]string{"config": text.String()})
	if err != nil {
		return err
	}
	before := c.holds(ctx)
	_, err = c.do(ctx, request{method: http.MethodPost, path: []string{"config"}, body: body, state: s, patient: true,
		query: url.Values{"check_hash": {"1"}, "flatten_errors": {"1"}}})
	var refused *Error
	if errors.As(err, &refused) && len(refused.flattened) > 0 {
		return c.rejected(s, refused)
	}
	if refused != nil && refused.Refused() {
		return err
	}
	return c.confirm(ctx, before, md5.Sum(text.Bytes()), err)
}

// holds returns the hash of the configuration that the Kong holds, "" if it does not say.
//
// Source: Kong 3.9.3, kong/api/routes/health.lua.
func (c *Client) holds(ctx context.Context) string {
	var status struct {
		Hash string `json:"configuration_hash"`
	}
	if err := c.get(ctx, request{path: []string{"status"}}, &status); err != nil {
		return ""
	}
	return status.Hash
}

// confirm returns nil if the Kong holds the configuration of the given hash, whatever became of the answer to its load, else the error
// of the load. A Kong that does not say what it holds is believed.
//
// One that failed by itself, as when its memory for configurations is too small, and holds what it did before has changed nothing. Of a
// load without an answer that cannot be known: it may still be under way.
func (c *Client) confirm(ctx context.Context, before string, sum [md5.Size]byte, loaded error) error {
	var failed *Error
	switch now := c.holds(ctx); {
	case now == "":
		return loaded
	case now == hex.EncodeToString(sum[:]):
		return nil
	case errors.As(loaded, &failed):
		failed.unchanged = failed.json && failed.Status == http.StatusInternalServerError && now == before
		return loaded
	case loaded != nil:
		return loaded
	}
	return sync.WithHint(errors.New("kong took the configuration, and then holds another"),
		"was another one loaded at the same time, or do several nodes without a database answer at --kong-addr? Load each by its own address")
}

// flattenedError is what is wrong with one entity of a configuration.
//
// Source: Kong 3.9.3, kong/db/errors.lua.
type flattenedError struct {
	Kind   string `json:"entity_type"`
	ID     string `json:"entity_id"`
	Name   string `json:"entity_name"`
	Errors []struct {
		Field    string   `json:"field"`
		Message  string   `json:"message"`
		Messages []string `json:"messages"`
	} `json:"errors"`
}

// rejected returns the error that names each entity of s that Kong refuses.
func (c *Client) rejected(s kong.State, refused *Error) error {
	out := &sync.RejectedError{}
	m := newMask(c.known(), kong.Entity{}, s)
	for _, f := range refused.flattened {
		e, known := find(s, f)
		if !known {
			e = named(kong.Kind(m.text(string(f.kind()))), m.text(f.ID), m.text(f.Name))
		}
		m.entity = e
		one := &Error{Method: refused.Method, Path: refused.Path, Status: refused.Status, Name: refused.Name, json: true}
		for _, p := range f.Errors {
			for _, message := range append(p.Messages, p.Message) {
				switch {
				case message == "":
				case !known: // and so are its secrets
					one.Problems = append(one.Problems, Problem{Field: m.text(p.Field), Message: hidden})
				default:
					one.Problems = append(one.Problems, m.problem(p.Field, strings.Split(p.Field, "."), message))
				}
			}
		}
		slices.SortFunc(one.Problems, func(a, b Problem) int { // Kong's order is another one each time
			return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
		})
		out.Rejections = append(out.Rejections, sync.Rejection{Entity: e, Reason: one.Reason(), Err: one})
	}
	slices.SortFunc(out.Rejections, func(a, b sync.Rejection) int { return a.Entity.Key().Compare(b.Entity.Key()) })
	return out
}

// kind returns the kind of the entity, of which Kong says the singular.
func (f flattenedError) kind() kong.Kind {
	for _, row := range kong.Rows() {
		if row.Singular == f.Kind {
			return row.Kind
		}
	}
	return kong.Kind(f.Kind)
}

// find returns the entity of s that an error is about, and whether it is there.
func find(s kong.State, f flattenedError) (kong.Entity, bool) {
	kind := f.kind()
	if e, ok := s.Get(kong.Key{Kind: kind, ID: f.ID}); ok {
		return e, true
	}
	for e := range s.Of(kind) {
		if f.ID == "" && e.Name() == f.Name {
			return e, true
		}
	}
	return kong.Entity{}, false
}

// named returns an entity that has only its name, none if there cannot be such a kind.
func named(k kong.Kind, id, name string) kong.Entity {
	e, err := kong.New(k, cmp.Or(id, name, "unknown"), map[string]any{"name": name}, kong.Origin{})
	if err != nil {
		return kong.Entity{}
	}
	return e
}
