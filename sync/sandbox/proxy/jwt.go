package proxy

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// jwt is Kong's plugin of that name.
//
// Source: Kong 3.9.3, kong/plugins/jwt/handler.lua.
type jwt struct {
	authenticator
	URIParams      []string `json:"uri_param_names"`
	Cookies        []string `json:"cookie_names"`
	Headers        []string `json:"header_names"`
	KeyClaim       string   `json:"key_claim_name"`
	Base64Secret   bool     `json:"secret_is_base64"`
	Claims         []string `json:"claims_to_verify"`
	MaxExpiration  float64  `json:"maximum_expiration"`
	RunOnPreflight bool     `json:"run_on_preflight"`
	Realm          string   `json:"realm"`
}

func newJWT(config kong.Value) (plugin, error) {
	p := &jwt{
		authenticator: authenticator{identifier: "key"}, URIParams: []string{"jwt"}, Headers: []string{"authorization"},
		KeyClaim: "iss", RunOnPreflight: true,
	}
	return p, decode(config, p)
}

func (p *jwt) access(x *exchange) (*response, error) {
	if !p.RunOnPreflight && x.method() == http.MethodOptions {
		return nil, nil
	}
	return p.run(x, func() (kong.Entity, *challenge, error) { return p.identify(x) }, func(c *challenge) *response {
		body := c.claims
		if body == nil {
			body = map[string]any{"message": c.message}
		}
		r := newResponse(http.StatusUnauthorized, jsonType, encodeExitJSON(body))
		r.header.Set("WWW-Authenticate", c.authenticate)
		return r
	})
}

// identify finds the one token of the request, and the credential that it is signed with.
func (p *jwt) identify(x *exchange) (kong.Entity, *challenge, error) {
	scheme := "Bearer"
	if p.Realm != "" {
		scheme += ` realm="` + p.Realm + `"`
	}
	refuse := func(message string) (kong.Entity, *challenge, error) {
		return kong.Entity{}, &challenge{message: message, authenticate: scheme + ` error="invalid_token"`}, nil
	}
	tokens, unreadable := p.tokens(x)
	switch {
	case len(tokens) == 0 && unreadable:
		return refuse("Unrecognizable token")
	case len(tokens) == 0:
		return kong.Entity{}, &challenge{message: "Unauthorized", authenticate: scheme}, nil
	case len(tokens) > 1 || unreadable:
		return refuse("Multiple tokens provided")
	}
	token, err := parseToken(tokens[0])
	if err != nil {
		return refuse("Bad token; " + err.Error())
	}
	key, ok := token.claim(p.KeyClaim)
	switch {
	case !ok:
		return refuse("No mandatory '" + p.KeyClaim + "' in claims")
	case key == "":
		return refuse("Invalid '" + p.KeyClaim + "' in claims")
	}
	credential, ok := x.table.identities.credentials[jwtSecrets][key]
	if !ok {
		return refuse("No credentials found for given '" + p.KeyClaim + "'")
	}
	message, err := p.verify(token, credential)
	if err != nil || message != "" {
		e, c, _ := refuse(message)
		return e, c, err
	}
	if wrong := p.wrongClaims(token, float64(x.options.now().Unix())); wrong != nil {
		e, c, _ := refuse("")
		c.claims = wrong
		return e, c, nil
	}
	return credential, nil, nil
}

// verify returns what is wrong with a token's signature, "" if nothing is.
func (p *jwt) verify(token *token, credential kong.Entity) (string, error) {
	algorithm := credential.Text("algorithm")
	if algorithm == "" {
		algorithm = "HS256"
	}
	if token.algorithm != algorithm {
		return "Invalid algorithm", nil
	}
	secret := []byte(credential.Text("rsa_public_key"))
	if strings.HasPrefix(algorithm, "HS") {
		secret = []byte(credential.Text("secret"))
		if p.Base64Secret {
			var err error
			if secret, err = decodeBase64URL(string(secret)); err != nil {
				return "Invalid key/secret", nil //nolint:nilerr // that is the client's answer
			}
		}
	}
	if len(secret) == 0 {
		return "Invalid key/secret", nil
	}
	ok, err := token.verify(secret)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "Invalid signature", nil
	}
	return "", nil
}

// wrongClaims returns what is wrong with the claims that are to be looked at, by name; nil if nothing is.
func (p *jwt) wrongClaims(token *token, now float64) map[string]any {
	wrong := map[string]any{}
	for _, name := range p.Claims {
		at, ok := token.claims[name].(float64)
		switch {
		case !ok:
			wrong[name] = "must be a number"
		case name == "nbf" && at > now:
			wrong[name] = "token not valid yet"
		case name == "exp" && at <= now:
			wrong[name] = "token expired"
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	if exp, ok := token.claims["exp"].(float64); p.MaxExpiration > 0 && (!ok || exp-now > p.MaxExpiration) {
		return map[string]any{"exp": "exceeds maximum allowed expiration"}
	}
	return nil
}

var bearer = regexp.MustCompile(`\s*[Bb]earer\s+(.+)`)

// tokens returns the different tokens of the request, and whether there is one more that is no text: a bare argument.
func (p *jwt) tokens(x *exchange) (tokens []string, unreadable bool) {
	add := func(s string) {
		if s != "" && !slices.Contains(tokens, s) {
			tokens = append(tokens, s)
		}
	}
	query := parseArgs(x.rawQuery())
	for _, name := range p.URIParams {
		for _, v := range query[name] {
			unreadable = unreadable || v.bare
			add(v.value)
		}
	}
	for _, name := range p.Cookies {
		add(cookie(x.requestValues("Cookie"), name))
	}
	for _, name := range p.Headers {
		if v, ok := x.requestText(name); ok {
			if m := bearer.FindStringSubmatch(v); m != nil {
				add(m[1])
			}
		}
	}
	return tokens, unreadable
}

// cookie returns the first cookie of a name, whatever its case: nginx's $cookie_NAME.
func cookie(headers []string, name string) string {
	for _, h := range headers {
		for part := range strings.SplitSeq(h, ";") {
			n, v, ok := strings.Cut(strings.TrimLeft(part, " "), "=")
			if ok && strings.EqualFold(n, name) {
				return v
			}
		}
	}
	return ""
}

// What is wrong with a token.
var (
	errTokenJSON      = errors.New("invalid JSON")
	errTokenAlgorithm = errors.New("invalid alg")
	errTokenSignature = errors.New("invalid signature")
)
