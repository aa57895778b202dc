package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/sync/sandbox/internal/lua"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// Error is an answer that refuses a request.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Body is the answer's body: Kong's code, name, message and fields, or a message alone.
	Body map[string]any
}

// Error returns Kong's message.
func (e *Error) Error() string {
	message, _ := e.Body["message"].(string)
	return message
}

func plainError(status int, message string) *Error {
	return &Error{Status: status, Body: map[string]any{"message": message}}
}

func notFound() *Error { return plainError(http.StatusNotFound, "Not found") }

func notAllowed() *Error { return plainError(http.StatusMethodNotAllowed, "Method not allowed") }

// notModelled refuses what the sandbox does not do.
func notModelled(what string) *Error {
	return plainError(http.StatusNotImplemented, "the sandbox does not model "+what)
}

// kongError is an error of Kong's data layer. fields may be nil.
//
// Source: kong/db/errors.lua, kong/api/endpoints.lua.
func kongError(status, code int, name, message string, fields any) *Error {
	body := map[string]any{"code": code, "name": name, "message": message}
	if fields != nil {
		body["fields"] = fields
	}
	return &Error{Status: status, Body: body}
}

func schemaViolation(errs map[string]any) *Error {
	list := violations(errs)
	message := fmt.Sprintf("%d schema violations (%s)", len(list), strings.Join(list, "; "))
	if len(list) == 1 {
		message = "schema violation (" + list[0] + ")"
	}
	return kongError(http.StatusBadRequest, 2, "schema violation", message, errs)
}

// violations returns the errors as lines: those of the whole entity first, then by field.
func violations(errs map[string]any) []string {
	var out []string
	if list, ok := errs["@entity"].([]any); ok {
		for _, e := range list {
			out = append(out, lua.Text(e))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		switch e := errs[name].(type) {
		case string:
			out = append(out, name+": "+e)
		case []any:
			for i, inner := range e {
				if inner != nil && name != "@entity" {
					out = append(out, fmt.Sprintf("%s.%d: %s", name, i+1, violation(inner)))
				}
			}
		case map[string]any:
			for _, sub := range slices.Sorted(maps.Keys(e)) {
				out = append(out, name+"."+sub+": "+violation(e[sub]))
			}
		}
	}
	return out
}

func violation(e any) string {
	if s, ok := e.(string); ok {
		return s
	}
	return lua.Pretty(e, "  ")
}

func invalidPrimaryKey(errs any) *Error {
	return kongError(http.StatusBadRequest, 1, "invalid primary key", "invalid primary key: '"+lua.Pretty(errs, "")+"'", errs)
}

func primaryKeyViolation(id string) *Error {
	key := map[string]any{"id": id}
	return kongError(http.StatusBadRequest, 3, "primary key violation", "primary key violation on key '"+lua.Pretty(key, "")+"'", key)
}

func foreignKeyMissing(field, id, kind string) *Error {
	key := map[string]any{"id": id}
	message := fmt.Sprintf("the foreign key '%s' does not reference an existing '%s' entity.", lua.Pretty(key, ""), kind)
	return kongError(http.StatusBadRequest, 4, "foreign key violation", message, map[string]any{field: key})
}

func stillReferenced(kind, by string) *Error {
	message := fmt.Sprintf("an existing '%s' entity references this '%s' entity", by, kind)
	return kongError(http.StatusBadRequest, 4, "foreign key violation", message, map[string]any{"@referenced_by": by})
}

func uniqueViolation(fields map[string]any) *Error {
	shown := strings.ReplaceAll(lua.Pretty(fields, ""), `"userdata: NULL"`, "null")
	return kongError(http.StatusConflict, 5, "unique constraint violation", "UNIQUE violation detected on '"+shown+"'", fields)
}

func noEntity(key map[string]any, byField bool) *Error {
	message := "could not find the entity with primary key '" + lua.Pretty(key, "") + "'"
	if byField {
		message = "could not find the entity with '" + lua.Pretty(key, "") + "'"
	}
	return kongError(http.StatusNotFound, 6, "not found", message, key)
}

func invalidOffset(offset, why string) *Error {
	return kongError(http.StatusBadRequest, 7, "invalid offset", "'"+offset+"' is not a valid offset: "+why, nil)
}

func invalidSize(message string) *Error {
	return kongError(http.StatusBadRequest, 9, "invalid size", message, nil)
}

func invalidUnique(field string, err any) *Error {
	return kongError(http.StatusBadRequest, 10, "invalid unique "+field, lua.Text(err), nil)
}

func invalidTags(message string) *Error { return invalidOption("tags", message) }

func invalidOption(name, message string) *Error {
	e := kongError(http.StatusBadRequest, 11, "invalid options", "invalid option ("+name+": "+message+")", nil)
	e.Body["options"] = map[string]any{name: message}
	return e
}

func unsupported(operation string, e *schema.Entity, by string) *Error {
	message := "cannot " + operation + " '" + e.Name + "' entities"
	if by != "" {
		message += " by '" + by + "'"
	}
	return kongError(http.StatusMethodNotAllowed, 12, "operation unsupported", message+" when not using a database", nil)
}

func declarativeError(errs map[string]any) *Error {
	message := "declarative config is invalid: " + lua.Pretty(errs, "")
	return kongError(http.StatusBadRequest, 14, "invalid declarative configuration", message, errs)
}
