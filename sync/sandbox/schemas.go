package sandbox

import (
	"net/http"
	"slices"

	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// schemaEndpoints are those of /schemas.
//
// Source: kong/api/routes/kong.lua.
func (k *Kong) schemaEndpoints(n *node) {
	n.handle("GET", "/schemas/:name", nil, func(q *request) (int, any, *Error) {
		e, err := k.entityNamed(q.param("name"))
		if err != nil {
			return 0, nil, err
		}
		return http.StatusOK, e.Describe(), nil
	})
	n.handle("POST", "/schemas/:db_entity_name/validate", nil, func(q *request) (int, any, *Error) {
		return k.validate(q.param("db_entity_name"), q.body)
	})
	n.handle("GET", "/schemas/filters/:name", nil, func(q *request) (int, any, *Error) {
		return 0, nil, plainError(http.StatusNotFound, "Filter '"+q.param("name")+"' not found")
	})
	for _, name := range []string{"plugins", "vaults"} { // where a path below /schemas/NAME is something else, too
		n.handle("POST", "/schemas/"+name+"/validate", nil, func(q *request) (int, any, *Error) { return k.validate(name, q.body) })
	}
	subschema := func(kind, what string, describe func(*schema.Record) any) handler {
		return func(q *request) (int, any, *Error) {
			sub := k.tables.Entity(kind).Subschema(q.param("name"))
			if sub == nil {
				return 0, nil, plainError(http.StatusNotFound, "No "+what+" named '"+q.param("name")+"'")
			}
			return http.StatusOK, describe(sub), nil
		}
	}
	whole := func(r *schema.Record) any { return r.Describe() }
	n.handle("GET", "/schemas/plugins/:name", nil, subschema("plugins", "plugin", whole))
	n.handle("GET", "/schemas/vaults/:name", nil, subschema("vaults", "vault", whole))
	config := func(r *schema.Record) any { return r.Field("config").Describe() }
	n.handle("GET", "/plugins/schema/:name", nil, subschema("plugins", "plugin", config))
}

func (k *Kong) entityNamed(name string) (*schema.Entity, *Error) {
	if e := k.tables.Entity(name); e != nil {
		return e, nil
	}
	if slices.Contains(unmodelled(), name) {
		return nil, notModelled(name)
	}
	return nil, plainError(http.StatusNotFound, "No entity named '"+name+"'")
}

// unmodelled are the kinds of entities that a real Kong has and the sandbox has not.
func unmodelled() []string {
	return []string{"clustering_data_planes", "oauth2_authorization_codes", "parameters", "ratelimiting_metrics", "workspaces"}
}

// validate says whether an entity could be created, apart from what other entities there are.
func (k *Kong) validate(kind string, body map[string]any) (int, any, *Error) {
	e, err := k.entityNamed(kind)
	if err != nil {
		return 0, nil, err
	}
	data, errs := e.Fill(body, schema.Insert)
	if errs == nil {
		errs = e.Validate(data)
	}
	if errs != nil {
		return 0, nil, schemaViolation(errs)
	}
	return http.StatusOK, map[string]any{"message": "schema validation successful"}, nil
}
