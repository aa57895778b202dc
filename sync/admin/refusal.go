package admin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// answeredError is the body of Kong's answers that say no.
//
// Source: Kong 3.9.3, kong/db/errors.lua.
type answeredError struct {
	Name    string `json:"name"`
	Message string `json:"message"`
	Fields  any    `json:"fields"`
	// Flattened is there for a configuration, see [Client.Load].
	Flattened []flattenedError `json:"flattened_errors"`
}

// refusal returns the error that an answer stands for, without the secrets of the request's entity, which Kong may quote.
func (c *Client) refusal(r request, path string, resp *http.Response, body []byte) *Error {
	e := &Error{Method: r.method, Path: path, Status: resp.StatusCode, json: isJSON(resp), konnect: c.plane != "",
		secure: c.base.Scheme == "https"}
	if to, err := resp.Location(); err == nil && resp.StatusCode/100 == 3 {
		to.User, to.RawQuery, to.Fragment = nil, "", ""
		e.location = to.String()
	}
	var answer answeredError
	if !e.json || json.Unmarshal(body, &answer) != nil {
		return e
	}
	m := newMask(c.known(), r.entity, r.state)
	e.Name = m.text(answer.Name)
	e.flattened = answer.Flattened
	e.Problems = m.problems(answer.Fields)
	switch {
	case len(e.Problems) > 0:
	case answer.Name != "" && answer.Message != "": // it is about the entity
		e.Message = m.problem("", nil, answer.Message).Message
	default:
		e.Message = m.text(answer.Message)
	}
	return e
}

// mask takes the secrets of an entity, or of a whole configuration, out of what Kong says about it.
type mask struct {
	schemas kong.Schemas
	// entity is what Kong's messages are about.
	entity  kong.Entity
	secrets *strings.Replacer
}

// newMask returns a mask for messages about e, which may quote the secrets of e and of all entities of s.
func newMask(schemas kong.Schemas, e kong.Entity, s kong.State) mask {
	m := mask{schemas: schemas, entity: e}
	secrets := m.secretsOf(e)
	for other := range s.All() {
		secrets = append(secrets, m.secretsOf(other)...)
	}
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(secrets))
	for _, secret := range slices.Compact(secrets) { // the longest first: one may be a part of another
		pairs = append(pairs, secret, diff.Redacted)
	}
	m.secrets = strings.NewReplacer(pairs...)
	return m
}

// hidden stands for a reason that may quote a secret.
const hidden = "not accepted (the reason is not shown, it may quote the secret)"

// problems flattens the "fields" of an answer: names to messages, in the shape of the entity.
func (m mask) problems(fields any) []Problem {
	var out []Problem
	m.walk(fields, "", nil, &out)
	return out
}

func (m mask) walk(v any, field string, path []string, out *[]Problem) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			switch {
			case name == "@entity":
				list, _ := v[name].([]any)
				for _, message := range list {
					m.walk(message, field, path, out)
				}
			case strings.HasPrefix(name, "@"): // what the message says better, such as @referenced_by
			case field == "":
				m.walk(v[name], name, append(path, name), out)
			default:
				m.walk(v[name], field+"."+name, append(path, name), out)
			}
		}
	case []any:
		for i := range v {
			index := strconv.Itoa(i + 1)
			m.walk(v[i], field+"."+index, append(path, index), out)
		}
	case nil:
	default:
		*out = append(*out, m.problem(field, path, fmt.Sprint(v)))
	}
}

func (m mask) problem(field string, path []string, message string) Problem {
	secret := m.entity.Kind().IsCredential() && !saysNoValue(message) || m.schemas.Secret(m.entity, path...)
	if !m.entity.IsZero() && secret {
		return Problem{Field: m.text(field), Message: hidden}
	}
	return Problem{Field: m.text(field), Message: m.text(message)}
}

// saysNoValue reports whether a message of Kong is one that quotes no value of an entity. Of a credential all other messages are hidden:
// its values come from a Secret, whatever Kong's schema says of the field.
//
// Source: Kong 3.9.3, kong/db/schema/init.lua, validation_errors.
func saysNoValue(message string) bool {
	return slices.Contains([]string{
		"required field missing", "unknown field", "expected a string", "expected a boolean", "expected a number", "expected an integer",
		"expected an array", "expected a set", "expected a record", "length must be at least 1",
	}, message)
}

// text returns s on one line and without secrets.
func (m mask) text(s string) string { return diag.Line(m.secrets.Replace(s)) }

// secretsOf returns the texts in e that must not be shown.
func (m mask) secretsOf(e kong.Entity) []string {
	var out []string
	var walk func(v kong.Value, path []string)
	walk = func(v kong.Value, path []string) {
		switch v := v.(type) {
		case string:
			if v != "" && m.schemas.Secret(e, path...) {
				out = append(out, v)
			}
		case map[string]kong.Value:
			for name := range v {
				walk(v[name], append(path, name))
			}
		case []any:
			for i := range v {
				walk(v[i], append(path, strconv.Itoa(i)))
			}
		}
	}
	for name, v := range e.Fields() {
		walk(v, []string{name})
	}
	return out
}
