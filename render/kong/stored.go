package kong

import (
	"crypto/sha1" //nolint:gosec // that is how Kong stores passwords
	"encoding/hex"
	"maps"
)

// Stored returns e as a Kong stores it, where that is not what it is given: of a password of the plugin basic-auth it keeps the digest,
// with the consumer's id as its salt. What was read from a Kong is stored already.
//
// Source: Kong 3.9.3, kong/plugins/basic-auth/crypto.lua.
func (e Entity) Stored() Entity {
	password, ok := e.fields["password"].(string)
	if e.key.Kind != BasicAuthCredentials || !ok || e.stored != nil {
		return e
	}
	digest := sha1.Sum([]byte(password + refID(e.fields["consumer"]))) //nolint:gosec // see the import
	return e.with("password", hex.EncodeToString(digest[:]))
}

// Answered returns e as a Kong that holds live, and then was given e, answers it: stored, and with a value of Kong's own making where e has
// none. Kong makes up a secret for a jwt credential that has a public key instead.
//
// Source: Kong 3.9.3, kong/plugins/jwt/daos.lua.
func (e Entity) Answered(live Entity) Entity {
	if made, ok := live.fields["secret"]; ok && e.key.Kind == JWTSecrets && e.fields["secret"] == nil {
		return e.with("secret", made)
	}
	return e.Stored()
}

// with returns the entity with one field set to a canonical value.
func (e Entity) with(name string, v Value) Entity {
	fields := maps.Clone(e.fields)
	fields[name] = v
	e.fields = fields
	return e
}
