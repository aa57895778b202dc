package kong

import "slices"

// Kind is an entity's collection, as the Admin API and the declarative format spell it: "services".
type Kind string

// The kinds that gwsync renders or treats specially. A Kong may hold others.
const (
	ACLs                 Kind = "acls"
	BasicAuthCredentials Kind = "basicauth_credentials"
	CACertificates       Kind = "ca_certificates"
	Certificates         Kind = "certificates"
	Consumers            Kind = "consumers"
	HMACAuthCredentials  Kind = "hmacauth_credentials"
	JWTSecrets           Kind = "jwt_secrets"
	KeyAuthCredentials   Kind = "keyauth_credentials"
	KeySets              Kind = "key_sets"
	Keys                 Kind = "keys"
	OAuth2Credentials    Kind = "oauth2_credentials"
	Plugins              Kind = "plugins"
	Routes               Kind = "routes"
	Services             Kind = "services"
	SNIs                 Kind = "snis"
	Targets              Kind = "targets"
	Upstreams            Kind = "upstreams"
	Vaults               Kind = "vaults"
)

// Row is what one kind of entity differs by.
type Row struct {
	Kind Kind
	// Singular is the kind in foreign keys and in Kong's flattened errors: "service".
	Singular string
	// Path is the kind in the paths of the Admin API, where that is not Kind; see [Kind.Collection].
	Path string
	// Name is the field that names an entity to people and is unique in a Kong; empty where a kind has none.
	Name string
	// Refs are the fields that refer to other entities.
	Refs []Ref
	// Unique are the fields that together identify an entity, where that is not Name.
	Unique []string
	// Parent is the foreign key under whose entity the Admin API lists this kind, where it has no listing of its own:
	// targets live at /upstreams/{upstream}/targets.
	Parent string
	// Sets are array fields whose order means nothing to Kong.
	Sets []string
	// Secrets are fields whose value must never be shown.
	Secrets []string
	// Rank orders writes: an entity is written after all of lower rank, and deleted before them.
	Rank int

	// space is the namespace of the ids that are derived from names.
	space uuid
	// whole is the form of texts that are like no others.
	whole *form
}

// Ref is a field that refers to another entity, by {"id": ...}, or to several where Many is set (an array of ids).
type Ref struct {
	Field string
	Kind  Kind
	Many  bool
	// Cascade says that Kong deletes the entity with the one it refers to, instead of refusing to.
	Cascade bool
}

// Rows returns the table of kinds, in order of rank and name.
//
// Source: Kong 3.9.3, kong/db/schema/entities/*.lua and kong/plugins/*/daos.lua.
func Rows() []Row {
	tags := []string{"tags"}
	consumer := []Ref{{Field: "consumer", Kind: Consumers, Cascade: true}}
	return []Row{
		{Kind: CACertificates, Singular: "ca_certificate", Unique: []string{"cert_digest"}, Sets: tags, Rank: 0},
		{Kind: Certificates, Singular: "certificate", Sets: tags, Secrets: []string{"key", "key_alt"}, Rank: 0},
		{Kind: Consumers, Singular: "consumer", Name: "username", Sets: tags, Rank: 0},
		{Kind: KeySets, Singular: "key_set", Path: "key-sets", Name: "name", Sets: tags, Rank: 0},
		{Kind: Vaults, Singular: "vault", Name: "prefix", Sets: tags, Secrets: []string{"config"}, Rank: 0},
		{Kind: ACLs, Singular: "acl", Unique: []string{"consumer", "group"}, Refs: consumer, Sets: tags, Rank: 1},
		{Kind: BasicAuthCredentials, Singular: "basicauth_credential", Path: "basic-auths", Name: "username", Refs: consumer, Sets: tags,
			Secrets: []string{"password"}, Rank: 1},
		{Kind: HMACAuthCredentials, Singular: "hmacauth_credential", Path: "hmac-auths", Name: "username", Refs: consumer, Sets: tags,
			Secrets: []string{"secret"}, Rank: 1},
		{Kind: JWTSecrets, Singular: "jwt_secret", Path: "jwts", Name: "key", Refs: consumer, Sets: tags, Secrets: []string{"secret"}, Rank: 1},
		{Kind: KeyAuthCredentials, Singular: "keyauth_credential", Path: "key-auths", Unique: []string{"key"}, Refs: consumer, Sets: tags,
			Secrets: []string{"key"}, Rank: 1},
		{Kind: Keys, Singular: "key", Name: "name", Sets: tags, Secrets: []string{"jwk", "pem"}, Rank: 1,
			Refs: []Ref{{Field: "set", Kind: KeySets, Cascade: true}}},
		{Kind: OAuth2Credentials, Singular: "oauth2_credential", Path: "oauth2", Unique: []string{"client_id"}, Refs: consumer, Sets: tags,
			Secrets: []string{"client_secret"}, Rank: 1},
		{Kind: SNIs, Singular: "sni", Name: "name", Sets: tags, Rank: 1,
			Refs: []Ref{{Field: "certificate", Kind: Certificates, Cascade: true}}},
		{Kind: Services, Singular: "service", Name: "name", Sets: []string{"tags", "ca_certificates"}, Rank: 3, Refs: []Ref{
			{Field: "client_certificate", Kind: Certificates},
			{Field: "ca_certificates", Kind: CACertificates, Many: true},
		}},
		{Kind: Upstreams, Singular: "upstream", Name: "name", Sets: tags, Rank: 1,
			Refs: []Ref{{Field: "client_certificate", Kind: Certificates}}},
		{Kind: Targets, Singular: "target", Unique: []string{"upstream", "target"}, Parent: "upstream", Sets: tags, Rank: 2,
			Refs: []Ref{{Field: "upstream", Kind: Upstreams, Cascade: true}}},
		{Kind: Routes, Singular: "route", Name: "name", Sets: []string{"tags", "protocols", "methods", "snis"}, Rank: 4,
			Refs: []Ref{{Field: "service", Kind: Services}}},
		{Kind: Plugins, Singular: "plugin", Unique: []string{"name", "service", "route", "consumer", "consumer_group"},
			Sets: []string{"tags", "protocols"}, Rank: 5, Refs: []Ref{
				{Field: "service", Kind: Services, Cascade: true},
				{Field: "route", Kind: Routes, Cascade: true},
				{Field: "consumer", Kind: Consumers, Cascade: true},
			}},
	}
}

// Row returns k's row of the table, and whether there is one. Without one the row says that nothing is known: no name,
// no references, written last.
func (k Kind) Row() (Row, bool) {
	r := rowOf(k)
	return *r, table[k] == r
}

// rowOf returns k's row without a copy: it is never written.
func rowOf(k Kind) *Row {
	if r, ok := table[k]; ok {
		return r
	}
	return Row{Kind: k, Singular: string(k), Rank: 6}.complete()
}

// complete returns the row with what follows from it.
func (r Row) complete() *Row {
	r.space = parseUUID(namespace).uuid5(string(r.Kind))
	r.whole = wholeForm(&r)
	return &r
}

// table is Rows by kind. It is never written.
var table = func() map[Kind]*Row {
	m := map[Kind]*Row{}
	for _, r := range Rows() {
		m[r.Kind] = r.complete()
	}
	return m
}()

// Collection returns the name of the kind in the paths of the Admin API: "key-auths" for keyauth_credentials.
func (k Kind) Collection() string {
	if r, ok := k.Row(); ok && r.Path != "" {
		return r.Path
	}
	return string(k)
}

// IsCredential reports whether entities of the kind say which requests are a consumer's, or which groups a consumer is in.
func (k Kind) IsCredential() bool {
	r, _ := k.Row()
	return k != Plugins && slices.ContainsFunc(r.Refs, func(ref Ref) bool { return ref.Kind == Consumers })
}

// Secret reports whether field, at the top level of an entity of kind k, must never be shown.
func (r Row) Secret(field string) bool { return slices.Contains(r.Secrets, field) }
