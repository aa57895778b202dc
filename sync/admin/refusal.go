package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

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
	e := &Error{Method: r.method, Path: path, Status: resp.StatusCode, json: isJSON(resp)}
	if to, err := resp.Location(); err == nil && resp.StatusCode/100 == 3 {
		to.User, to.RawQuery, to.Fragment = nil, "", ""
		e.location = to.String()
	}
	var answer answeredError
	if !e.json || json.Unmarshal(body, &answer) != nil {
		return e
	}
	m := mask{entity: r.entity, state: r.state, schemas: c.known()}
	e.Name = m.text(answer.Name)
	e.flattened = answer.Flattened
	e.Problems = m.problems(answer.Fields)
	if len(e.Problems) == 0 {
		e.Message = m.text(answer.Message)
	}
	return e
}

// mask takes the secrets of an entity, or of a whole configuration, out of what Kong says about it.
type mask struct {
	entity  kong.Entity
	state   kong.State
	schemas kong.Schemas
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
	if !m.entity.IsZero() && m.schemas.Secret(m.entity, path...) {
		return Problem{Field: m.text(field), Message: hidden}
	}
	return Problem{Field: m.text(field), Message: m.text(message)}
}

// text returns s on one line and without the entity's secrets.
func (m mask) text(s string) string {
	s = m.without(s, m.entity)
	for e := range m.state.All() {
		s = m.without(s, e)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// without returns s without the secrets of e.
func (m mask) without(s string, e kong.Entity) string {
	for name, v := range e.Fields() {
		s = m.withoutValue(s, e, v, []string{name})
	}
	return s
}

func (m mask) withoutValue(s string, e kong.Entity, v kong.Value, path []string) string {
	switch v := v.(type) {
	case string:
		if v != "" && strings.Contains(s, v) && m.schemas.Secret(e, path...) {
			return strings.ReplaceAll(s, v, "(secret)")
		}
	case map[string]kong.Value:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			s = m.withoutValue(s, e, v[name], append(path, name))
		}
	case []any:
		for i := range v {
			s = m.withoutValue(s, e, v[i], append(path, strconv.Itoa(i)))
		}
	}
	return s
}
