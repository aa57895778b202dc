package render

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/lua"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/route"
)

// KeyHeader is a header that a rendered Kong sets itself on each request, if its router's cache would else take requests for one kind that
// a match tells apart: the first of them would decide for the others, and a client could see to that. In the cache a header or parameter
// that is empty is as one that is absent, ?q as ?q=true, and several values are as one with commas; values are set apart by "|".
//
// Source: Kong 3.9.3, kong/router/fields.lua, visit_for_cache_key.
const KeyHeader = "GwsyncKey"

// keyFunction sets [KeyHeader] to what the cache leaves out of headers and query parameters: which are there, and how long they are.
func keyFunction(headers, queries []string) lua.Chunk {
	return lua.New(`local key, headers, queries = {}, ngx.req.get_headers(), ngx.req.get_uri_args()
local function add(v)
  if type(v) ~= "table" then
    key[#key + 1] = type(v) == "string" and #v or tostring(v)
    return
  end
  local all = {}
  for i = 1, #v do all[i] = tostring(v[i]) end
  table.sort(all)
  for i = 1, #all do all[i] = #all[i] end
  key[#key + 1] = "(" .. table.concat(all, ",") .. ")"
end
for _, name in ipairs(@headers) do add(headers[name]) end
for _, name in ipairs(@queries) do add(queries[name]) end
ngx.req.set_header(@key, table.concat(key, ","))`, lua.Values{"headers": headers, "queries": queries, "key": KeyHeader})
}

// shared says which requests Kong's cache takes for one kind though the criterion tells them apart; "" if there are none, but for the lists
// of [valueMatch.lists].
func (v valueMatch) shared(query bool) string {
	what := "header " + v.name
	if query {
		what = "query parameter " + v.name
	}
	takes := func(s string) bool { return s == v.value }
	if v.regex {
		re, err := regexp.Compile(v.value)
		if err != nil {
			return "" // which is said elsewhere
		}
		takes = re.MatchString
	}
	switch {
	case takes(""): // of what is copied, too
		return fmt.Sprintf("those with an empty %s, which it takes, and those without one", what)
	case v.copied:
		return ""
	case query && takes("true"):
		return fmt.Sprintf("those with ?%s and ?%s=true", v.name, v.name)
	case !v.regex && strings.ContainsAny(v.value, ",|"):
		return fmt.Sprintf("those with a %s of that value and those with several that come to it", what)
	}
	return ""
}

// lists says the same of requests that send several values, or a list of them as one value, which a regex may tell apart, and any match of
// traditional_compatible does, to which one of several values is enough. It is no reason for a [KeyHeader], nor to speak of what tells
// calls of gRPC: a client that repeats what is matched gets what Kong makes of it, and others are concerned that send that very list.
func (v valueMatch) lists(query bool, f kong.Flavor) string {
	if !v.regex && f == kong.Expressions || v == contentType || v.copied || v.shared(query) != "" {
		return ""
	}
	what := "header " + v.name
	if query {
		what = "query parameter " + v.name
	}
	return fmt.Sprintf("those with several values of %s and those with one that is their list with commas", what)
}

// sharedValues returns the names of the match's headers and query parameters that requests share in Kong's cache.
func (m *match) sharedValues() (headers, queries []string) {
	for _, h := range m.allHeaders() {
		if h.shared(false) != "" {
			headers = append(headers, strings.ReplaceAll(h.name, "-", "_")) // as the router looks for it
		}
	}
	for _, q := range m.queries {
		if q.shared(true) != "" {
			queries = append(queries, q.name)
		}
	}
	return headers, queries
}

// keepApart has Kong's cache tell requests apart that matches do, or reports that the target cannot.
func (t *translator) keepApart(rules []*rule) {
	var headers, queries []string
	var needs *rule
	able := t.target.Flavor == kong.Expressions && !t.target.Declarative
	for _, r := range rules {
		for i := range r.matches {
			m := &r.matches[i]
			h, q := m.sharedValues()
			if m.keyed = able && len(h)+len(q) > 0; m.keyed && needs == nil {
				needs = r
			}
			headers, queries = append(headers, h...), append(queries, q...)
			if !able {
				t.warnOfCache(m)
			}
			t.sayOfLists(m)
		}
	}
	if needs != nil {
		sorted := func(names []string) []string { slices.Sort(names); return slices.Compact(names) }
		t.beforeRouter(needs.bound.Object, "spec.rules", keyFunction(sorted(headers), sorted(queries)))
	}
}

// beforeRouter runs a program on every request before the router looks at it, for the sake of an object's field.
func (t *translator) beforeRouter(o manifest.Object, field string, program lua.Chunk) {
	p := luaPlugin(preFunction, "rewrite", program)
	p.object, p.field, p.pos = o, field, o.At(field)
	t.everywhere = append(t.everywhere, p)
}

// keyExpr holds for every request, and makes [KeyHeader] a part of the cache's keys.
func (m *match) keyExpr() (route.Expr, error) {
	if !m.keyed {
		return nil, nil
	}
	header, err := route.HTTPHeader(KeyHeader)
	if err != nil {
		return nil, err
	}
	any, err := route.CompileRegex(".")
	if err != nil {
		return nil, err
	}
	return header.Matches(any), nil
}

// warnOfCache says which requests Kong's cache takes for one kind though a match tells them apart.
func (t *translator) warnOfCache(m *match) {
	t.reportShared(m, m.allHeaders(), valueMatch.shared, func(f *diag.Finding) {
		f.Severity = diag.Warning
		f.Hint = "match another value, or use a Kong with router_flavor = expressions and --profile full"
	})
}

// sayOfLists says the same of lists of values, which are told apart nowhere.
func (t *translator) sayOfLists(m *match) {
	lists := func(v valueMatch, query bool) string { return v.lists(query, t.target.Flavor) }
	t.reportShared(m, m.headers, lists, func(f *diag.Finding) { f.Severity, f.Hint = diag.Info, "" })
}

// reportShared reports what a function says of a match's headers and query parameters.
func (t *translator) reportShared(m *match, headers []valueMatch, of func(v valueMatch, query bool) string, as func(*diag.Finding)) {
	for _, list := range []struct {
		values []valueMatch
		field  string
	}{{headers, ".headers"}, {m.queries, ".queryParams"}} {
		for _, v := range list.values {
			query := list.field == ".queryParams"
			requests := of(v, query)
			if requests == "" || t.target.Flavor != kong.Expressions && query && !v.copied { // which is refused anyway
				continue
			}
			f := unsupported(m.of.bound.Object, m.field()+list.field, "Kong's router remembers one answer for two kinds of requests, "+requests)
			f.Code = SharedCacheKey
			as(&f)
			t.report(f)
		}
	}
}
