package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// A form's arguments say with their names where their values go: a.b=x and a[b]=x into an object, a[1]=x, a[]=x and a
// repeated name into an array.
//
// Source: kong/api/arguments.lua, kong/api/arguments_decoder.lua; for what is no entity, kong/api/api_helpers.lua.

const (
	maxArguments = 1000
	// maxArgumentDepth bounds how deep a name can nest its value. Kong has no such limit.
	maxArgumentDepth = 100
)

// argument is a name of a form with its value: a string, true where there is no equal sign, or a table of several.
type argument struct {
	name  string
	value any
}

// table is an array and an object at once, as in Lua. Keys are strings, and ints from 1.
type table map[any]any

// null is nothing, where nil would mean that there is no such key.
type null struct{}

// border returns how many elements t has as an array.
func (t table) border() int {
	n := 0
	for t[n+1] != nil {
		n++
	}
	return n
}

// formBody returns what a form says: about an entity of e's kind with values of the types that its schema wants, or else
// with strings and booleans.
func formBody(contentType string, raw []byte, e *schema.Entity) (map[string]any, *Error) {
	isMultipart := strings.HasPrefix(strings.ToLower(contentType), "multipart/")
	args := urlArguments(raw)
	if isMultipart {
		_, params, err := mime.ParseMediaType(contentType)
		if err != nil {
			return nil, plainError(http.StatusBadRequest, "cannot read the Content-Type: "+err.Error())
		}
		args = multipartArguments(raw, params["boundary"])
	}
	for _, a := range args {
		if strings.Count(a.name, ".")+strings.Count(a.name, "[") > maxArgumentDepth {
			return nil, plainError(http.StatusBadRequest, "an argument is nested too deep")
		}
	}
	if len(args) > maxArguments {
		return nil, plainError(http.StatusBadRequest, "Too many arguments")
	}
	out := table{}
	for _, a := range args {
		if e == nil {
			out.setParam(a, !isMultipart)
		} else {
			out.merge(a.decode())
		}
	}
	body := out.object()
	if e != nil {
		e.Infer(body)
	}
	return body, nil
}

func urlArguments(raw []byte) []argument {
	var out []argument
	at := map[string]int{}
	for _, pair := range strings.Split(string(raw), "&") {
		name, text, hasValue := strings.Cut(pair, "=")
		if name = unescape(name); name == "" {
			continue
		}
		var value any = true
		if hasValue {
			value = unescape(text)
		}
		i, repeated := at[name]
		if !repeated {
			at[name] = len(out)
			out = append(out, argument{name, value})
			continue
		}
		list, ok := out[i].value.(table)
		if !ok {
			list = table{1: out[i].value}
			out[i].value = list
		}
		list[len(list)+1] = value
	}
	return out
}

// unescape decodes what is escaped by percent signs; what is escaped badly stays.
func unescape(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}

// multipartArguments returns the parts of a form up to the first that is broken. Of parts with the same name the last one counts.
func multipartArguments(raw []byte, boundary string) []argument {
	var out []argument
	at := map[string]int{}
	r := multipart.NewReader(bytes.NewReader(raw), boundary)
	for {
		part, err := r.NextRawPart()
		if err != nil {
			return out
		}
		text, err := io.ReadAll(part)
		name := part.FormName()
		if err != nil || name == "" {
			continue
		}
		i, repeated := at[name]
		if !repeated {
			i = len(out)
			at[name] = i
			out = append(out, argument{name: name})
		}
		out[i].value = string(text)
	}
}

// The syntax of names. The expressions are never written.
var (
	escapedBrackets = regexp.MustCompile(`(?i)%5B(.*?)%5D`)
	nameParts       = regexp.MustCompile(`(?:[^.](?:\[[^\]]*\])*)+`)
	partKeys        = regexp.MustCompile(`\.([^\[.]+)|\[([^\]]*)\]`)
)

// decode returns the table that an argument stands for.
func (a argument) decode() table {
	out := table{}
	if strings.HasPrefix(a.name, ".") || strings.HasSuffix(a.name, ".") {
		out["name"] = a.value
		return out
	}
	parts := nameParts.FindAllString(escapedBrackets.ReplaceAllString(a.name, "[$1]"), -1)
	t := out
	for i, part := range parts {
		if i == len(parts)-1 {
			t.nest(part, a.value)
			break
		}
		t, _ = t.nest(part, table{}).(table)
	}
	return out
}

// nest puts a value where a part of a name, such as a[b][], says. It returns what stands there then.
func (t table) nest(part string, value any) any {
	path := []string{part}
	if i := strings.IndexAny(part[1:], "[."); i >= 0 {
		if keys := partKeys.FindAllStringSubmatch(part[i+1:], -1); keys != nil {
			path[0] = part[:i+1]
			for _, k := range keys {
				path = append(path, k[1]+k[2])
			}
		}
	}
	for i, segment := range path {
		key := keyOf(segment)
		switch last := i == len(path)-1; {
		case !last:
			if segment == "" {
				key = 1
			}
			next := table{}
			t[key], t = next, next
		case segment == "":
			t.extend(value)
			return t
		default:
			t[key] = value
		}
	}
	return value
}

// keyOf returns a segment of a name as a key: a number if it is one.
func keyOf(segment string) any {
	if n, err := strconv.Atoi(segment); err == nil {
		return n
	}
	return segment
}

// extend appends a value to an array, or sets its first elements to those of another one.
func (t table) extend(value any) {
	list, ok := value.(table)
	if !ok {
		t[t.border()+1] = value
		return
	}
	for i := range list.border() {
		t[i+1] = list[i+1]
	}
}

// merge adds to t what another table says. What is said twice becomes an array.
func (t table) merge(from any) {
	other, ok := from.(table)
	if !ok {
		t[t.border()+1] = from
		return
	}
	for key, value := range other {
		switch have := t[key].(type) {
		case nil:
			t[key] = value
		case table:
			have.merge(value)
		default:
			list := table{1: have}
			list.merge(value)
			t[key] = list
		}
	}
}

// object returns t with its tables as arrays and objects.
func (t table) object() map[string]any {
	out := make(map[string]any, len(t))
	for key, value := range t {
		out[fmt.Sprint(key)] = plain(value)
	}
	return out
}

func (t table) value() any {
	n := t.border()
	if n == 0 || n < len(t) {
		return t.object()
	}
	out := make([]any, n)
	for i := range out {
		out[i] = plain(t[i+1])
	}
	return out
}

// plain returns a value as encoding/json would decode it.
func plain(v any) any {
	switch v := v.(type) {
	case table:
		return v.value()
	case null:
		return nil
	}
	return v
}

// setParam adds an argument to t that is about no entity: names nest by dots and by numbers in brackets. words says that
// some words are booleans, and nothing is null.
func (t table) setParam(a argument, words bool) {
	if words {
		switch a.value {
		case "":
			a.value = null{}
		case "true", "false":
			a.value = a.value == "true"
		}
	}
	path := paramPath(a.name, nil)
	for _, key := range path[:len(path)-1] {
		if key == "" {
			key = t.border() + 1
		}
		if t[key] == nil {
			t[key] = table{}
		}
		next, ok := t[key].(table)
		if !ok {
			return
		}
		t = next
	}
	if key := path[len(path)-1]; key != "" {
		t[key] = a.value
		return
	}
	t.extend(a.value)
}

var numberInBrackets = regexp.MustCompile(`(?s)^(.+)\[(\d*)\]$`)

// paramPath appends the keys that a parameter's name consists of: "" for the end of an array.
func paramPath(name string, path []any) []any {
	if m := numberInBrackets.FindStringSubmatch(name); m != nil {
		return append(paramPath(m[1], path), keyOf(m[2]))
	}
	if i := strings.LastIndexByte(name[:max(len(name)-1, 0)], '.'); i > 0 {
		return paramPath(name[i+1:], paramPath(name[:i], path))
	}
	return append(path, name)
}
