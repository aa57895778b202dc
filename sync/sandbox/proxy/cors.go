package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// cors is Kong's plugin of that name.
//
// Source: Kong 3.9.3, kong/plugins/cors/handler.lua.
type cors struct {
	Origins           []string `json:"origins"`
	Headers           []string `json:"headers"`
	Exposed           []string `json:"exposed_headers"`
	Methods           []string `json:"methods"`
	MaxAge            *float64 `json:"max_age"`
	Credentials       bool     `json:"credentials"`
	PrivateNetwork    bool     `json:"private_network"`
	PreflightContinue bool     `json:"preflight_continue"`

	// patterns are Origins, as far as the first "*".
	patterns []originPattern
	// single is the one origin that is always answered, whatever the client's is; "" for none.
	single string
}

// originPattern is an origin, or a regular expression for some.
type originPattern struct {
	any    bool
	domain string
	regex  *regexp.Regexp // nil for a plain origin
	byHost bool           // whether the expression is for the host alone
}

var plainOrigin = regexp.MustCompile(`^[A-Za-z0-9.:/-]+$`)

func newCORS(config kong.Value) (plugin, error) {
	c := &cors{Methods: []string{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT"}}
	if err := decode(config, c); err != nil {
		return nil, err
	}
	if len(c.Origins) == 0 {
		c.Origins = []string{"*"}
	}
	if len(c.Origins) == 1 && plainOrigin.MatchString(c.Origins[0]) {
		c.single = c.Origins[0]
	}
	for _, s := range c.Origins {
		if s == "*" {
			c.patterns = append(c.patterns, originPattern{any: true})
			break
		}
		p, err := parseOriginPattern(s)
		if err != nil {
			return nil, fmt.Errorf("origins: %w", err)
		}
		c.patterns = append(c.patterns, p)
	}
	return c, nil
}

func parseOriginPattern(s string) (originPattern, error) {
	if s == "" || plainOrigin.MatchString(s) {
		o, err := parseOrigin(s)
		return originPattern{domain: o.domain}, err
	}
	p := originPattern{byHost: !strings.Contains(s, ":")}
	if !strings.HasSuffix(s, "$") {
		s += "$"
	}
	var err error
	p.regex, err = regexp.Compile("^(?:" + strings.TrimPrefix(s, "^") + ")")
	return p, err
}

// origin is what an Origin header says: without the port that its scheme implies, as far as it is a URL.
type origin struct{ domain, host string }

var errNoOrigin = errors.New("the Origin header is empty")

var originURL = regexp.MustCompile(`^(?:([A-Za-z0-9][A-Za-z0-9+.-]*):)?//(?:[^/@]*@)?([^/]*)`)

// parseOrigin reads an origin. Kong fails at an empty one.
func parseOrigin(s string) (origin, error) {
	if s == "" {
		return origin{}, errNoOrigin
	}
	m := originURL.FindStringSubmatch(s)
	if m == nil || m[2] == "" {
		return origin{s, s}, nil
	}
	scheme, host, port := m[1], m[2], ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host, port = host[:i], host[i+1:]
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		port = ""
	}
	domain := host
	if scheme != "" {
		domain = scheme + "://" + host
	}
	if port != "" {
		domain += ":" + port
	}
	return origin{domain, host}, nil
}

func (p *originPattern) matches(o origin) bool {
	switch {
	case p.regex == nil:
		return p.domain == o.domain
	case p.byHost:
		return p.regex.MatchString(o.host)
	}
	return p.regex.MatchString(o.domain)
}

// access answers preflight requests.
func (c *cors) access(x *exchange) (*response, error) {
	_, hasOrigin := x.requestText("Origin")
	_, asks := x.requestText("Access-Control-Request-Method")
	if x.method() != http.MethodOptions || !hasOrigin || !asks {
		return nil, nil
	}
	x.preflight = true
	if c.PreflightContinue {
		return nil, nil
	}
	r := x.bare(http.StatusOK)
	if err := c.allow(x, r.header, false); err != nil {
		return nil, err
	}
	wanted, ok := x.requestText("Access-Control-Request-Headers")
	switch {
	case len(c.Headers) > 0:
		r.header.Set("Access-Control-Allow-Headers", strings.Join(c.Headers, ","))
	case ok:
		r.header.Set("Access-Control-Allow-Headers", wanted)
	}
	r.header.Set("Access-Control-Allow-Methods", strings.Join(c.Methods, ","))
	if c.MaxAge != nil {
		r.header.Set("Access-Control-Max-Age", strconv.FormatFloat(*c.MaxAge, 'f', -1, 64))
	}
	if v, _ := x.requestText("Access-Control-Request-Private-Network"); c.PrivateNetwork && v == "true" {
		r.header.Set("Access-Control-Allow-Private-Network", "true")
	}
	return r, nil
}

// filter marks all other answers. At an empty Origin Kong fails half-way, and closes the connection.
func (c *cors) filter(x *exchange, r *response) {
	if x.preflight {
		return
	}
	if err := c.allow(x, r.header, true); err != nil {
		x.closed = true
		return
	}
	if len(c.Exposed) > 0 {
		r.header.Set("Access-Control-Expose-Headers", strings.Join(c.Exposed, ","))
	}
}

// allow says who may see the answer, and whether with credentials. On an answer that has a Vary header already it adds another.
func (c *cors) allow(x *exchange, h http.Header, adds bool) error {
	vary := func() {
		if !adds {
			h.Del("Vary")
		}
		h.Add("Vary", "Origin")
	}
	client, known := x.requestText("Origin")
	all, err := c.allowOrigin(h, vary, client, known)
	switch {
	case err != nil:
		return err
	case !c.Credentials:
	case !all:
		h.Set("Access-Control-Allow-Credentials", "true")
	case known:
		vary()
		h.Set("Access-Control-Allow-Origin", client)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	return nil
}

// allowOrigin says who may see the answer, and reports whether that is everybody.
func (c *cors) allowOrigin(h http.Header, vary func(), client string, known bool) (bool, error) {
	const name = "Access-Control-Allow-Origin"
	if len(c.Origins) == 1 && c.patterns[0].any {
		h.Set(name, "*")
		return true, nil
	}
	vary()
	if c.single != "" {
		h.Set(name, c.single)
		return false, nil
	}
	if !known {
		h.Del(name)
		return false, nil
	}
	o, err := parseOrigin(client)
	last := &c.patterns[len(c.patterns)-1]
	if last.any { // Kong looks for it before it compares anything
		h.Set(name, "*")
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for i := range c.patterns {
		if c.patterns[i].matches(o) {
			h.Set(name, o.domain)
			return false, nil
		}
	}
	h.Del(name)
	return false, nil
}
