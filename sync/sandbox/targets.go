package sandbox

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// targetEndpoints are those of targets, which live below their upstreams only and have rules of their own.
//
// Source: kong/api/routes/upstreams.lua, kong/db/dao/targets.lua.
func (k *Kong) targetEndpoints(n *node) {
	targets, upstreams := k.tables.Entity("targets"), k.tables.Entity("upstreams")
	for _, path := range []string{"/targets", "/targets/:targets", "/targets/:targets/upstream", "/snis/:snis/certificate"} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			n.handle(method, path, nil, func(*request) (int, any, *Error) { return 0, nil, notFound() })
		}
	}
	n.handle("GET", "/upstreams/:upstreams/targets", targets, func(q *request) (int, any, *Error) {
		u, err := k.parent(q, upstreams)
		if err != nil {
			return 0, nil, err
		}
		return k.listTargets(q, k.latestTargets(u.id))
	})
	n.handle("GET", "/upstreams/:upstreams/targets/all", nil, func(q *request) (int, any, *Error) {
		u, err := k.parent(q, upstreams)
		if err != nil {
			return 0, nil, err
		}
		path := "/upstreams/" + q.param("upstreams") + "/targets/all"
		return k.listNested(q, targets, k.store.kinds["targets"].referrers["upstream"][u.id], path)
	})
	path := "/upstreams/:upstreams/targets/:targets"
	handle := func(method string, h func(q *request, r *row) (int, any, *Error)) {
		n.handle(method, path, targets, func(q *request) (int, any, *Error) {
			r, err := k.target(q, upstreams)
			if err != nil {
				return 0, nil, err
			}
			return h(q, r)
		})
	}
	change := func(q *request, r *row) (int, any, *Error) { return k.patch(q, targets, selector{"id", r.id}, q.body) }
	handle("GET", func(_ *request, r *row) (int, any, *Error) { return k.answered(http.StatusOK, targets, r, nil) })
	handle("PUT", change)
	handle("PATCH", change)
	handle("DELETE", func(_ *request, r *row) (int, any, *Error) {
		return http.StatusNoContent, nil, k.remove(targets, selector{"id", r.id})
	})
}

// target returns the target that a path names by its id or its address, below an upstream.
func (k *Kong) target(q *request, upstreams *schema.Entity) (*row, *Error) {
	u, err := k.parent(q, upstreams)
	if err != nil {
		return nil, err
	}
	name := q.param("targets")
	for _, r := range k.latestTargets(u.id) {
		if r.id == name || r.data["target"] == name {
			return r, nil
		}
	}
	return nil, notFound()
}

// latestTargets returns an upstream's targets, those created last first.
func (k *Kong) latestTargets(upstream string) []*row {
	c := k.store.kinds["targets"]
	var out []*row
	for _, id := range c.referrers["upstream"][upstream] {
		out = append(out, c.rows[id])
	}
	slices.SortFunc(out, func(a, b *row) int {
		x, _ := a.data["created_at"].(float64)
		y, _ := b.data["created_at"].(float64)
		return cmp.Or(cmp.Compare(y, x), cmp.Compare(b.id, a.id))
	})
	return out
}

// listTargets answers a page of targets. Its offset counts targets.
func (k *Kong) listTargets(q *request, all []*row) (int, any, *Error) {
	start, end, err := targetPage(q, len(all))
	if err != nil {
		return 0, nil, err
	}
	var out [][]byte
	for _, r := range all[start:end] {
		out = append(out, r.json)
	}
	if end == len(all) {
		return http.StatusOK, pageOf(out, "", ""), nil
	}
	offset := strconv.Itoa(end)
	path := "/upstreams/" + q.param("upstreams") + "/targets?offset=" + url.QueryEscape(offset)
	return http.StatusOK, pageOf(out, offset, path), nil
}

// targetPage returns which of n targets a page has: those from start, before end.
func targetPage(q *request, n int) (start, end int, err *Error) {
	size, err := sizeOf(q.query)
	if err != nil {
		return 0, 0, err
	}
	if offset := q.query.Get("offset"); offset != "" {
		at, err := strconv.Atoi(offset)
		if err != nil || at < 0 {
			return 0, 0, invalidOffset(offset, "not a number")
		}
		start = min(at, n)
	}
	return start, min(start+size, n), nil
}
