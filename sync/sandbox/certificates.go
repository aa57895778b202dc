package sandbox

import (
	"maps"
	"math"
	"net/http"
	"slices"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// A certificate's "snis" are names of SNI entities that refer to it: given, they replace what there is; answered,
// they are looked up.
//
// Source: kong/db/dao/certificates.lua, kong/db/dao/snis.lua.

// sniNames returns the names that input lists, sorted, and whether it lists any.
func sniNames(input map[string]any) ([]string, bool) {
	v, ok := input["snis"]
	if !ok {
		return nil, false
	}
	names := []string{}
	list, _ := v.([]any)
	for _, e := range list {
		if s, ok := e.(string); ok {
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return names, true
}

// checkSNIs refuses names that are listed twice or belong to a certificate other than that of the id.
func (k *Kong) checkSNIs(id string, input map[string]any) *Error {
	names, _ := sniNames(input)
	for i, name := range names {
		if i > 0 && names[i-1] == name {
			return schemaViolation(map[string]any{"snis": name + " is duplicated"})
		}
		r, err := k.find(k.tables.Entity("snis"), selector{"name", name})
		if err != nil {
			return err
		}
		if r == nil {
			continue
		}
		if other := fieldID(r.data["certificate"]); other != id {
			return schemaViolation(map[string]any{"snis": name + " already associated with existing certificate '" + other + "'"})
		}
	}
	return nil
}

// setSNIs makes the names that input lists the certificate's.
func (k *Kong) setSNIs(id string, input map[string]any) *Error {
	want, given := sniNames(input)
	if !given {
		return nil
	}
	snis := k.tables.Entity("snis")
	have := k.snisOf(id)
	for _, name := range want {
		if slices.Contains(have, name) {
			continue
		}
		if _, err := k.insert(snis, map[string]any{"name": name, "certificate": map[string]any{"id": id}}); err != nil {
			return err
		}
	}
	for _, name := range have {
		if !slices.Contains(want, name) {
			if err := k.remove(snis, selector{"name", name}); err != nil {
				return err
			}
		}
	}
	return nil
}

// deleteSNIs deletes a certificate's SNIs, as Kong does before it tries to delete the certificate itself.
func (k *Kong) deleteSNIs(id string) {
	snis := k.tables.Entity("snis")
	for _, sni := range slices.Clone(k.store.kinds["snis"].referrers["certificate"][id]) {
		k.store.drop(k.store.kinds[snis.Name], sni)
	}
}

// snisOf returns the names of a certificate's SNIs, sorted.
func (k *Kong) snisOf(id string) []string {
	c := k.store.kinds["snis"]
	names := []string{}
	for _, sni := range c.referrers["certificate"][id] {
		if name, ok := c.rows[sni].data["name"].(string); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// answer returns an entity as it is answered.
func (k *Kong) answer(e *schema.Entity, r *row) []byte {
	at, expires := r.expires()
	switch {
	case e.Name == "certificates":
		data := maps.Clone(r.data)
		data["snis"] = k.snisOf(r.id)
		return encode(data)
	case expires && e.TTL:
		data := maps.Clone(r.data)
		data["ttl"] = math.Floor(at.Sub(k.config.Now()).Seconds())
		return encode(data)
	}
	return r.json
}

// certificateParam lets a certificate be named by one of its SNIs. A PUT by the name of an SNI that does not exist makes both.
//
// Source: kong/api/routes/certificates.lua.
func (k *Kong) certificateParam(q *request) *Error {
	name := q.param("certificates")
	if kong.IsUUID(name) {
		return nil
	}
	r, err := k.find(k.tables.Entity("snis"), selector{"name", name})
	switch {
	case err != nil:
		return err
	case r != nil:
		q.params["certificates"] = fieldID(r.data["certificate"])
	case q.method != http.MethodPut:
		return plainError(http.StatusNotFound, "SNI not found")
	default:
		q.params["certificates"] = newUUID()
	}
	q.sni = name
	return nil
}

// sniArgs completes the list of SNIs in a request's body by the one in its path.
func sniArgs(q *request) {
	switch list := q.body["snis"].(type) {
	case string:
		q.body["snis"] = []any{list}
	case nil:
		if q.method == http.MethodPut {
			q.body["snis"] = nil
		}
	}
	if list, ok := q.body["snis"].([]any); ok && q.sni != "" && q.method == http.MethodPut && !slices.Contains(list, any(q.sni)) {
		q.body["snis"] = append(slices.Clone(list), q.sni)
	}
}
