package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
)

// DefaultKonnectURL is Konnect's address in its region us, decK's default.
const DefaultKonnectURL = "https://us.api.konghq.com"

// KonnectVersion takes the place of a version, which Konnect's control planes have none of.
const KonnectVersion = "Konnect"

// inKonnect returns the elements of a path before the entities of a control plane.
func (c *Client) inKonnect(r request) []string {
	if c.plane == "" || r.global {
		return nil
	}
	return []string{"v2", "control-planes", c.planeID, "core-entities"}
}

// locate learns the id of the control plane, once, before the first request that needs it.
//
// Source: https://developer.konghq.com/api/konnect/control-planes/v2/.
func (c *Client) locate(ctx context.Context, r request) error {
	if c.plane == "" || r.global {
		return nil
	}
	c.planeMu.Lock()
	defer c.planeMu.Unlock()
	if c.planeID != "" {
		return nil
	}
	var found struct {
		Data []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"data"`
	}
	query := url.Values{"filter[name][eq]": {c.plane}, "page[size]": {"100"}}
	if err := c.get(ctx, request{path: []string{"v2", "control-planes"}, query: query, global: true}, &found); err != nil {
		if isNotFound(err) {
			return &NotKongError{Address: c.shown, Reason: "it answers " + err.Error(), konnect: true}
		}
		return err
	}
	for _, plane := range found.Data {
		if plane.Name == c.plane && plane.ID != "" {
			c.planeID = plane.ID
			return nil
		}
	}
	return &PlaneError{Name: c.plane, Address: c.shown}
}

// PlaneError is a control plane that Konnect does not have, or does not show to whoever the token belongs to.
type PlaneError struct{ Name, Address string }

// Error names the control plane and the address.
func (e *PlaneError) Error() string {
	return "there is no control plane " + e.Name + " at " + e.Address
}

// Hint returns what to do about the error.
func (e *PlaneError) Hint() string {
	return "does the token belong to the control plane's organization, and is --konnect-addr the address of its region?"
}

// konnectTargets reads the targets of those upstreams read that [Config.Targets] asks for. Unlike a Kong, Konnect lists all targets at
// once.
//
// Source: Kong/go-kong, kong/target_service.go, ListAllTargets.
func (r *reading) konnectTargets(ctx context.Context) error {
	wanted := map[kong.Key]bool{}
	for _, e := range r.found {
		if e.Kind() == kong.Upstreams && r.client.targets(e) {
			wanted[e.Key()] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return r.client.newLister(kong.Targets).list(ctx, []string{string(kong.Targets)}, func(page []kong.Entity) {
		for _, e := range page {
			if upstream, _ := e.Ref("upstream"); wanted[upstream] {
				r.found = append(r.found, e)
			}
		}
	})
}

// konnectRoot is what takes the place of GET /, which Konnect does not have. The Kongs that its control planes configure are always of a
// version that it supports; how long they take to act on a write is not known, and Kong's own defaults are waited for.
func (c *Client) konnectRoot() *root {
	r := newRoot(KonnectVersion)
	r.Configuration.RouterFlavor = string(c.flavor)
	return r
}

// newRoot returns the answer of a Kong with a database of which no more than the version is known.
func newRoot(version string) *root {
	r := &root{Version: version}
	_ = json.Unmarshal([]byte(`{"database":"postgres"}`), &r.Configuration) // it is JSON
	return r
}

// konnectName returns what Konnect's schemas call a kind.
//
// Source: Kong/go-database-reconciler, pkg/schema/fetchers.go.
func konnectName(k kong.Kind) string {
	switch k {
	case kong.JWTSecrets:
		return "jwt"
	case kong.OAuth2Credentials:
		return "oauth2-credential"
	}
	row, _ := k.Row()
	if name, ok := strings.CutSuffix(row.Path, "s"); ok {
		return name
	}
	return row.Singular
}

// konnectSchema returns the schema of a kind in the form of GET /schemas/KIND: Konnect has JSON schemas of kinds, though none of plugins.
func (c *Client) konnectSchema(ctx context.Context, k kong.Kind) ([]byte, error) {
	body, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "schemas", "json", konnectName(k)}})
	if err != nil {
		return nil, err
	}
	var s jsonSchema
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, c.notKong("its schema of " + string(k) + " is no JSON schema: " + err.Error())
	}
	if s.Properties == nil {
		return nil, nil
	}
	return json.Marshal(s.field())
}

// jsonSchema is what matters here of a JSON schema.
type jsonSchema struct {
	Type       any                    `json:"type"`
	Default    json.RawMessage        `json:"default"`
	Properties map[string]*jsonSchema `json:"properties"`
	Items      *jsonSchema            `json:"items"`
	Unique     bool                   `json:"uniqueItems"`
}

// field returns the schema as Kong's own GET /schemas/KIND would say it.
func (s *jsonSchema) field() map[string]any {
	if s == nil {
		return map[string]any{}
	}
	out := map[string]any{}
	if s.Default != nil {
		out["default"] = s.Default
	}
	switch {
	case s.Properties != nil:
		out["type"] = "record"
		fields := []map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			fields = append(fields, map[string]any{name: s.Properties[name].field()})
		}
		out["fields"] = fields
	case s.Items != nil:
		out["type"], out["elements"] = "array", s.Items.field()
		if s.Unique {
			out["type"] = "set"
		}
	default:
		out["type"], _ = s.Type.(string)
	}
	return out
}

// withoutRoot returns what is known of a Kong whose root is not shown to us, as to who may work in one workspace only: the version is in
// the header Server of all answers. ok is false if it is not.
func (c *Client) withoutRoot(err error) (r *root, ok bool) {
	var refused *Error
	if c.workspace == "" || !errors.As(err, &refused) || refused.Status != http.StatusForbidden || !refused.json {
		return nil, false
	}
	server, _ := c.server.Load().(string)
	version, ok := strings.CutPrefix(server, "kong/")
	if !ok || version == "" {
		return nil, false
	}
	r = newRoot(version)
	r.Configuration.RouterFlavor = string(c.flavor)
	return r, true
}

// unsaid is the error of a Kong that does not show its root, and whose router flavor nobody has said.
func (c *Client) unsaid(err error) error {
	return sync.WithHint(fmt.Errorf("%w: whether it matches routes by expressions cannot be known", err),
		"say --router-flavor, or let the user read GET /"+c.workspace+"/kong")
}
