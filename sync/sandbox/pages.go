package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

const (
	pageSize    = 100
	maxPageSize = 1000
)

// list answers a page of the entities with the given ids, which are sorted. path begins the address of the next page.
func (k *Kong) list(q *request, e *schema.Entity, ids []string, path string) (int, any, *Error) {
	if e.Name == "consumers" && q.query.Has("custom_id") {
		return k.consumerByCustomID(e, q.query.Get("custom_id"))
	}
	suffix := ""
	if tags := q.query.Get("tags"); tags != "" {
		suffix = "&tags=" + url.QueryEscape(tags)
	}
	if size := q.query.Get("size"); size != "" {
		suffix += "&size=" + url.QueryEscape(size)
	}
	filter, err := tagFilter(q.query)
	if err != nil {
		return 0, nil, err
	}
	return k.page(q, e, ids, path, suffix, filter)
}

// listNested answers a page of the entities below another one. Kong checks tags there but does not filter by them.
func (k *Kong) listNested(q *request, e *schema.Entity, ids []string, path string) (int, any, *Error) {
	if _, err := tagFilter(q.query); err != nil {
		return 0, nil, err
	}
	return k.page(q, e, ids, path, "", nil)
}

func (k *Kong) page(q *request, e *schema.Entity, ids []string, path, suffix string, keep func(*row) bool) (int, any, *Error) {
	size, err := sizeOf(q.query)
	if err != nil {
		return 0, nil, err
	}
	start := 0
	if offset := q.query.Get("offset"); offset != "" {
		after, err := k.decodeOffset(offset)
		if err != nil {
			return 0, nil, err
		}
		var found bool
		if start, found = slices.BinarySearch(ids, after[0]); found {
			start++
		}
	}
	c := k.store.kinds[e.Name]
	var out [][]byte
	last, more := "", false
	for n, id := range ids[start:] {
		// Without a database Kong takes a page first and filters it then.
		if len(out) == size || k.config.DBLess && n == size {
			more = true
			break
		}
		r := c.rows[id]
		if k.config.DBLess {
			last = id
		}
		if keep == nil || keep(r) {
			out, last = append(out, k.answer(e, r)), id
		}
	}
	if more && !k.config.DBLess && keep != nil {
		i, _ := slices.BinarySearch(ids, last)
		more = slices.ContainsFunc(ids[i+1:], func(id string) bool { return keep(c.rows[id]) })
	}
	if !more {
		return http.StatusOK, pageOf(out, "", ""), nil
	}
	offset := encodeOffset(last)
	return http.StatusOK, pageOf(out, offset, path+"?offset="+url.QueryEscape(offset)+suffix), nil
}

// pageOf returns the body of a page; without next it is the last one.
func pageOf(entities [][]byte, offset, next string) []byte {
	var b bytes.Buffer
	b.WriteString(`{"data":[`)
	b.Write(bytes.Join(entities, []byte{','}))
	b.WriteString(`],"next":`)
	if next == "" {
		b.WriteString("null}")
		return b.Bytes()
	}
	b.Write(encode(next))
	b.WriteString(`,"offset":`)
	b.Write(encode(offset))
	b.WriteByte('}')
	return b.Bytes()
}

// encodeOffset returns the token for the page after the entity with that id, or inside it.
func encodeOffset(position ...string) string {
	return base64.RawStdEncoding.EncodeToString(encode(position))
}

func (k *Kong) decodeOffset(offset string) ([]string, *Error) {
	text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(offset, "="))
	if err != nil {
		return nil, invalidOffset(offset, "bad base64 encoding")
	}
	var position []string
	if json.Unmarshal(text, &position) != nil || len(position) == 0 {
		if k.config.DBLess {
			return []string{string(text)}, nil
		}
		return nil, invalidOffset(offset, "bad json encoding")
	}
	return position, nil
}

func sizeOf(query url.Values) (int, *Error) {
	text := query.Get("size")
	if text == "" {
		return pageSize, nil
	}
	size, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, invalidSize("size must be a number")
	}
	if n := int(size); float64(n) == size && n >= 1 && n <= maxPageSize {
		return n, nil
	}
	return 0, invalidSize("size must be an integer between 1 and " + strconv.Itoa(maxPageSize))
}

// tagFilter returns what the tags of a query let pass, or nil if that is everything: "a,b" wants both tags, "a/b" one of them.
func tagFilter(query url.Values) (func(*row) bool, *Error) {
	if !query.Has("tags") {
		return nil, nil
	}
	text := query.Get("tags")
	all := !strings.Contains(text, "/")
	separator := ","
	if !all {
		separator = "/"
	}
	tags := strings.Split(strings.TrimSuffix(text, separator), separator)
	switch {
	case text == "":
		return nil, invalidTags("cannot be null")
	case !all && strings.Contains(text, ",") || slices.ContainsFunc(tags, func(t string) bool { return t != strings.Map(tagRune, t) }):
		return nil, invalidTags("invalid filter syntax")
	case slices.Contains(tags, ""):
		return nil, invalidTags("invalid filter syntax")
	case len(tags) > 5:
		return nil, invalidTags("cannot query more than 5 tags")
	}
	return func(r *row) bool {
		list, _ := r.data["tags"].([]any)
		for _, t := range tags {
			if slices.Contains(list, any(t)) != all {
				return !all
			}
		}
		return all
	}, nil
}

// tagRune drops what a tag cannot have.
func tagRune(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

func (k *Kong) consumerByCustomID(e *schema.Entity, id string) (int, any, *Error) {
	if id == "" {
		return 0, nil, plainError(http.StatusBadRequest, "custom_id must be an unempty string")
	}
	r, err := k.find(e, selector{"custom_id", id})
	if err != nil {
		return 0, nil, err
	}
	if r == nil {
		return http.StatusOK, pageOf(nil, "", ""), nil
	}
	return http.StatusOK, pageOf([][]byte{k.answer(e, r)}, "", ""), nil
}
