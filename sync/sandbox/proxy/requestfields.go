package proxy

import (
	"net/http"
	"slices"
	"strings"
)

// fields are what the request transformer changes: headers, the arguments of a query or a form, or the members of a JSON object.
type fields interface {
	has(name string) bool
	remove(name string)
	rename(from, to string)
	// set replaces what is there; without a value (ok is false) nothing is there afterwards.
	set(name, value string, ok bool)
	append(name, value string)
}

// pair is an entry of a list, "name:value". The value is nil if there is none.
type pair struct {
	name  string
	value template
}

// verbs are what is to be done to fields, in this order.
type verbs struct{ remove, rename, replace, add, append []pair }

func (v verbs) none() bool {
	return len(v.remove)+len(v.rename)+len(v.replace)+len(v.add)+len(v.append) == 0
}

// pairsOf reads the entries of a list. Any number of colons ends a name.
func pairsOf(list []string) []pair {
	var out []pair
	for _, s := range list {
		name, value, _ := strings.Cut(s, ":")
		if name == "" {
			continue
		}
		p := pair{name: name}
		if value = strings.TrimLeft(value, ":"); value != "" {
			p.value = parseTemplate(value)
		}
		out = append(out, p)
	}
	return out
}

// change changes fields, and reports whether there was anything to do. Where there is nothing yet (filled is false), only add
// and append have an effect.
func (t *transformation) change(f fields, v verbs, filled bool) (changed bool, err error) {
	if filled {
		for _, p := range v.remove {
			f.remove(p.name)
			changed = true
		}
		err = t.each(v.rename, func(name, to string, ok bool) {
			if ok && name != to && f.has(name) {
				f.rename(name, to)
				changed = true
			}
		})
		if err != nil {
			return changed, err
		}
		err = t.each(v.replace, func(name, value string, ok bool) {
			if f.has(name) {
				f.set(name, value, ok)
				changed = true
			}
		})
		if err != nil {
			return changed, err
		}
	}
	err = t.each(v.add, func(name, value string, ok bool) {
		if !f.has(name) {
			f.set(name, value, ok)
			changed = true
		}
	})
	if err != nil {
		return changed, err
	}
	return changed || len(v.append) > 0, t.each(v.append, func(name, value string, ok bool) {
		if ok {
			f.append(name, value)
		}
	})
}

// each calls do with the names and values of the pairs; ok is false where there is no value.
func (t *transformation) each(pairs []pair, do func(name, value string, ok bool)) error {
	for _, p := range pairs {
		value, err := p.value.render(&t.templateScope)
		if err != nil {
			return err
		}
		do(p.name, value, p.value != nil)
	}
	return nil
}

// headerFields are the headers of the request to the backend. Host is apart: it counts as there, but only set and append reach
// it. Kong fails at the latter, too: a list becomes text.
type headerFields struct{ x *exchange }

func (f headerFields) has(name string) bool {
	return isHost(name) || len(f.x.out.header.Values(name)) > 0
}

func (f headerFields) remove(name string) { f.x.out.header.Del(name) }

func (f headerFields) rename(from, to string) {
	if values := f.x.out.header.Values(from); len(values) > 0 && !strings.EqualFold(from, to) {
		f.remove(from)
		f.put(to, values)
	}
}

// set leaves a header alone that it has no value for: Kong takes it out of its table, but not out of the request.
func (f headerFields) set(name, value string, ok bool) {
	if ok {
		f.put(name, []string{value})
	}
}

func (f headerFields) append(name, value string) {
	values := f.x.out.header.Values(name)
	if isHost(name) {
		values = []string{f.x.in.Host}
	}
	f.put(name, append(slices.Clip(values), value))
}

// put sets a header. Of several values for one that nginx keeps a single value of, the last stays; several for Host are a Lua
// table, printed.
func (f headerFields) put(name string, values []string) {
	switch name = http.CanonicalHeaderKey(name); {
	case isHost(name) && len(values) > 1:
		f.x.out.host = luaTableText
	case isHost(name):
		f.x.out.host = values[0]
	case isSingular(name):
		f.x.out.header[name] = values[len(values)-1:]
	default:
		f.x.out.header[name] = values
	}
}

// luaTableText is what a Lua table becomes as text. In Kong it ends with the table's address.
const luaTableText = "table: 0x000000000000"

func isHost(name string) bool { return strings.EqualFold(name, "host") }

// isSingular reports whether nginx keeps a single value of a request header.
//
// Source: OpenResty's lua-nginx-module, ngx_http_lua_headers_in.c, ngx_http_lua_set_handlers.
func isSingular(name string) bool {
	switch name {
	case "Accept-Encoding", "Authorization", "Content-Type", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
		"If-Unmodified-Since", "Range", "Referer", "User-Agent":
		return true
	}
	return false
}

func (a args) has(name string) bool { return len(a[name]) > 0 }

func (a args) remove(name string) { delete(a, name) }

func (a args) rename(from, to string) {
	a[to] = a[from]
	delete(a, from)
}

func (a args) set(name, value string, ok bool) {
	delete(a, name)
	if ok {
		a[name] = []arg{{value: value}}
	}
}

// append adds a value. A single bare one is no text, so that it is replaced.
func (a args) append(name, value string) {
	values := a[name]
	if len(values) == 1 && values[0].bare {
		values = nil
	}
	a[name] = append(slices.Clip(values), arg{value: value})
}
