package proxy

import (
	"errors"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// responseTransformer is Kong's plugin response-transformer.
//
// Source: Kong 3.9.3, kong/plugins/response-transformer/{header,body}_transformer.lua.
type responseTransformer struct {
	passive
	Remove, Rename, Replace, Add, Append answerOperation
}

// answerOperation is what one of the five verbs does to an answer. Entries are "name:value".
type answerOperation struct {
	Headers   []string
	JSON      []string
	JSONTypes []string `json:"json_types"`
}

func newResponseTransformer(config kong.Value) (plugin, error) {
	t := &responseTransformer{}
	return t, decode(config, t)
}

func (t *responseTransformer) filter(x *exchange, r *response) {
	t.headers(r.header)
	if len(t.Remove.JSON)+len(t.Rename.JSON)+len(t.Replace.JSON)+len(t.Add.JSON)+len(t.Append.JSON) == 0 ||
		!isJSON(r.header.Get("Content-Type")) {
		return
	}
	r.header.Del("Content-Length")
	body, err := r.readBody()
	if errors.Is(err, errTooLarge) {
		*r = *x.unmodelled("response-transformer on a body of more than %d MiB", maxBody>>20)
	}
	if err != nil {
		return
	}
	if v, ok := decodeLuaJSON(body); ok {
		switch v := v.(type) {
		case map[string]any:
			t.body(v)
			r.setBody(encodeLuaJSON(v))
		case []any: // names mean nothing to a list
			r.setBody(encodeLuaJSON(v))
		}
	}
}

// isJSON reports whether one of the media types of a Content-Type is JSON.
func isJSON(contentType string) bool {
	for _, s := range strings.Split(contentType, ",") {
		if t, _, err := mime.ParseMediaType(s); err == nil && t == "application/json" {
			return true
		}
	}
	return false
}

// split reads an entry: a name and perhaps a value.
func split(entry string) (name, value string) {
	name, value, _ = strings.Cut(entry, ":")
	return name, strings.TrimLeft(value, ":")
}

// headers changes the headers. What is there is decided by how they were before.
func (t *responseTransformer) headers(h http.Header) {
	before := h.Clone()
	for _, e := range t.Remove.Headers {
		name, _ := split(e)
		h.Del(name)
	}
	for _, e := range t.Rename.Headers {
		name, to := split(e)
		if values := before.Values(name); len(values) > 0 && to != "" {
			h[http.CanonicalHeaderKey(to)] = values
			h.Del(name)
		}
	}
	for _, e := range t.Replace.Headers {
		name, value := split(e)
		if len(before.Values(name)) > 0 && value != "" {
			h.Set(name, value)
		}
	}
	for _, e := range t.Add.Headers {
		name, value := split(e)
		if len(before.Values(name)) == 0 && value != "" {
			h.Set(name, value)
		}
	}
	for _, e := range t.Append.Headers {
		name, value := split(e)
		h[http.CanonicalHeaderKey(name)] = append(slices.Clip(h.Values(name)), value)
	}
}

// body changes the members of a JSON object.
func (t *responseTransformer) body(o map[string]any) {
	for _, e := range t.Remove.JSON {
		name, _ := split(e)
		delete(o, name)
	}
	for _, e := range t.Rename.JSON {
		name, to := split(e)
		if v, ok := o[name]; ok && to != "" {
			delete(o, name)
			o[to] = v
		}
	}
	each(t.Replace, func(name string, v any) {
		if current, ok := o[name]; ok && current != false {
			o[name] = v
		}
	})
	each(t.Add, func(name string, v any) {
		if current, ok := o[name]; !ok || current == false {
			o[name] = v
		}
	})
	each(t.Append, func(name string, v any) { o[name] = appendLuaValue(o[name], v) })
}

// each calls do with the entries of an operation on JSON, their values cast to the types given for them.
func each(op answerOperation, do func(name string, v any)) {
	for i, e := range op.JSON {
		name, value := split(e)
		kind := ""
		if i < len(op.JSONTypes) {
			kind = op.JSONTypes[i]
		}
		if v, ok := castJSON(value, kind); ok {
			do(name, v)
		}
	}
}

// castJSON returns an entry's value. Kong encodes it as JSON and takes off the quotes, so that backslashes are doubled and
// no value at all reads "null".
func castJSON(value, kind string) (any, bool) {
	switch kind {
	case "number":
		f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return f, err == nil
	case "boolean":
		return value == "true", true
	}
	if value == "" {
		return "null", true
	}
	quoted := encodeJSON(value)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), true
}
