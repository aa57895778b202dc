package sandbox

import (
	"cmp"
	"crypto/md5" //nolint:gosec // the hash by which Kong recognizes a configuration
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// postConfig replaces what a DB-less Kong holds.
//
// Source: kong/api/routes/config.lua, kong/db/declarative/init.lua.
func (k *Kong) postConfig(q *request) (int, any, *Error) {
	if !k.config.DBLess {
		return 0, nil, needsDBLess()
	}
	option := func(name string) any {
		v, ok := q.body[name]
		delete(q.body, name)
		if !ok {
			v = q.query.Get(name)
		}
		return v
	}
	flatten, checkHash := truthy(option("flatten_errors")), option("check_hash")
	doc, text := q.body, ""
	if doc["_format_version"] == nil {
		var ok bool
		if text, ok = doc["config"].(string); !ok {
			text = string(q.raw)
		}
		if text == "" {
			return 0, nil, plainError(http.StatusBadRequest, "expected a declarative configuration")
		}
		var err *Error
		if doc, err = unserialize(text); err != nil {
			return 0, nil, err
		}
		if (checkHash == "1" || checkHash == 1.0) && md5Hex(text) == k.hash {
			return http.StatusNotModified, nil, nil
		}
	}
	if err := k.refusedInDocument(doc); err != nil {
		return 0, nil, err
	}
	next, input, errs := k.declared(doc)
	if errs != nil && flatten {
		return 0, nil, k.flattenErrors(input, errs)
	}
	if errs != nil {
		return 0, nil, declarativeError(errs)
	}
	return http.StatusCreated, k.replace(next, text), nil
}

func needsDBLess() *Error {
	return plainError(http.StatusBadRequest, "this endpoint is only available when Kong is configured to not use a database")
}

func truthy(v any) bool {
	s, ok := v.(string)
	return ok && slices.Contains([]string{"true", "1", "on", "yes"}, strings.ToLower(s)) || v == true || v == 1.0
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// replace puts a configuration in the place of what there is, and returns its entities as JSON. text is what it was
// read from, if it was.
func (k *Kong) replace(next *declared, text string) []byte {
	answer := encode(next.answer)
	if text == "" {
		text = string(answer)
	}
	k.store, k.hash = next.store, md5Hex(text)
	k.generation++
	return answer
}

// refusedInDocument refuses what a real Kong takes and the sandbox does not model.
func (k *Kong) refusedInDocument(doc map[string]any) (err *Error) {
	for _, kind := range unmodelled() {
		if list, ok := doc[kind].([]any); ok && len(list) > 0 {
			return notModelled(kind + " in a declarative configuration")
		}
	}
	if v := doc["_format_version"]; v == "1.1" || v == "2.1" {
		return notModelled("declarative configurations before format 3.0")
	}
	k.eachDeclared(doc, func(d *item) {
		if d.kind.Name == "oauth2_credentials" && d.data["hash_secret"] == true {
			err = notModelled("hashed OAuth 2.0 secrets (hash_secret)")
		}
	})
	return err
}

// declared is a configuration that has been read: a new store, and what POST /config answers.
type declared struct {
	store  *store
	answer map[string]any
}

// declared reads a configuration. Beside errors it returns the document that they are about, which may have got ids.
//
// Source: kong/db/schema/others/declarative_config.lua, flatten.
func (k *Kong) declared(doc map[string]any) (next *declared, input, errs map[string]any) {
	if errs := k.checkDocument(doc); errs != nil {
		return nil, doc, errs
	}
	doc, _ = deepCopy(doc).(map[string]any)
	k.eachDeclared(doc, func(d *item) { d.deriveID(false) })
	f := &flattener{kong: k, items: map[string]map[string]*item{}, names: map[string]map[string]*item{}, errs: map[string]any{}}
	filled, _ := deepCopy(doc).(map[string]any)
	k.eachDeclared(filled, f.collect)
	f.references()
	if len(f.errs) > 0 {
		return nil, doc, f.errs
	}
	next, errs = f.store(filled["_transform"] != false)
	return next, doc, errs
}

// item is an entity in a declarative configuration.
type item struct {
	kind   *schema.Entity
	data   map[string]any
	index  int // in its list, from 0
	parent *item
	field  *schema.Field // the field that refers to the parent
}

// eachDeclared calls do for each entity of a document that is valid: an entity before those inside it.
func (k *Kong) eachDeclared(doc map[string]any, do func(*item)) {
	var walk func(list any, d item)
	walk = func(list any, d item) {
		entities, _ := list.([]any)
		for i, e := range entities {
			m, ok := e.(map[string]any)
			if !ok {
				continue
			}
			d := d
			d.data, d.index = m, i
			do(&d)
			for _, c := range d.kind.Children() {
				walk(m[c.Entity.Name], item{kind: c.Entity, field: c.Field, parent: &d})
			}
		}
	}
	for _, e := range k.tables.Entities {
		walk(doc[e.Name], item{kind: e})
	}
}

// own returns the fields of a declared entity that are its own: without entities inside it and what is for people.
func own(e *schema.Entity, data map[string]any) map[string]any {
	out := maps.Clone(data)
	delete(out, "_comment")
	delete(out, "_ignore")
	for _, c := range e.Children() {
		delete(out, c.Entity.Name)
	}
	return out
}

func deepCopy(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = deepCopy(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, e := range v {
			out[name] = deepCopy(e)
		}
		return out
	}
	return v
}

// compareKinds orders kinds as they are declared: each after those it refers to.
func (k *Kong) compareKinds(a, b string) int {
	index := func(name string) int {
		return slices.IndexFunc(k.tables.Entities, func(e *schema.Entity) bool { return e.Name == name })
	}
	return cmp.Compare(index(a), index(b))
}
