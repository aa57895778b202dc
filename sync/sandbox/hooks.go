package sandbox

import (
	"crypto/sha1" //nolint:gosec // basic-auth's hash
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/gwsync/gwsync/render/route"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// prepare does what some kinds do with input before Kong looks at it. id is the name or id that a request gives the entity, if it
// does; before is what an update changes. It does not change input.
func (k *Kong) prepare(e *schema.Entity, id string, input map[string]any, before *row) (map[string]any, *Error) {
	input = maps.Clone(input)
	if input == nil {
		input = map[string]any{}
	}
	switch e.Name {
	case "targets":
		if target, ok := input["target"].(string); ok {
			a, err := route.ParseAddress(target)
			if err != nil && before == nil {
				return nil, schemaViolation(map[string]any{"target": "Invalid target; not a valid hostname or ip address"})
			}
			if err == nil {
				input["target"] = withDefaultPort(a).String()
			}
		}
	case "certificates":
		return input, k.checkSNIs(id, input)
	case "plugins":
		return input, k.protocolsMatch(input, before)
	case "oauth2_credentials":
		if input["hash_secret"] == true {
			return nil, notModelled("hashed OAuth 2.0 secrets (hash_secret)")
		}
	}
	return input, nil
}

func withDefaultPort(a route.Address) route.Address {
	if a.Port < 0 {
		a.Port = 8000
	}
	return a
}

// protocolsMatch refuses a plugin that says protocols of which its route, or all routes of its service, have none.
//
// Source: kong/db/dao/plugins.lua.
func (k *Kong) protocolsMatch(input map[string]any, before *row) *Error {
	plugin := input
	if before != nil {
		plugin = maps.Clone(before.data)
		maps.Copy(plugin, input)
		if input["protocols"] == nil && input["route"] == nil && input["service"] == nil {
			return nil
		}
	}
	protocols, ok := plugin["protocols"].([]any)
	if !ok {
		return nil
	}
	routes := k.store.kinds["routes"]
	if id := fieldID(plugin["route"]); id != "" {
		if r := routes.rows[id]; r != nil && !share(protocols, r) {
			return schemaViolation(map[string]any{"protocols": "must match the associated route's protocols"})
		}
		return nil
	}
	ids := routes.referrers["service"][fieldID(plugin["service"])]
	if len(ids) == 0 || slices.ContainsFunc(ids, func(id string) bool { return share(protocols, routes.rows[id]) }) {
		return nil
	}
	return schemaViolation(map[string]any{
		"protocols": "must match the protocols of at least one route pointing to this Plugin's service",
	})
}

func share(protocols []any, route *row) bool {
	list, _ := route.data["protocols"].([]any)
	return slices.ContainsFunc(protocols, func(p any) bool {
		s, ok := p.(string)
		return ok && slices.Contains(list, any(s))
	})
}

// hashInputs adds to errs if a basic-auth credential's password cannot be hashed: that takes its consumer.
func hashInputs(e *schema.Entity, errs, input map[string]any, before *row) map[string]any {
	if e.Name != "basicauth_credentials" {
		return errs
	}
	password, consumer := input["password"] != nil && input["password"] != "", fieldID(input["consumer"]) != ""
	if password == consumer || before != nil && !password {
		return errs
	}
	if errs == nil {
		errs = map[string]any{}
	}
	list, _ := errs["@entity"].([]any)
	errs["@entity"] = append(list, "all or none of these fields must be set: 'password', 'consumer.id'")
	return errs
}

// transform changes valid data as some kinds do before it is stored.
func (k *Kong) transform(e *schema.Entity, data, input map[string]any) *Error {
	switch e.Name {
	case "ca_certificates":
		cert, _ := data["cert"].(string)
		data["cert_digest"] = schema.Digest(cert)
	case "basicauth_credentials":
		if password, ok := input["password"].(string); ok {
			sum := sha1.Sum([]byte(password + fieldID(data["consumer"]))) //nolint:gosec // see the import
			data["password"] = hex.EncodeToString(sum[:])
		}
	}
	return nil
}

// caCertificateInUse refuses to delete a CA certificate that a service verifies by.
func (k *Kong) caCertificateInUse(id string) *Error {
	ids := k.store.kinds["services"].referrers["ca_certificates"][id]
	if len(ids) == 0 {
		return nil
	}
	message := fmt.Sprintf("ca certificate %s is still referenced by services (id = %s)", id, ids[0])
	return kongError(http.StatusBadRequest, 19, "referenced by others", message, nil)
}
