package proxy

import (
	"crypto/sha1" //nolint:gosec // Kong's hash
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"regexp"

	"github.com/gwsync/gwsync/render/kong"
)

// basicAuth is Kong's plugin basic-auth.
//
// Source: Kong 3.9.3, kong/plugins/basic-auth/access.lua.
type basicAuth struct {
	authenticator
	Hide  bool   `json:"hide_credentials"`
	Realm string `json:"realm"`
}

func newBasicAuth(config kong.Value) (plugin, error) {
	a := &basicAuth{authenticator: authenticator{identifier: "username"}, Realm: "service"}
	return a, decode(config, a)
}

func (a *basicAuth) access(x *exchange) (*response, error) {
	return a.run(x, func() (kong.Entity, *challenge, error) {
		if e, ok := a.identify(x); ok {
			return e, nil, nil
		}
		return kong.Entity{}, &challenge{message: "Unauthorized", authenticate: `Basic realm="` + a.Realm + `"`}, nil
	}, x.unauthorized)
}

// identify tries Proxy-Authorization, then Authorization.
func (a *basicAuth) identify(x *exchange) (kong.Entity, bool) {
	for _, name := range []string{"Proxy-Authorization", "Authorization"} {
		header, ok := x.requestText(name)
		if !ok {
			continue
		}
		user, password, ok := basicCredentials(header)
		if a.Hide {
			x.clearRequestHeader(name)
		}
		if !ok {
			continue
		}
		if e, found := x.table.identities.credentials[basics][user]; found {
			return e, passwordMatches(e, password)
		}
	}
	return kong.Entity{}, false
}

var (
	basicScheme = regexp.MustCompile(`\s*[Bb]asic\s*(.+)`)
	basicParts  = regexp.MustCompile(`([^:]+):(.*)`)
)

func basicCredentials(header string) (user, password string, ok bool) {
	m := basicScheme.FindStringSubmatch(header)
	if m == nil {
		return "", "", false
	}
	b, err := decodeBase64(m[1])
	if err != nil {
		return "", "", false
	}
	if m = basicParts.FindStringSubmatch(string(b)); m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// decodeBase64 is ngx.decode_base64: it wants no padding.
func decodeBase64(s string) ([]byte, error) {
	for len(s) > 0 && s[len(s)-1] == '=' {
		s = s[:len(s)-1]
	}
	return base64.RawStdEncoding.DecodeString(s)
}

// hashed matches a stored password: Kong keeps the hash alone.
var hashed = regexp.MustCompile(`^[0-9a-f]{40}$`)

// passwordMatches compares a password with the stored one, which is a hash salted with the consumer's id; in a configuration that no
// Kong has read yet it is still plain.
//
// Source: Kong 3.9.3, kong/plugins/basic-auth/crypto.lua.
func passwordMatches(credential kong.Entity, given string) bool {
	stored := credential.Text("password")
	if !hashed.MatchString(stored) {
		return subtle.ConstantTimeCompare([]byte(stored), []byte(given)) == 1
	}
	consumer, _ := credential.Ref("consumer")
	sum := sha1.Sum([]byte(given + consumer.ID)) //nolint:gosec // see the import
	return subtle.ConstantTimeCompare([]byte(stored), []byte(hex.EncodeToString(sum[:]))) == 1
}
