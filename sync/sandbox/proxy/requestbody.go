package proxy

import (
	"errors"
	"net/http"
	"strings"
)

// bodyKind is what the request transformer takes a body for.
type bodyKind uint8

const (
	otherBody bodyKind = iota
	jsonBody
	formBody
	multipartBody
)

// contentKind returns what the Content-Type says.
func contentKind(h http.Header) bodyKind {
	v, _ := firstHeader(h, "Content-Type")
	v = strings.ToLower(v)
	switch {
	case strings.Contains(v, "application/json"):
		return jsonBody
	case strings.Contains(v, "multipart/form-data"):
		return multipartBody
	case strings.Contains(v, "application/x-www-form-urlencoded"):
		return formBody
	}
	return otherBody
}

// changeBody changes the body, if it is of a kind that the plugin knows and the configuration has anything to say about it.
func (t *transformation) changeBody() error {
	kind := contentKind(t.x.out.header)
	if kind == otherBody || t.body.none() {
		return nil
	}
	if kind == multipartBody {
		return &unmodelledError{"request-transformer on a multipart body"}
	}
	body, err := t.x.readBody()
	if err != nil {
		return err
	}
	changed := false
	if kind == formBody {
		form := parseArgs(string(body))
		if changed, err = t.change(form, t.body, len(body) > 0); changed {
			body = []byte(form.String())
		}
	} else {
		body, changed, err = t.changeJSON(body)
	}
	if err != nil || !changed {
		return err
	}
	t.x.out.body, t.x.out.sized = body, true
	return nil
}

var errScalar = errors.New("attempt to index a JSON value that is no object")

// changeJSON changes the members of a JSON object. What is no JSON stays as it is; of an array nothing can be changed, but it
// is written anew.
func (t *transformation) changeJSON(body []byte) (_ []byte, changed bool, err error) {
	var v any = map[string]any{}
	if len(body) > 0 {
		var ok bool
		if v, ok = decodeLuaJSON(body); !ok {
			return body, false, nil
		}
	}
	var f object
	switch v := v.(type) {
	case map[string]any:
		f = v
	case []any:
		f = object{} // the names that Kong gives a list are lost when it is written
	default:
		return nil, false, errScalar
	}
	if changed, err = t.change(f, t.body, len(body) > 0); err != nil || !changed {
		return body, false, err
	}
	return encodeLuaJSON(v), true, nil
}

// object is a JSON object. A member that is false counts as missing.
type object map[string]any

func (o object) has(name string) bool {
	v, ok := o[name]
	return ok && v != false
}

func (o object) remove(name string) { delete(o, name) }

func (o object) rename(from, to string) {
	o[to] = o[from]
	delete(o, from)
}

func (o object) set(name, value string, ok bool) {
	delete(o, name)
	if ok {
		o[name] = value
	}
}

func (o object) append(name, value string) { o[name] = appendLuaValue(o[name], value) }
