package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// listTags answers a page of all tags, or of the entities with one tag.
//
// Source: kong/api/routes/tags.lua, kong/db/strategies/postgres/tags.lua.
func (k *Kong) listTags(q *request) (int, any, *Error) {
	size, err := sizeOf(q.query)
	if err != nil {
		return 0, nil, err
	}
	want, path := q.param("tags"), "/tags"
	if want != "" {
		path += "/" + want
	}
	if k.config.DBLess {
		return k.listTagsByKind(q, want, path, size)
	}
	start, skip := 0, 0
	if offset := q.query.Get("offset"); offset != "" {
		after, err := k.decodeOffset(offset)
		if err != nil {
			return 0, nil, err
		}
		start, _ = slices.BinarySearchFunc(k.store.tagged, tagged{id: after[0]}, compareTagged)
		if len(after) > 1 {
			skip, _ = strconv.Atoi(after[1])
		}
	}
	var out [][]byte
	for _, t := range k.store.tagged[start:] {
		list, _ := k.store.kinds[t.kind].rows[t.id].data["tags"].([]any)
		for i, tag := range list {
			if i < skip || want != "" && tag != want {
				continue
			}
			if len(out) == size {
				offset := encodeOffset(t.id, strconv.Itoa(i))
				return http.StatusOK, pageOf(out, offset, path+"?offset="+url.QueryEscape(offset)), nil
			}
			out = append(out, encode(map[string]any{"tag": tag, "entity_name": t.kind, "entity_id": t.id}))
		}
		skip = 0
	}
	return http.StatusOK, pageOf(out, "", ""), nil
}

// listTagsByKind is listTags without a database: a page covers entities of one kind, as many as the size says, and may
// be empty though others follow. Its offset is the kind, and the entity that the page ended with, or "nil".
//
// Source: kong/db/strategies/off/init.lua, page_for_tags.
func (k *Kong) listTagsByKind(q *request, want, path string, size int) (int, any, *Error) {
	kinds, at, token := k.tables.Entities, 0, "nil"
	if offset := q.query.Get("offset"); offset != "" {
		kind, rest, ok := strings.Cut(offset, "|")
		at = slices.IndexFunc(kinds, func(e *schema.Entity) bool { return e.Name == kind })
		if !ok || at < 0 {
			return 0, nil, invalidOffset(offset, "bad offset string")
		}
		if token = rest; token == "nil" {
			at++
		}
	}
	if at == len(kinds) {
		return http.StatusOK, pageOf(nil, "", ""), nil
	}
	c := k.store.kinds[kinds[at].Name]
	start := 0
	if token != "nil" {
		after, err := k.decodeOffset(token)
		if err != nil {
			return 0, nil, err
		}
		var found bool
		if start, found = slices.BinarySearch(c.ids, after[0]); found {
			start++
		}
	}
	end := min(start+size, len(c.ids))
	var out [][]byte
	for _, id := range c.ids[start:end] {
		list, _ := c.rows[id].data["tags"].([]any)
		for _, tag := range list {
			if want == "" || tag == want {
				out = append(out, encode(map[string]any{"tag": tag, "entity_name": c.schema.Name, "entity_id": id}))
			}
		}
	}
	switch {
	case end < len(c.ids):
		token = encodeOffset(c.ids[end-1])
	case at == len(kinds)-1:
		return http.StatusOK, pageOf(out, "", ""), nil
	default:
		token = "nil"
	}
	offset := c.schema.Name + "|" + token
	return http.StatusOK, pageOf(out, offset, path+"?offset="+url.QueryEscape(offset)), nil
}
