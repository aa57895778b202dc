package kong

import (
	"crypto/sha1" //nolint:gosec // that is how Kong stores passwords
	"encoding/hex"
)

// Stored returns e as a Kong stores it, where that is not what it is given: of a password of the plugin basic-auth it keeps the digest,
// with the consumer's id as its salt. What was read from a Kong is stored already.
//
// Source: Kong 3.9.3, kong/plugins/basic-auth/crypto.lua.
func (e Entity) Stored() Entity {
	if e.Kind() != BasicAuthCredentials || e.r.stored != nil || e.Text("password") == "" {
		return e
	}
	consumer, _ := e.Ref("consumer")
	digest := sha1.Sum([]byte(e.Text("password") + consumer.ID)) //nolint:gosec // see the import
	return e.with("password", hex.EncodeToString(digest[:]))
}

// Answered returns e as a Kong that holds live, and then was given e, answers it: stored, and with a value of Kong's own making where e has
// none. Kong makes up a secret for a jwt credential that has a public key instead.
//
// Source: Kong 3.9.3, kong/plugins/jwt/daos.lua.
func (e Entity) Answered(live Entity) Entity {
	if made := live.Text("secret"); made != "" && e.Kind() == JWTSecrets && e.Raw("secret") == "" {
		return e.with("secret", made)
	}
	return e.Stored()
}

// with returns the entity with one field set to a string.
func (e Entity) with(name, v string) Entity {
	changed, err := e.With(name, v)
	if err != nil {
		return e // not reached: both are valid
	}
	return changed
}
