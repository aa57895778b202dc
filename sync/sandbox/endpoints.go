package sandbox

import (
	"maps"
	"net/http"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// endpoints returns all paths of the Admin API.
//
// Source: kong/api/init.lua, kong/api/endpoints.lua, kong/api/routes/*.lua.
func (k *Kong) endpoints() *node {
	n := &node{}
	for _, e := range k.tables.Entities {
		k.collectionEndpoints(n, e)
		k.entityEndpoints(n, e)
		for _, f := range e.Foreign() {
			k.nestedEndpoints(n, e, f)
			k.foreignEndpoints(n, e, f)
		}
	}
	k.targetEndpoints(n)
	k.healthEndpoints(n)
	k.rootEndpoints(n)
	k.schemaEndpoints(n)
	k.refuseEndpoints(n)
	n.handle("GET", "/tags", nil, k.listTags)
	n.handle("GET", "/tags/:tags", nil, k.listTags)
	n.handle("GET", "/config", nil, k.getConfig)
	n.handle("POST", "/config", nil, k.postConfig)
	return n
}

// collectionEndpoints are those of /services.
func (k *Kong) collectionEndpoints(n *node, e *schema.Entity) {
	path := "/" + e.Admin
	n.handle("GET", path, e, func(q *request) (int, any, *Error) { return k.list(q, e, k.store.kinds[e.Name].ids, path) })
	n.handle("POST", path, e, func(q *request) (int, any, *Error) {
		if e.Name == "certificates" {
			sniArgs(q)
		}
		r, err := k.insert(e, q.body)
		return k.answered(http.StatusCreated, e, r, err)
	})
}

// entityEndpoints are those of /services/:services.
func (k *Kong) entityEndpoints(n *node, e *schema.Entity) {
	path := "/" + e.Admin + "/:" + e.Name
	handle := func(method string, h func(q *request, s selector) (int, any, *Error)) {
		n.handle(method, path, e, func(q *request) (int, any, *Error) {
			if e.Name == "certificates" {
				if err := k.certificateParam(q); err != nil {
					return 0, nil, err
				}
				if q.body == nil {
					q.body = map[string]any{}
				}
				sniArgs(q)
			}
			return h(q, named(e, q.param(e.Name)))
		})
	}
	handle("GET", func(_ *request, s selector) (int, any, *Error) {
		r, err := k.find(e, s)
		if err == nil && r == nil && e.Name == "certificates" {
			err = noEntity(s.key(), false)
		}
		return k.answered(http.StatusOK, e, r, err)
	})
	handle("PUT", func(q *request, s selector) (int, any, *Error) {
		r, err := k.upsert(e, s, q.body)
		return k.answered(http.StatusOK, e, r, err)
	})
	handle("PATCH", func(q *request, s selector) (int, any, *Error) { return k.patch(q, e, s, q.body) })
	handle("DELETE", func(_ *request, s selector) (int, any, *Error) {
		return http.StatusNoContent, nil, k.remove(e, s)
	})
}

// patch updates an entity. A plugin's name is needed to know its schema, even to read a form.
//
// Source: kong/api/routes/plugins.lua, patch_plugin.
func (k *Kong) patch(q *request, e *schema.Entity, s selector, body map[string]any) (int, any, *Error) {
	if e.Name == "plugins" && body["name"] == nil {
		r, err := k.find(e, s)
		if err != nil {
			return 0, nil, err
		}
		if r == nil {
			return 0, nil, notFound()
		}
		body = maps.Clone(body)
		if body == nil {
			body = map[string]any{}
		}
		body["name"] = r.data["name"]
		if q.form {
			e.Infer(body)
		}
	}
	r, err := k.update(e, s, body)
	return k.answered(http.StatusOK, e, r, err)
}

// answered returns an entity as an answer, or 404 if there is none.
func (k *Kong) answered(status int, e *schema.Entity, r *row, err *Error) (int, any, *Error) {
	switch {
	case err != nil:
		return 0, nil, err
	case r == nil:
		return 0, nil, notFound()
	}
	return status, k.answer(e, r), nil
}

// parent returns the entity below which a request works.
func (k *Kong) parent(q *request, e *schema.Entity) (*row, *Error) {
	if e.Name == "certificates" {
		if err := k.certificateParam(q); err != nil {
			return nil, err
		}
	}
	r, err := k.find(e, named(e, q.param(e.Name)))
	if err == nil && r == nil {
		err = notFound()
	}
	return r, err
}

// nestedEndpoints are those of /services/:services/routes and /services/:services/routes/:routes, where f is the route's field.
func (k *Kong) nestedEndpoints(n *node, e *schema.Entity, f *schema.Field) {
	parent := k.tables.Entity(f.Reference())
	path := "/" + parent.Admin + "/:" + parent.Name + "/" + e.Nested
	n.handle("GET", path, e, func(q *request) (int, any, *Error) {
		shown := "/" + parent.Admin + "/" + q.param(parent.Name) + "/" + e.Nested
		r, err := k.parent(q, parent)
		if err != nil {
			return 0, nil, err
		}
		return k.listNested(q, e, k.store.kinds[e.Name].referrers[f.Name][r.id], shown)
	})
	n.handle("POST", path, e, func(q *request) (int, any, *Error) {
		r, err := k.parent(q, parent)
		if err != nil {
			return 0, nil, err
		}
		r, err = k.insert(e, with(q.body, f.Name, r.id))
		return k.answered(http.StatusCreated, e, r, err)
	})
	handle := func(method string, h handler) { n.handle(method, path+"/:"+e.Name, e, h) }
	handle("GET", func(q *request) (int, any, *Error) {
		r, _, err := k.child(q, parent, e, f)
		return k.answered(http.StatusOK, e, r, err)
	})
	handle("PUT", func(q *request) (int, any, *Error) { return k.putNested(q, parent, e, f) })
	handle("PATCH", func(q *request) (int, any, *Error) { return k.patchNested(q, parent, e, f) })
	handle("DELETE", func(q *request) (int, any, *Error) {
		r, _, err := k.child(q, parent, e, f)
		if err != nil {
			return 0, nil, err
		}
		return http.StatusNoContent, nil, k.remove(e, selector{"id", r.id})
	})
}

func (k *Kong) putNested(q *request, parent, e *schema.Entity, f *schema.Field) (int, any, *Error) {
	p, err := k.parent(q, parent)
	if err != nil {
		return 0, nil, err
	}
	if err := k.groupParam(q, e, p); err != nil {
		return 0, nil, err
	}
	r, err := k.upsert(e, named(e, q.param(e.Name)), with(q.body, f.Name, p.id))
	return k.answered(http.StatusOK, e, r, err)
}

func (k *Kong) patchNested(q *request, parent, e *schema.Entity, f *schema.Field) (int, any, *Error) {
	r, p, err := k.child(q, parent, e, f)
	if err != nil {
		return 0, nil, err
	}
	body := q.body
	if body[f.Name] == nil {
		body = with(body, f.Name, p.id)
	}
	return k.patch(q, e, selector{"id", r.id}, body)
}

// with returns a body with a reference added.
func with(body map[string]any, field, id string) map[string]any {
	out := maps.Clone(body)
	if out == nil {
		out = map[string]any{}
	}
	out[field] = map[string]any{"id": id}
	return out
}

// child returns the entity that a path names below another one, and that one.
func (k *Kong) child(q *request, parent, e *schema.Entity, f *schema.Field) (r, p *row, err *Error) {
	if p, err = k.parent(q, parent); err != nil {
		return nil, nil, err
	}
	if err = k.groupParam(q, e, p); err != nil {
		return nil, nil, err
	}
	r, err = k.find(e, named(e, q.param(e.Name)))
	if err == nil && (r == nil || fieldID(r.data[f.Name]) != p.id) {
		err = notFound()
	}
	return r, p, err
}

// groupParam lets a consumer's ACL be named by its group.
//
// Source: kong/plugins/acl/api.lua.
func (k *Kong) groupParam(q *request, e *schema.Entity, consumer *row) *Error {
	group := q.param(e.Name)
	if e.Name != "acls" || kong.IsUUID(group) {
		return nil
	}
	c := k.store.kinds["acls"]
	key := map[string]any{"consumer": map[string]any{"id": consumer.id}, "group": group}
	if id, ok := c.unique["cache_key"][c.uniqueValue("cache_key", key)]; ok {
		q.params[e.Name] = id
		return nil
	}
	if q.method != http.MethodPut {
		return notFound()
	}
	q.params[e.Name] = newUUID()
	if q.body == nil {
		q.body = map[string]any{}
	}
	if q.body["group"] == nil {
		q.body["group"] = group
	}
	return nil
}

// foreignEndpoints are those of /routes/:routes/service, where f is the route's field.
func (k *Kong) foreignEndpoints(n *node, e *schema.Entity, f *schema.Field) {
	to := k.tables.Entity(f.Reference())
	handle := func(method string, h func(q *request, r *row, id string) (int, any, *Error)) {
		n.handle(method, "/"+e.Admin+"/:"+e.Name+"/"+f.Name, to, func(q *request) (int, any, *Error) {
			r, err := k.parent(q, e)
			if err != nil {
				return 0, nil, err
			}
			id := fieldID(r.data[f.Name])
			if id == "" && method != http.MethodPut {
				return 0, nil, notFound()
			}
			return h(q, r, id)
		})
	}
	handle("GET", func(_ *request, _ *row, id string) (int, any, *Error) {
		r, err := k.find(to, selector{"id", id})
		return k.answered(http.StatusOK, to, r, err)
	})
	handle("PUT", func(q *request, r *row, id string) (int, any, *Error) {
		fresh := id == ""
		if fresh {
			id = newUUID()
		}
		foreign, err := k.upsert(to, selector{"id", id}, q.body)
		if err == nil && fresh {
			_, err = k.update(e, selector{"id", r.id}, with(nil, f.Name, id))
		}
		return k.answered(http.StatusOK, to, foreign, err)
	})
	handle("PATCH", func(q *request, _ *row, id string) (int, any, *Error) {
		return k.patch(q, to, selector{"id", id}, q.body)
	})
	handle("DELETE", func(*request, *row, string) (int, any, *Error) { return 0, nil, notAllowed() })
}
