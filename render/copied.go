package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/lua"
	"github.com/gwsync/gwsync/render/route"
)

// Headers that a rendered Kong sets itself on each request, from what its router cannot look at, or not beside what else a match asks for.
// Backends get them too. The name of a parameter follows in lower case, see [headerOf]. There is no "-" in them, for the reason that
// [PortHeader] has.
const (
	// MethodHeader is the request's method.
	MethodHeader = "GwsyncMethod"
	// QueryHeader, before the name of a query parameter, tells which of the values it has that matches ask for.
	QueryHeader = "GwsyncQuery"
	// TextHeader, before the name of a query parameter, is its value, for regular expressions.
	TextHeader = "GwsyncText"
)

// copies are what a program copies into headers.
type copies struct {
	method bool
	// exact are the values that matches ask for, and what stands for them, by header; names are the parameters of all headers.
	exact map[string]map[string]string
	texts map[string]string
	names map[string]string
	// needs is the first rule for which it does so; nil for none.
	needs *rule
}

// copyAside has a program copy what the router cannot look at into headers that it can, where the target takes Lua. Expressions cannot
// name all query parameters; traditional_compatible has none at all, and cannot order a match on hostname, method and headers.
func (t *translator) copyAside(rules []*rule) {
	if t.target.Declarative {
		return
	}
	c := copies{exact: map[string]map[string]string{}, texts: map[string]string{}, names: map[string]string{}}
	classic := t.target.Flavor == kong.TraditionalCompatible
	for _, r := range rules {
		for i := range r.matches {
			m := &r.matches[i]
			copied := false
			for j := range m.queries {
				if _, err := route.HTTPQuery(m.queries[j].name); err != nil || classic {
					m.queries[j].copied, copied = true, true
					m.copies = append(m.copies, c.query(m.queries[j]))
				}
			}
			m.methodCopied = classic && m.asksForMethod() && m.criteria()+number(r.asksForHost()) > maxCriteria
			c.method = c.method || m.methodCopied
			if c.needs == nil && (copied || m.methodCopied) {
				c.needs = r
			}
		}
	}
	if c.needs != nil {
		t.beforeRouter(c.needs.bound.Object, "spec.rules", c.program())
	}
}

// asksForHost reports whether a listener accepts the rule for some hostnames only.
func (r *rule) asksForHost() bool {
	for _, b := range r.bindings {
		if hostnamesOf(b)[0] != "" || len(hostnamesOf(b)) > 1 {
			return true
		}
	}
	return false
}

// query has a query parameter copied, and returns the criterion on the header.
func (c *copies) query(v valueMatch) valueMatch {
	if v.regex {
		header := headerOf(TextHeader, v.name)
		c.texts[header] = v.name
		return valueMatch{name: strings.ToLower(header), value: v.value, regex: true}
	}
	header := headerOf(QueryHeader, v.name)
	if c.exact[header] == nil {
		c.exact[header] = map[string]string{}
	}
	token := escaped(v.value, '%')
	c.exact[header][v.value], c.names[header] = token, v.name
	return valueMatch{name: strings.ToLower(header), value: token}
}

// headerOf returns the header for a query parameter. Names of parameters tell upper from lower case, and those of headers do not.
func headerOf(prefix, name string) string { return prefix + escaped(name, 'x') }

// escaped returns a text as lower-case letters and digits, no two texts alike: other bytes, and the mark itself, are two hexadecimal digits
// after the mark.
func escaped(s string, mark byte) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c != mark && ('a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%c%02x", mark, c)
		}
	}
	return b.String()
}

// program sets the headers, and takes away what a client sent of them. Of a parameter that is repeated the first value counts, as
// HTTPQueryParamMatch.name recommends. A value with control characters is in no header, so that no regular expression matches it.
func (c *copies) program() lua.Chunk {
	var out lua.Chunk
	if c.method {
		out = lua.New(`ngx.req.set_header(@header, ngx.req.get_method())
`, lua.Values{"header": MethodHeader})
	}
	if len(c.exact)+len(c.texts) == 0 {
		return out
	}
	out += lua.New(`local queries = ngx.req.get_uri_args()
local function first(name)
  local v = queries[name]
  if type(v) == "table" then v = v[1] end
  if v == true then return "" end
  return v
end
local function set(header, v)
  if v then ngx.req.set_header(header, v) else ngx.req.clear_header(header) end
end
`, nil)
	if len(c.exact) > 0 {
		out += lua.New(`local names = @names
for header, values in pairs(@exact) do
  local v = first(names[header])
  set(header, v and values[v])
end
`, lua.Values{"names": c.names, "exact": anyValues(c.exact)})
	}
	if len(c.texts) > 0 {
		out += lua.New(`for header, name in pairs(@texts) do
  local v = first(name)
  set(header, v and not string.find(v, "%c") and v)
end
`, lua.Values{"texts": c.texts})
	}
	return out
}

func anyValues[T any](m map[string]T) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// asksForMethod reports whether the match, or an annotation, is about the method.
func (m *match) asksForMethod() bool { return m.method != "" || len(m.of.narrow.methods) > 0 }

// uncopied returns the criteria on query parameters that are the router's own to look at.
func (m *match) uncopied() []valueMatch {
	if len(m.queries) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(m.queries), func(v valueMatch) bool { return v.copied })
}
