package render

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
)

// credentialLabel says of a Secret which type of credential it is.
const credentialLabel = annotationPrefix + "credential"

// credentialType is what the Secrets of one type become. The keys of a Secret are the fields of the entity.
type credentialType struct {
	kind               kong.Kind
	required, optional []string
	// unique is the key whose value no two credentials of the type may have; "" where only a consumer may not have it twice.
	unique string
	// check looks at more than that the keys are there; nil for nothing. Its errors name a key and hold no value.
	check func(fields map[string]any) error
}

// credentialTypes returns the types by the value of the label.
//
// Source: Kong 3.9.3, kong/plugins/*/daos.lua.
func credentialTypes() map[string]credentialType {
	return map[string]credentialType{
		"key-auth":   {kind: kong.KeyAuthCredentials, required: []string{"key"}, unique: "key"},
		"basic-auth": {kind: kong.BasicAuthCredentials, required: []string{"username", "password"}, unique: "username"},
		"hmac-auth":  {kind: kong.HMACAuthCredentials, required: []string{"username", "secret"}, unique: "username"},
		"jwt": {kind: kong.JWTSecrets, required: []string{"key"}, optional: []string{"algorithm", "secret", "rsa_public_key"}, unique: "key",
			check: checkJWT},
		"oauth2": {kind: kong.OAuth2Credentials, required: []string{"name", "client_id"}, unique: "client_id", check: checkOAuth2,
			optional: []string{"client_secret", "client_type", "redirect_uris", "hash_secret"}},
		"acl": {kind: kong.ACLs, required: []string{"group"}},
	}
}

// credentials renders the credentials of consumers.
type credentials struct {
	*translator
	owners map[credentialKey]manifest.Object
	used   map[manifest.Ref]bool
}

// credentialKey is what no two credentials have in common: a value, which may be secret, and for some kinds the consumer.
type credentialKey struct {
	kind            kong.Kind
	consumer, value string
}

// add adds the credential that a consumer names at a place. What cannot be one is reported, and lets nobody in.
func (c *credentials) add(o manifest.Object, spec *konghq.KongConsumer, i int, consumer made) {
	field := fmt.Sprintf("credentials[%d]", i)
	ref := manifest.Ref{Kind: "Secret", Namespace: o.Ref.Namespace, Name: spec.Credentials[i]}
	c.used[ref] = true
	secret, ok := c.set.Get(ref)
	if !ok {
		if !c.set.Invalid(ref) {
			c.report(c.missing(o, field, ref))
		}
		return
	}
	credential, fields, err := readCredential(secret)
	if err == nil {
		err = c.claim(secret, credential, fields, consumer)
	}
	if err != nil {
		f := unsupported(secret, "", err.Error())
		f.Code, f.Related = InvalidCredential, []diag.Pos{o.At(field)}
		var at keyError
		if errors.As(err, &at) {
			f.Field = at.field()
			f.Pos = secret.At(f.Field)
		}
		c.report(f)
		return
	}
	fields["consumer"] = consumer.ID
	// Of the Secret's name, and not of its values: an id is no secret.
	id := kong.ID(credential.kind, consumer.ID+":"+ref.Namespace+"/"+ref.Name)
	c.translator.add(credential.kind, id, fields, c.tagsOf(secret), &kong.Origin{Object: ref.Diag(), Pos: secret.At("")})
}

// missing says that a Secret which a field names is not there. It may be kept elsewhere.
func (t *translator) missing(o manifest.Object, field string, ref manifest.Ref) diag.Finding {
	f := unsupported(o, field, ref.String()+" is not among the manifests")
	f.Code = InvalidCredential
	f.Hint = "add it; if it is kept out of git, name a directory that holds it with --secrets"
	if t.target.AllowUnresolved {
		f.Severity = diag.Warning
	}
	return f
}

// claim takes what is unique about a credential, or says who has it.
func (c *credentials) claim(secret manifest.Object, credential credentialType, fields map[string]any, consumer made) error {
	name := credential.unique
	key := credentialKey{kind: credential.kind}
	if name == "" {
		name, key.consumer = credential.required[0], consumer.ID
	}
	key.value, _ = fields[name].(string)
	if first, ok := c.owners[key]; ok {
		if first.Ref == secret.Ref {
			return fmt.Errorf("two consumers name it, and a credential is of one")
		}
		return keyError{name, fmt.Errorf("its %s is that of %s (%s) already", name, first.Ref, first.At(keyError{name, nil}.field()))}
	}
	c.owners[key] = secret
	return nil
}

// keyError is what is wrong with the value of a key of a Secret.
type keyError struct {
	key string
	error
}

func (e keyError) field() string { return "data[" + e.key + "]" }

// readCredential returns what a Secret says as a credential. Its errors hold none of its values.
func readCredential(o manifest.Object) (credentialType, map[string]any, error) {
	label := o.Labels()[credentialLabel]
	credential, ok := credentialTypes()[label]
	secret, isSecret := o.Typed.(*corev1.Secret)
	switch {
	case label == "" || !isSecret:
		return credential, nil, fmt.Errorf("it has no label %s, which says which type of credential it is", credentialLabel)
	case label == "mtls-auth":
		return credential, nil, errors.New("an open-source Kong has no plugin mtls-auth: that takes an Enterprise Kong")
	case !ok:
		return credential, nil, fmt.Errorf("%q is no type of credentials: want %s", label,
			strings.Join(slices.Sorted(maps.Keys(credentialTypes())), ", "))
	}
	fields := map[string]any{}
	for _, key := range slices.Concat(credential.required, credential.optional) {
		if value, ok := secret.Data[key]; ok {
			fields[key] = string(value)
		}
	}
	for _, key := range credential.required {
		if fields[key] == nil || fields[key] == "" {
			return credential, nil, keyError{key, fmt.Errorf("a credential of type %s needs %s", label, key)}
		}
	}
	for key := range secret.Data {
		if key == "ttl" {
			return credential, nil, keyError{key, errors.New("gwsync renders no credentials that expire: Kong counts from each write anew")}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if err := checkValue(key, fields[key].(string)); err != nil {
			return credential, nil, keyError{key, err}
		}
	}
	if credential.check != nil {
		return credential, fields, credential.check(fields)
	}
	return credential, fields, nil
}

// checkValue says what is wrong with a value that Kong would take and nobody could ever present.
func checkValue(key, value string) error {
	switch {
	case strings.HasPrefix(value, "{vault://"):
		return fmt.Errorf("its %s refers to a vault, and Kong takes credentials as they are", key)
	case !utf8.ValidString(value):
		return fmt.Errorf("its %s is no text in UTF-8, and Kong takes no other", key)
	case slices.Contains([]string{"key", "username", "password", "group", "client_id"}, key) && strings.ContainsFunc(value, unicode.IsControl):
		return fmt.Errorf("its %s holds a line break or another control character, which nobody could present", key)
	}
	return nil
}

// checkJWT says whether a jwt credential has the key that its algorithm takes, by default HS256.
func checkJWT(fields map[string]any) error {
	algorithms := []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"}
	algorithm, ok := fields["algorithm"].(string)
	if !ok {
		algorithm = "HS256"
	}
	fields["algorithm"] = algorithm
	if !slices.Contains(algorithms, algorithm) {
		return keyError{"algorithm", fmt.Errorf("its algorithm is none of %s", strings.Join(algorithms, ", "))}
	}
	if strings.HasPrefix(algorithm, "HS") {
		if fields["secret"] == nil {
			return keyError{"secret", fmt.Errorf("algorithm %s needs secret", algorithm)}
		}
		return nil
	}
	text, _ := fields["rsa_public_key"].(string)
	if text == "" {
		return keyError{"rsa_public_key", fmt.Errorf("algorithm %s needs rsa_public_key", algorithm)}
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return keyError{"rsa_public_key", errors.New("its rsa_public_key is no PEM text")}
	}
	if block.Type == "PUBLIC KEY" {
		if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			return keyError{"rsa_public_key", errors.New("its rsa_public_key is no public key")}
		}
	}
	return nil
}

// checkOAuth2 brings the values of an oauth2 credential into Kong's types.
func checkOAuth2(fields map[string]any) error {
	if uris, ok := fields["redirect_uris"].(string); ok {
		var list []string
		for uri := range strings.SplitSeq(uris, ",") {
			list = append(list, strings.TrimSpace(uri))
		}
		fields["redirect_uris"] = list
	}
	if hash, ok := fields["hash_secret"].(string); ok {
		if hash != "false" {
			return keyError{"hash_secret", errors.New("gwsync does not render hashed secrets: Kong would make another one of it each time")}
		}
		delete(fields, "hash_secret")
	}
	kind := fields["client_type"]
	switch {
	case kind != nil && kind != "confidential" && kind != "public":
		return keyError{"client_type", errors.New("its client_type is neither confidential nor public")}
	case fields["client_secret"] == nil && kind != "public":
		return keyError{"client_secret", errors.New("a confidential client needs client_secret")}
	}
	return nil
}

// warnOfUnused reports the credentials that no consumer names.
func (c *credentials) warnOfUnused() {
	for o := range c.set.All() {
		if _, ok := o.Labels()[credentialLabel]; !ok || o.Ref.Kind != "Secret" || c.used[o.Ref] {
			continue
		}
		f := unsupported(o, "metadata.labels["+credentialLabel+"]", "no KongConsumer of its namespace names it, so that it lets nobody in")
		f.Severity, f.Code = diag.Warning, UnusedObject
		f.Hint = "add it to the credentials of a KongConsumer, or remove it"
		c.report(f)
	}
}
