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

// body changes the body, if it is of a kind that the plugin knows and the configuration has anything to say about it.
func (t *transformation) body() error {
	kind := contentKind(t.x.out.header)
	v := operationsOf(t, func(o operation) []pair { return o.body })
	if kind == otherBody || len(v.remove)+len(v.rename)+len(v.replace)+len(v.add)+len(v.append) == 0 {
		return nil
	}
	if kind == multipartBody {
		return &unmodelledError{"request-transformer on a multipart body"}
	}
	body, err := t.x.readBody()
	if err != nil {
		return err
	}
	var changed bool
	if kind == formBody {
		form := parseArgs(string(body))
		if changed, err = t.changeArgs(form, v, len(body) > 0); changed {
			body = []byte(form.String())
		}
	} else {
		body, changed, err = t.changeJSON(body, v)
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
func (t *transformation) changeJSON(body []byte, v verbs) (_ []byte, changed bool, err error) {
	var parsed any = map[string]any{}
	if len(body) > 0 {
		var ok bool
		if parsed, ok = decodeLuaJSON(body); !ok {
			return body, false, nil
		}
	}
	object, ok := parsed.(map[string]any)
	if !ok {
		if _, list := parsed.([]any); !list {
			return nil, false, errScalar
		}
		object = map[string]any{}
	}
	if changed, err = t.changeObject(object, v, len(body) > 0); err != nil || !changed {
		return body, false, err
	}
	if !ok {
		return encodeLuaJSON(parsed), true, nil
	}
	return encodeLuaJSON(object), true, nil
}

// changeObject is [transformation.changeArgs] for an object. What is false counts as missing.
func (t *transformation) changeObject(o map[string]any, v verbs, any bool) (changed bool, err error) {
	if any {
		for _, p := range v.remove {
			delete(o, p.name)
			changed = true
		}
		for _, p := range v.rename {
			to, _, err := t.value(p)
			if err != nil {
				return false, err
			}
			if value, ok := o[p.name]; ok && value != false && p.name != to {
				delete(o, p.name)
				o[to] = value
				changed = true
			}
		}
		for _, p := range v.replace {
			if value, ok := o[p.name]; ok && value != false {
				if err := t.setMember(o, p); err != nil {
					return false, err
				}
				changed = true
			}
		}
	}
	for _, p := range v.add {
		if value, ok := o[p.name]; !ok || value == false {
			if err := t.setMember(o, p); err != nil {
				return false, err
			}
			changed = true
		}
	}
	for _, p := range v.append {
		s, ok, err := t.value(p)
		if err != nil {
			return false, err
		}
		if changed = true; ok {
			o[p.name] = appendLuaValue(o[p.name], s)
		}
	}
	return changed, nil
}

func (t *transformation) setMember(o map[string]any, p pair) error {
	v, ok, err := t.value(p)
	if err != nil {
		return err
	}
	delete(o, p.name)
	if ok {
		o[p.name] = v
	}
	return nil
}
