package route

import (
	"container/list"
	"strconv"
	"strings"
	"sync"
)

// Cache routes like a Kong that has been up for a while: it remembers the route of each kind of request, and whether there was
// one, and does not look again. [Router.Match] is what a Kong says that has just started.
//
// The two differ since Kong takes requests for one kind that its routes may well tell apart. Then the first decides for the
// others, until it is forgotten. A kind is told by the fields that any route of the subsystem asks about, but
//
//   - net.protocol does not count;
//   - nor does the port in the Host header for net.dst.port, but the one that the client connected to;
//   - a header or query parameter that is empty is as one that is absent;
//   - a repeated one is as one whose value is the list of the values with commas.
//
// It is bounded like Kong's: of the kinds that have a route, those 5,000 are remembered that were asked for last, or more where there
// are more routes (as many as there are, in steps of 5,000, up to 100,000); of those that have none, 5,000. A Kong empties its cache
// whenever it builds its router, which it does after any change of routes or services: so a new Router wants a new Cache.
//
// A Cache is safe for concurrent use. It stands for one worker of a Kong's: each has its own.
//
// Source: Kong 3.9.3, kong/router/atc.lua, exec, and kong/runloop/handler.lua, build_router.
type Cache struct {
	router *Router
	mu     sync.Mutex
	http   memories
	stream memories
}

// memory is which entry a request went to, nil for none, and what that matched.
type memory struct {
	entry    *entry
	matched  string
	captures map[string]string
}

// memories are what is remembered in a subsystem: of requests with a route, and without.
type memories struct{ found, missed lru }

// maxCached is how many kinds of requests are remembered at least.
const maxCached = 5000

// NewCache returns an empty cache of what r says.
func NewCache(r *Router) *Cache {
	return &Cache{router: r, http: r.http.memories(), stream: r.stream.memories()}
}

func (s *subsystem) memories() memories { return memories{newLRU(s.cacheSize()), newLRU(maxCached)} }

// cacheSize returns how many kinds of requests that have a route are remembered: 5,000 for each 5,000 routes begun, up to 100,000.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua, new_router.
func (s *subsystem) cacheSize() int {
	return min(max((s.routes+maxCached-1)/maxCached, 1), 20) * maxCached
}

// Match returns what becomes of a request after those that came before it.
func (c *Cache) Match(req Request) Match {
	s, x, m := c.router.open(req)
	if m.Status != 0 {
		return m
	}
	known := c.recall(s, x)
	x.matched, x.captures = known.matched, known.captures
	return known.entry.answer(x)
}

// recall returns what is remembered of a request, or what is found and from now on remembered.
func (c *Cache) recall(s *subsystem, x *context) memory {
	key := s.key(x)
	all := &c.http
	if s == &c.router.stream {
		all = &c.stream
	}
	c.mu.Lock()
	known, ok := all.get(key)
	c.mu.Unlock()
	if ok {
		return known
	}
	known.entry = s.find(x)
	known.matched, known.captures = x.matched, x.captures
	c.mu.Lock()
	defer c.mu.Unlock()
	if first, ok := all.get(key); ok {
		return first // another request of the kind was faster
	}
	if known.entry == nil {
		all.missed.put(key, known)
	} else {
		all.found.put(key, known)
	}
	return known
}

func (m *memories) get(key string) (memory, bool) {
	if known, ok := m.found.get(key); ok {
		return known, true
	}
	return m.missed.get(key)
}

// lru holds what was used last, up to max.
type lru struct {
	max   int
	order *list.List // of remembered, the last used first
	byKey map[string]*list.Element
}

type remembered struct {
	key string
	memory
}

func newLRU(max int) lru { return lru{max: max, order: list.New(), byKey: map[string]*list.Element{}} }

func (l *lru) get(key string) (memory, bool) {
	e, ok := l.byKey[key]
	if !ok {
		return memory{}, false
	}
	l.order.MoveToFront(e)
	return e.Value.(remembered).memory, true
}

// put adds what is not there yet.
func (l *lru) put(key string, m memory) {
	if l.order.Len() == l.max {
		delete(l.byKey, l.order.Remove(l.order.Back()).(remembered).key)
	}
	l.byKey[key] = l.order.PushFront(remembered{key, m})
}

// key tells the kind of a request.
//
// Source: Kong 3.9.3, kong/router/fields.lua, get_cache_key, and kong/router/atc.lua, exec.
func (s *subsystem) key(c *context) string {
	var b strings.Builder
	for _, f := range s.fields {
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
		if a := c.argument(name); a.bare && len(a.values) == 1 {
			return "true" // which is what Lua prints for it
		}
	}
	return strings.Join(c.texts(f), ",")
}
