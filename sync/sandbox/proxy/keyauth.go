package proxy

import (
	"maps"
	"net/http"

	"github.com/gwsync/gwsync/render/kong"
)

// keyAuth is Kong's plugin key-auth.
//
// Source: Kong 3.9.3, kong/plugins/key-auth/handler.lua.
type keyAuth struct {
	authenticator
	Names          []string `json:"key_names"`
	Hide           bool     `json:"hide_credentials"`
	InHeader       bool     `json:"key_in_header"`
	InQuery        bool     `json:"key_in_query"`
	InBody         bool     `json:"key_in_body"`
	RunOnPreflight bool     `json:"run_on_preflight"`
	Realm          string   `json:"realm"`
}

func newKeyAuth(config kong.Value) (plugin, error) {
	a := &keyAuth{
		authenticator: authenticator{identifier: "id"}, Names: []string{"apikey"}, InHeader: true, InQuery: true, RunOnPreflight: true,
	}
	return a, decode(config, a)
}

func (a *keyAuth) access(x *exchange) (*response, error) {
	if !a.RunOnPreflight && x.method() == http.MethodOptions {
		return nil, nil
	}
	return a.run(x, func() (kong.Entity, *challenge, error) { return a.identify(x) }, x.unauthorized)
}

func (a *keyAuth) identify(x *exchange) (kong.Entity, *challenge, error) {
	authenticate := "Key"
	if a.Realm != "" {
		authenticate = `Key realm="` + a.Realm + `"`
	}
	key, twice, err := a.key(x)
	switch {
	case err != nil:
		return kong.Entity{}, nil, err
	case twice:
		return kong.Entity{}, &challenge{message: "Duplicate API key found", authenticate: authenticate}, nil
	case key == "":
		return kong.Entity{}, &challenge{message: "No API key found in request", authenticate: authenticate}, nil
	}
	if e, ok := x.table.identities.credentials[keys][key]; ok {
		return e, nil, nil
	}
	return kong.Entity{}, &challenge{message: "Unauthorized", authenticate: authenticate}, nil
}

// key looks for the key under each of the names: in the headers, the query and the body. Where it is to be hidden it is taken out of
// all of them.
func (a *keyAuth) key(x *exchange) (key string, twice bool, err error) {
	query := parseArgs(x.rawQuery())
	var body map[string]any
	for _, name := range a.Names {
		var v any
		if values := x.requestValues(name); a.InHeader && len(values) > 0 {
			v = oneOrMany(values)
		}
		if v == nil && a.InQuery {
			v = query.json()[name]
		}
		if a.InBody && (v == nil || a.Hide) && body == nil {
			if body, err = bodyFields(x); err != nil {
				return "", false, err
			}
		}
		if v == nil && a.InBody {
			v = body[name]
		}
		switch v := v.(type) {
		case string:
			if a.Hide {
				err = a.hide(x, name, query, body)
			}
			return v, false, err
		case []string, []any, map[string]any:
			return "", true, nil
		}
	}
	return "", false, nil
}

func (a *keyAuth) hide(x *exchange, name string, query args, body map[string]any) error {
	if query.has(name) {
		query.remove(name)
	}
	x.out.query = query.String()
	x.clearRequestHeader(name)
	if !a.InBody || body == nil {
		return nil
	}
	body = maps.Clone(body)
	delete(body, name)
	return writeBodyFields(x, body)
}

// bodyFields returns the fields of a body that is a JSON object or a form; nil if it is neither.
//
// Source: Kong 3.9.3, kong/pdk/request.lua, get_body.
func bodyFields(x *exchange) (map[string]any, error) {
	kind := contentKind(x.requestHeader())
	if kind == otherBody {
		return nil, nil
	}
	if kind == multipartBody {
		return nil, &unmodelledError{"reading a multipart body"}
	}
	b, err := x.requestBody()
	if err != nil {
		return nil, err
	}
	if kind == formBody {
		return parseArgs(string(b)).json(), nil
	}
	v, _ := decodeLuaJSON(b)
	fields, _ := v.(map[string]any)
	return fields, nil
}

// writeBodyFields replaces the body, in the format that it has.
func writeBodyFields(x *exchange, fields map[string]any) error {
	if contentKind(x.requestHeader()) == formBody {
		form, err := argsOf(fields)
		if err != nil {
			return err
		}
		x.setBody([]byte(form.String()))
		return nil
	}
	x.setBody(encodeLuaJSON(fields))
	return nil
}
