package route

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Cache routes like a Kong that has been up for a while: it remembers the route of each kind of request, and whether there was
// one, and does not look again. [Router.Match] is what a Kong says that has just started.
//
// The two differ since Kong takes requests for one kind ([Router.CacheKey]) that its routes may well tell apart. Then the
// first decides for the others. A new configuration means a new Router and so a new Cache.
//
// A Cache is safe for concurrent use.
type Cache struct {
	router *Router
	mu     sync.Mutex
	found  map[string]memory
}

// memory is which entry a request went to, nil for none, and what that matched.
type memory struct {
	entry    *entry
	matched  string
	captures map[string]string
}

// maxCached is how many kinds of requests are remembered. Kong forgets the one least in use, this package all of them.
const maxCached = 5000

// NewCache returns an empty cache of what r says.
func NewCache(r *Router) *Cache { return &Cache{router: r, found: map[string]memory{}} }

// Match returns what becomes of a request after those that came before it.
func (c *Cache) Match(req Request) Match {
	x, m := c.router.open(req)
	if m.Status != 0 {
		return m
	}
	key := c.router.key(x)
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.found[key]
	if !ok {
		known.entry = c.router.find(x)
		known.matched, known.captures = x.matched, x.captures
		if len(c.found) >= maxCached {
			clear(c.found)
		}
		c.found[key] = known
	}
	x.matched, x.captures = known.matched, known.captures
	return known.entry.answer(x)
}

// CacheKey returns the key under which Kong remembers the route of a request, "" for a request that never gets to the router.
//
// It leaves out net.protocol, takes the port that the client connected to for net.dst.port even if the Host header names another, and
// does not tell a header or query parameter that is empty from one that is absent, nor a repeated one from one whose value is a
// list with commas.
//
// Source: Kong 3.9.3, kong/router/fields.lua, get_cache_key, and kong/router/atc.lua, exec.
func (r *Router) CacheKey(req Request) string {
	x, m := r.open(req)
	if m.Status != 0 {
		return ""
	}
	return r.key(x)
}

func (r *Router) key(c *context) string {
	var b strings.Builder
	for _, f := range r.fields {
		switch {
		case f == "net.protocol":
			continue
		case f == "http.host":
			b.WriteString(c.request.Host)
		case f == "net.dst.port":
			b.WriteString(strconv.Itoa(int(c.request.port())))
		case kindOf(f, false) == numberKind:
			if n, ok := c.number(f); ok {
				b.WriteString(strconv.FormatInt(n, 10))
			}
		case kindOf(f, false) == addrKind:
			if a, ok := c.addr(f); ok {
				b.WriteString(a.String())
			}
		default:
			b.WriteString(c.keyText(f))
		}
		b.WriteByte('|')
	}
	return b.String()
}

// keyText returns the values of a text field as they stand in the key.
func (c *context) keyText(f string) string {
	if name, ok := strings.CutPrefix(f, queryPrefix); ok {
		if values := arguments(c.query, name); len(values) == 1 && values[0].bare {
			return "true" // which is what Lua prints for it
		}
	}
	return strings.Join(slices.Sorted(slices.Values(c.texts(f))), ",")
}
