package proxy

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// requestTransformer is Kong's plugin request-transformer.
//
// Source: Kong 3.9.3, kong/plugins/request-transformer/access.lua.
type requestTransformer struct {
	passive
	method string
	uri    template // nil for none

	remove, rename, replace, add, append operation
}

// operation is what one of the five verbs does.
type operation struct{ headers, query, body []pair }

// pair is an entry of a list, "name:value". The value is nil if there is none, which Lua takes as such.
type pair struct {
	name  string
	value template
}

// pairsOf reads the entries of a list.
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

func newRequestTransformer(config kong.Value) (plugin, error) {
	type lists struct{ Headers, Querystring, Body []string }
	var c struct {
		Method                      string `json:"http_method"`
		Remove, Rename, Add, Append lists
		Replace                     struct {
			lists
			Headers, Querystring, Body []string
			URI                        string
		}
	}
	if err := decode(config, &c); err != nil {
		return nil, err
	}
	method := strings.ToUpper(c.Method)
	if method != "" && !validMethod(method) {
		return nil, errors.New("http_method is no method")
	}
	op := func(l lists) operation {
		return operation{headers: pairsOf(l.Headers), query: pairsOf(l.Querystring), body: pairsOf(l.Body)}
	}
	t := &requestTransformer{
		method: method, remove: op(c.Remove), rename: op(c.Rename), add: op(c.Add), append: op(c.Append),
		replace: op(lists{c.Replace.Headers, c.Replace.Querystring, c.Replace.Body}),
	}
	if c.Replace.URI != "" {
		t.uri = parseTemplate(c.Replace.URI)
	}
	return t, nil
}

func (t *requestTransformer) access(x *exchange) (*response, error) {
	e := &transformation{requestTransformer: t, x: x}
	e.env = e.lookup()
	for _, step := range []func() error{e.path, e.changeMethod, e.headers, e.body, e.query} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// transformation is a requestTransformer at work on one exchange.
type transformation struct {
	*requestTransformer
	x   *exchange
	env luaIndex
}

// lookup returns what templates see. Each table is as the request was when it was first asked for.
func (t *transformation) lookup() luaIndex {
	known := map[any]luaIndex{}
	return func(key any) any {
		table := known[key]
		if table == nil {
			switch key {
			case "headers":
				table = headerIndex(t.x.out.header.Clone(), t.x.in.Host)
			case "query_params":
				table = queryIndex(parseArgs(t.x.out.query))
			case "uri_captures":
				table = captureIndex(t.x.match.Captures)
			case "shared":
				table = func(any) any { return nil }
			default:
				return nil
			}
			known[key] = table
		}
		return table
	}
}

// headerIndex looks headers up as OpenResty does: whatever the case, and with _ for -.
func headerIndex(h http.Header, host string) luaIndex {
	if host != "" {
		h.Set("Host", host)
	}
	return func(key any) any {
		name, ok := key.(string)
		if !ok {
			return nil
		}
		values := h.Values(name)
		if len(values) == 0 {
			values = h.Values(strings.ReplaceAll(name, "_", "-"))
		}
		switch len(values) {
		case 0:
			return nil
		case 1:
			return values[0]
		}
		return listIndex(len(values), func(i int) any { return values[i] })
	}
}

func queryIndex(a args) luaIndex {
	value := func(v arg) any {
		if v.bare {
			return true
		}
		return v.value
	}
	return func(key any) any {
		name, _ := key.(string)
		switch values := a[name]; len(values) {
		case 0:
			return nil
		case 1:
			return value(values[0])
		default:
			return listIndex(len(values), func(i int) any { return value(values[i]) })
		}
	}
}

func captureIndex(captures map[string]string) luaIndex {
	return func(key any) any {
		switch key := key.(type) {
		case string:
			if s, ok := captures[key]; ok && key != "" && (key[0] < '0' || key[0] > '9') {
				return s
			}
		case float64:
			if s, ok := captures[luaNumber(key)]; ok {
				return s
			}
		}
		return nil
	}
}

// listIndex is a Lua list of n elements.
func listIndex(n int, at func(i int) any) luaIndex {
	return func(key any) any {
		if f, ok := key.(float64); ok && f >= 1 && f <= float64(n) && f == float64(int(f)) {
			return at(int(f) - 1)
		}
		return nil
	}
}

// value renders the value of a pair; the second result is false if it has none.
func (t *transformation) value(p pair) (string, bool, error) {
	if p.value == nil {
		return "", false, nil
	}
	s, err := p.value.render(t.env)
	return s, true, err
}

var errPath = errors.New("path must start with /")

func (t *transformation) path() error {
	if t.uri == nil {
		return nil
	}
	path, err := t.uri.render(t.env)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(path, "/") {
		return errPath
	}
	t.x.out.path = escapePath(path)
	return nil
}

// changeMethod sets the method. For methods that have no body, a form in the body goes into the query too.
func (t *transformation) changeMethod() error {
	if t.method == "" {
		return nil
	}
	t.x.out.method = t.method
	switch t.method {
	case http.MethodGet, http.MethodHead, http.MethodTrace:
	default:
		return nil
	}
	if contentKind(t.x.out.header) != formBody {
		return nil
	}
	body, err := t.x.readBody()
	if err != nil {
		return err
	}
	query := parseArgs(t.x.out.query)
	for name, values := range parseArgs(string(body)) {
		query[name] = append(query[name], values...)
	}
	t.x.out.query = query.String()
	return nil
}

// headers changes the headers. Host is apart: only replace may set it. Kong fails to append to it, too: a list becomes text.
func (t *transformation) headers() error {
	h := t.x.out.header
	for _, p := range t.remove.headers {
		h.Del(p.name)
	}
	for _, p := range t.rename.headers {
		to, _, err := t.value(p)
		if err != nil {
			return err
		}
		if values := h.Values(p.name); len(values) > 0 && to != "" && !strings.EqualFold(p.name, to) {
			h.Del(p.name)
			t.setHeader(to, values)
		}
	}
	for _, p := range t.replace.headers {
		v, ok, err := t.value(p)
		if err != nil {
			return err
		}
		if ok && (len(h.Values(p.name)) > 0 || isHost(p.name)) {
			t.setHeader(p.name, []string{v})
		}
	}
	for _, p := range t.add.headers {
		v, ok, err := t.value(p)
		if err != nil {
			return err
		}
		if ok && len(h.Values(p.name)) == 0 && !isHost(p.name) {
			h.Set(p.name, v)
		}
	}
	for _, p := range t.append.headers {
		v, ok, err := t.value(p)
		switch {
		case err != nil:
			return err
		case ok && isHost(p.name):
			t.setHeader(p.name, []string{"", v})
		case ok:
			t.setHeader(p.name, append(slices.Clip(h.Values(p.name)), v))
		}
	}
	return nil
}

func isHost(name string) bool { return strings.EqualFold(name, "host") }

// setHeader sets a header. Of several values for one that nginx keeps a single value of, the last stays; several for Host
// are a Lua table, printed.
func (t *transformation) setHeader(name string, values []string) {
	switch name = http.CanonicalHeaderKey(name); {
	case isHost(name) && len(values) > 1:
		t.x.out.host = luaString(luaIndex(nil))
	case isHost(name):
		t.x.out.host = values[0]
	case isSingular(name):
		t.x.out.header[name] = values[len(values)-1:]
	default:
		t.x.out.header[name] = values
	}
}

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

// query changes the arguments of the query. As soon as the configuration has anything to say about them, they are written
// anew: in order, and escaped in one way.
func (t *transformation) query() error {
	if len(t.remove.query)+len(t.rename.query)+len(t.replace.query)+len(t.add.query)+len(t.append.query) == 0 {
		return nil
	}
	query := parseArgs(t.x.out.query)
	if _, err := t.changeArgs(query, operationsOf(t, func(o operation) []pair { return o.query }), true); err != nil {
		return err
	}
	t.x.out.query = query.String()
	return nil
}

// verbs are the lists of the five operations for one part of the request.
type verbs struct{ remove, rename, replace, add, append []pair }

func operationsOf(t *transformation, part func(operation) []pair) verbs {
	return verbs{part(t.remove), part(t.rename), part(t.replace), part(t.add), part(t.append)}
}

// changeArgs changes arguments, and reports whether it did. Where there was nothing, only add and append have an effect.
func (t *transformation) changeArgs(a args, v verbs, any bool) (changed bool, err error) {
	if any {
		for _, p := range v.remove {
			delete(a, p.name)
			changed = true
		}
		for _, p := range v.rename {
			to, _, err := t.value(p)
			if err != nil {
				return false, err
			}
			if values := a[p.name]; len(values) > 0 && p.name != to {
				delete(a, p.name)
				a[to] = values
				changed = true
			}
		}
		for _, p := range v.replace {
			if len(a[p.name]) > 0 {
				if err := t.setArg(a, p); err != nil {
					return false, err
				}
				changed = true
			}
		}
	}
	for _, p := range v.add {
		if len(a[p.name]) == 0 {
			if err := t.setArg(a, p); err != nil {
				return false, err
			}
			changed = true
		}
	}
	for _, p := range v.append {
		if err := t.appendArg(a, p); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

// setArg sets an argument to the value of a pair; one without a value removes it.
func (t *transformation) setArg(a args, p pair) error {
	v, ok, err := t.value(p)
	if err != nil {
		return err
	}
	delete(a, p.name)
	if ok {
		a[p.name] = []arg{{value: v}}
	}
	return nil
}

// appendArg adds a value to an argument. A single bare one is no text, so that it is replaced.
func (t *transformation) appendArg(a args, p pair) error {
	v, ok, err := t.value(p)
	if err != nil || !ok {
		return err
	}
	values := a[p.name]
	if len(values) == 1 && values[0].bare {
		values = nil
	}
	a[p.name] = append(slices.Clip(values), arg{value: v})
	return nil
}
