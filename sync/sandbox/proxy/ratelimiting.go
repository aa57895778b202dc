package proxy

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// rateLimiting is Kong's plugin rate-limiting. Its counters are those of this proxy: on a single Kong the policies local and cluster do
// not differ.
//
// Source: Kong 3.9.3, kong/plugins/rate-limiting/handler.lua and policies/init.lua.
type rateLimiting struct {
	passive
	LimitBy      string `json:"limit_by"`
	HeaderName   string `json:"header_name"`
	Path         string `json:"path"`
	Policy       string `json:"policy"`
	Hide         bool   `json:"hide_client_headers"`
	ErrorCode    int    `json:"error_code"`
	ErrorMessage string `json:"error_message"`

	limits []rateLimit
	scope  scope
}

// rateLimit is how many requests are let through in a window of time.
type rateLimit struct {
	window window
	limit  int64
}

// window is a span of time as people count it: from the full minute, hour, ... (in UTC) to the next.
type window struct {
	name, header string
	// seconds is how long Kong takes it for; months have 30 days.
	seconds int64
	begin   func(time.Time) time.Time
}

func windows() []window {
	to := func(d time.Duration) func(time.Time) time.Time {
		return func(t time.Time) time.Time { return t.Truncate(d) }
	}
	return []window{
		{"second", "Second", 1, to(time.Second)},
		{"minute", "Minute", 60, to(time.Minute)},
		{"hour", "Hour", 3600, to(time.Hour)},
		{"day", "Day", 86400, to(24 * time.Hour)},
		{"month", "Month", 2592000, func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC) }},
		{"year", "Year", 31536000, func(t time.Time) time.Time { return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC) }},
	}
}

func newRateLimiting(config kong.Value) (plugin, error) {
	p := &rateLimiting{LimitBy: "consumer", Policy: "local", ErrorCode: 429, ErrorMessage: "API rate limit exceeded"}
	if err := decode(config, p); err != nil {
		return nil, err
	}
	if p.Policy == "redis" {
		return nil, fmt.Errorf("policy %s", p.Policy)
	}
	if p.ErrorCode < 200 {
		return nil, fmt.Errorf("error_code %d", p.ErrorCode)
	}
	fields, _ := config.(map[string]any)
	for _, w := range windows() {
		var n *float64
		if err := decode(fields[w.name], &n); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		if n != nil {
			p.limits = append(p.limits, rateLimit{w, int64(*n)})
		}
	}
	return p, nil
}

// configuredBy tells the plugin what it is for: configurations for different things count apart.
func (p *rateLimiting) configuredBy(e kong.Entity) { p.scope = scopeOf(e) }

func (p *rateLimiting) access(x *exchange) (*response, error) {
	now := x.options.now().UTC().Truncate(time.Second)
	usage, stopped := x.table.counters.take(p, p.identifier(x), now, x.trace == nil)
	if !p.Hide {
		p.tell(x, usage, stopped, now)
	}
	if stopped {
		return x.fail(p.ErrorCode, p.ErrorMessage), nil
	}
	return nil, nil
}

// identifier is whom requests are counted for.
func (p *rateLimiting) identifier(x *exchange) string {
	switch p.LimitBy {
	case "service":
		if id := x.match.Service.ID(); id != "" {
			return id
		}
	case "consumer":
		if id := x.consumer.ID(); id != "" {
			return id
		}
	case "credential":
		if id := x.credential.ID(); id != "" {
			return id
		}
	case "header":
		if v, ok := x.requestText(p.HeaderName); ok {
			return v
		}
	case "path":
		if path := route.NormalizePath(x.path()); path == p.Path {
			return path
		}
	}
	return x.sender.Addr().Unmap().String()
}

// tell writes how much is left into the answer's headers: of each window, and of the one that ends first to let requests through.
func (p *rateLimiting) tell(x *exchange, usage []int64, stopped bool, now time.Time) {
	var tightest rateLimit
	var least, reset int64
	for i, l := range p.limits {
		left := l.limit - usage[i]
		if !stopped || left <= 0 {
			left--
		}
		left = max(0, left)
		if tightest.limit == 0 || left < least || left == least && l.window.seconds > tightest.window.seconds {
			tightest, least = l, left
			reset = max(1, l.window.seconds-int64(now.Sub(l.window.begin(now)).Seconds()))
		}
		x.setEarly("X-RateLimit-Limit-"+l.window.header, strconv.FormatInt(l.limit, 10))
		x.setEarly("X-RateLimit-Remaining-"+l.window.header, strconv.FormatInt(left, 10))
	}
	x.setEarly("RateLimit-Limit", strconv.FormatInt(tightest.limit, 10))
	x.setEarly("RateLimit-Remaining", strconv.FormatInt(least, 10))
	x.setEarly("RateLimit-Reset", strconv.FormatInt(reset, 10))
	if stopped {
		x.setEarly("Retry-After", strconv.FormatInt(reset, 10))
	}
}

// counters count requests. They outlive configurations: a plugin that is configured for the same thing goes on where it was.
type counters struct {
	mu    sync.Mutex
	count map[counterKey]counter
	sweep int // when there are more, old ones are thrown away
}

type counterKey struct {
	scope      scope
	identifier string
	window     string
	begin      int64
}

type counter struct {
	n       int64
	expires time.Time
}

func newCounters() *counters { return &counters{count: map[counterKey]counter{}, sweep: 1024} }

// take counts a request, unless a limit is reached already or it shall not count. It returns what was used of each limit before.
func (c *counters) take(p *rateLimiting, identifier string, now time.Time, counts bool) (usage []int64, stopped bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	counted := make([]counterKey, len(p.limits))
	for i, l := range p.limits {
		counted[i] = counterKey{scope{p.scope.route, p.scope.service, ""}, identifier, l.window.name, l.window.begin(now).Unix()}
		n := c.count[counted[i]].n
		usage = append(usage, n)
		stopped = stopped || n >= l.limit
	}
	if stopped || !counts {
		return usage, stopped
	}
	for i, key := range counted {
		entry := c.count[key]
		if entry.n == 0 {
			entry.expires = now.Add(time.Duration(p.limits[i].window.seconds) * time.Second)
		}
		entry.n++
		c.count[key] = entry
	}
	c.forget(now)
	return usage, stopped
}

// forget throws away the counters of windows that are over.
func (c *counters) forget(now time.Time) {
	if len(c.count) < c.sweep {
		return
	}
	for key, entry := range c.count {
		if now.After(entry.expires) {
			delete(c.count, key)
		}
	}
	c.sweep = max(1024, 2*len(c.count))
}
