package proxy

import (
	"errors"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// identities are the consumers and credentials of a configuration, by what requests know them by.
type identities struct {
	consumers   map[string]kong.Entity               // by id
	usernames   map[string]kong.Entity               // by username
	credentials map[kong.Kind]map[string]kong.Entity // by key or user name
	groups      map[string][]string                  // of consumers, by their ids, in the order of the acls' ids
}

// The kinds of entities that the plugins identify a client by.
const (
	acls       kong.Kind = "acls"
	keys       kong.Kind = "keyauth_credentials"
	basics     kong.Kind = "basicauth_credentials"
	jwtSecrets kong.Kind = "jwt_secrets"
)

func newIdentities(s kong.State) *identities {
	t := &identities{
		consumers: map[string]kong.Entity{}, usernames: map[string]kong.Entity{},
		credentials: map[kong.Kind]map[string]kong.Entity{}, groups: map[string][]string{},
	}
	for e := range s.Of(kong.Consumers) {
		t.consumers[e.ID()] = e
		if name := e.Text("username"); name != "" {
			t.usernames[name] = e
		}
	}
	for kind, by := range map[kong.Kind]string{keys: "key", basics: "username", jwtSecrets: "key"} {
		t.credentials[kind] = map[string]kong.Entity{}
		for e := range s.Of(kind) {
			t.credentials[kind][e.Text(by)] = e
		}
	}
	members := slices.SortedFunc(s.Of(acls), func(a, b kong.Entity) int { return strings.Compare(a.ID(), b.ID()) })
	for _, e := range members {
		if k, ok := e.Ref("consumer"); ok {
			t.groups[k.ID] = append(t.groups[k.ID], e.Text("group"))
		}
	}
	return t
}

// owner returns the consumer of a credential.
func (t *identities) owner(credential kong.Entity) (kong.Entity, bool) {
	k, ok := credential.Ref("consumer")
	if !ok {
		return kong.Entity{}, false
	}
	e, ok := t.consumers[k.ID]
	return e, ok
}

// find returns the consumer of an id or user name.
func (t *identities) find(name string) (kong.Entity, bool) {
	if e, ok := t.consumers[name]; ok {
		return e, true
	}
	e, ok := t.usernames[name]
	return e, ok
}

// authenticator is what key-auth, basic-auth and jwt have in common: they find out whom the client is, by a credential, and tell the
// backend so.
type authenticator struct {
	passive
	// Anonymous is the id or name of the consumer that clients are taken for which fail to identify themselves; "" for none.
	Anonymous string `json:"anonymous"`
	// identifier is the field of the credential that the backend is told.
	identifier string
}

// challenge is why a client is not let in.
type challenge struct {
	message string
	// authenticate is the WWW-Authenticate header, "" for none.
	authenticate string
	// claims are what is wrong with a token, in place of the message.
	claims map[string]any
}

// run does an authentication: identify sets the credential, or says why there is none. refuse answers then, unless there is somebody
// to take the client for. With an anonymous consumer one of several plugins is enough.
//
// Source: Kong 3.9.3, kong/plugins/{key-auth,jwt}/handler.lua, kong/plugins/basic-auth/access.lua.
func (a *authenticator) run(x *exchange, identify func() (kong.Entity, *challenge, error),
	refuse func(*challenge) *response,
) (*response, error) {
	if a.Anonymous != "" && !x.credential.IsZero() {
		return nil, nil
	}
	credential, failed, err := identify()
	if err != nil {
		return nil, err
	}
	if failed == nil {
		consumer, ok := x.table.identities.owner(credential)
		if !ok {
			return nil, errNoConsumer
		}
		x.identify(consumer, credential, a.identifier)
		return nil, nil
	}
	if a.Anonymous == "" {
		return refuse(failed), nil
	}
	consumer, ok := x.table.identities.find(a.Anonymous)
	if !ok {
		return nil, errNoConsumer
	}
	x.identify(consumer, kong.Entity{}, a.identifier)
	return nil, nil
}

var errNoConsumer = errors.New("there is no such consumer")

// identify notes who the client is, and tells the backend.
func (x *exchange) identify(consumer, credential kong.Entity, identifier string) {
	x.consumer, x.credential = consumer, credential
	tell := func(name, value string) {
		if value == "" {
			x.clearRequestHeader(name)
		} else {
			x.setRequestHeader(name, value)
		}
	}
	anonymous := ""
	var by string
	switch {
	case credential.IsZero():
		anonymous = "true"
	case identifier == "id":
		by = credential.ID()
	default:
		by = credential.Text(identifier)
	}
	tell("X-Consumer-ID", consumer.ID())
	tell("X-Consumer-Custom-ID", consumer.Text("custom_id"))
	tell("X-Consumer-Username", consumer.Text("username"))
	tell("X-Credential-Identifier", by)
	tell("X-Anonymous-Consumer", anonymous)
}

// unauthorized is the answer of most to a client that is not let in.
func (x *exchange) unauthorized(c *challenge) *response {
	r := x.fail(401, c.message)
	if c.authenticate != "" {
		r.header.Set("WWW-Authenticate", c.authenticate)
	}
	return r
}
