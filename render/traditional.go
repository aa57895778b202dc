package render

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/route"
)

// classic is a Route of flavor traditional_compatible: a match on hostnames that Kong weighs alike.
type classic struct {
	match *match
	hosts []string
	// priority is its regex_priority, see [translator.rank]; 0 if there is none left for it.
	priority int64
	// wildcard is the hosts' length where they are wildcards, so that longer ones are asked first; -1 without hosts; 0 where the
	// hosts are exact: Kong asks those before all others.
	wildcard int
	tie      int
	// first says that it is the first of its match.
	first bool
	// up leads to another one of its group, nil for one that stands for the group, which is the group-th, counted from 1; see [groupByHost].
	up    *classic
	group int
}

// traditionalRoutes renders the routes of flavor traditional_compatible: one for each match, or a few where its hostnames differ
// in precedence. It lets go of each rule as soon as it is rendered.
func (t *translator) traditionalRoutes(rules []*rule) {
	all := make([][]*classic, len(rules))
	t.inParts(len(rules), func(part *translator, i int) { all[i] = part.classics(rules[i]) })
	t.rank(slices.Concat(all...))
	t.inParts(len(rules), func(part *translator, i int) {
		part.settleRule(rules[i])
		for _, c := range all[i] {
			if c.priority != 0 {
				part.route(rules[i], c.name(), c.fields(), c.match.origin())
			}
		}
		rules[i], all[i] = nil, nil
	})
}

// classics returns the routes of a rule, match by match: its exact hostnames together, each wildcard apart.
func (t *translator) classics(r *rule) []*classic {
	var exact, others []string
	for _, p := range r.places {
		if p.hostname == "" || p.hostname[0] == '*' {
			others = append(others, p.hostname)
		} else {
			exact = append(exact, p.hostname)
		}
	}
	var out []*classic
	for i := range r.matches {
		m := &r.matches[i]
		one := m.classics(exact, others)
		for _, c := range one {
			if err := m.sayableInClassic(len(c.hosts) > 0); err != nil {
				t.report(unsupported(r.bound.Object, m.field(), err.Error()))
				break
			}
			out = append(out, c)
		}
		t.warnOfCase(m)
	}
	return out
}

// classics returns the routes of one match.
func (m *match) classics(exact, others []string) []*classic {
	var out []*classic
	if len(exact) > 0 {
		out = append(out, &classic{match: m, hosts: exact})
	}
	for i, h := range others {
		c := &classic{match: m, wildcard: -1}
		if h != "" {
			c.wildcard, c.hosts = len(h), others[i:i+1]
		}
		out = append(out, c)
	}
	if len(out) > 0 {
		out[0].first = true
	}
	return out
}

// name returns the name of the Route. The first of a match has the one that the Ingress Controller gives to the whole match.
func (c *classic) name() string {
	r := c.match.of
	switch {
	case r.name != "":
		return r.name
	case c.first:
		return routeName(r.bound.Object.Ref, r.rule.Index, c.match.index) + c.match.suffix()
	}
	hostname := ""
	if len(c.hosts) > 0 {
		hostname = c.hosts[0]
	}
	return hostRouteName(r.bound.Object.Ref, hostname, r.rule.Index, c.match.index) + c.match.suffix()
}

// fields returns the fields of the Route, apart from those that all Routes have.
func (c *classic) fields() map[string]any {
	fields := c.match.of.routeFields()
	c.match.classicFields(fields)
	fields["regex_priority"] = c.priority
	if len(c.hosts) > 0 {
		fields["hosts"] = c.hosts
	}
	return fields
}

// place gives c its place among the matches that tie with it on any of its hosts.
func (c *classic) place(ties map[tie]int) {
	hosts := c.hosts
	if hosts == nil {
		hosts = []string{""}
	}
	for _, h := range hosts {
		c.tie = max(c.tie, ties[tie{c.match.traits(), c.match.overlap(h)}])
	}
	for _, h := range hosts {
		ties[tie{c.match.traits(), c.match.overlap(h)}] = c.tie + 1
	}
}

func (c *classic) compare(o *classic) int {
	return cmp.Or(cmp.Compare(c.wildcard, o.wildcard), c.match.traits().compare(o.match.traits()), -cmp.Compare(c.tie, o.tie))
}

const (
	// rankBits are the bits of regex_priority in which a rank has its place.
	rankBits = 10
	// rankBase is set in every regex_priority, see [translator.rank].
	rankBase = 3 << rankBits
)

// rank sets the regex_priority of each route, so that of any two that can match one request Kong takes the one that the
// Gateway API prefers.
//
// Kong 3.9 orders classic routes by one 64-bit word (kong/router/transform.lua, get_priority). All ours have a regex path, so
// that a route with exact hosts only comes first, by a bit of its own, and then the low 32 bits decide, into which three
// numbers are or-ed on top of each other: the number of criteria at bit 29, the number of headers at bit 20, and regex_priority
// at bit 19. The first does not matter where bits 10 and 11 of regex_priority are set anyway, the second where the bits of
// the number of headers are part of the rank. Four criteria (hosts, method, headers and path) would set the sign bit and
// win over everything, see [match.sayableInClassic].
//
// That leaves ranks 0 to 1023. They count, from the least preferred, the classes of matches that must be told apart among
// the routes that share a hostname.
func (t *translator) rank(all []*classic) {
	ties := map[tie]int{}
	for _, group := range groupByHost(all) {
		clear(ties)
		for _, implied := range []bool{false, true} {
			for _, c := range group {
				if c.match.implied == implied {
					c.place(ties)
				}
			}
		}
		slices.SortStableFunc(group, (*classic).compare)
		rank := -1
		for i, c := range group {
			if i == 0 || c.compare(group[i-1]) != 0 {
				headers := headersOf(group[i:]) << 1
				for rank++; rank&headers != headers; rank++ {
				}
			}
			if rank >= 1<<rankBits {
				t.report(tooMany(c.match, 1<<rankBits))
				break
			}
			c.priority = rankBase | int64(rank)
		}
	}
}

// headersOf returns the bits of the numbers of headers that Kong matches the routes by which compare as the first one does.
func headersOf(group []*classic) int {
	bits := 0
	for _, c := range group {
		if c.compare(group[0]) != 0 {
			break
		}
		m := c.match
		bits |= len(m.headers) + len(m.copies) + len(m.of.narrow.headers) + number(m.methodCopied)
	}
	return bits
}

// groupByHost returns the routes in groups such that routes of different groups cannot match one request: those that are connected
// by exact hostnames, and all others together. Kong itself asks exact hostnames first.
func groupByHost(all []*classic) [][]*classic {
	first := map[string]*classic{}
	for _, c := range all {
		hosts := c.hosts
		if c.wildcard != 0 {
			hosts = []string{""}
		}
		for _, h := range hosts {
			if o, ok := first[h]; !ok {
				first[h] = c
			} else if group, other := o.leader(), c.leader(); group != other {
				other.up = group
			}
		}
	}
	var out [][]*classic
	for _, c := range all {
		leader := c.leader()
		if leader.group == 0 {
			out = append(out, nil)
			leader.group = len(out)
		}
		out[leader.group-1] = append(out[leader.group-1], c)
	}
	return out
}

// leader returns the one that stands for the group of c.
func (c *classic) leader() *classic {
	for c.up != nil {
		if c.up.up != nil {
			c.up = c.up.up
		}
		c = c.up
	}
	return c
}

// maxCriteria is how many of hosts, paths, methods, headers and snis a classic Route can have that keeps its place in the order: a fourth
// would come before everything, see [translator.rank].
const maxCriteria = 3

// sayableInClassic returns an error if flavor traditional_compatible cannot say the match.
func (m *match) sayableInClassic(hosts bool) error {
	if len(m.uncopied()) > 0 {
		return errors.New("router flavor traditional_compatible cannot match query parameters without Lua")
	}
	if m.criteria()+number(hosts) > maxCriteria {
		return errors.New("router flavor traditional_compatible cannot order a match on hostname, method, headers and path at once" + m.orSNI())
	}
	for _, h := range m.of.narrow.headers {
		if h.values[0].regex && lowerChangesRegex(h.values[0].value) {
			return errors.New("router flavor traditional_compatible lower-cases regular expressions, which changes the meaning of this one")
		}
	}
	for _, q := range m.queries {
		if q.regex && lowerChangesRegex(q.value) {
			return errors.New("router flavor traditional_compatible lower-cases regular expressions, which changes the meaning of this one")
		}
	}
	for i, h := range m.headers {
		if slices.ContainsFunc(m.headers[:i], func(o valueMatch) bool { return o.name == h.name }) {
			return fmt.Errorf("router flavor traditional_compatible cannot match header %s twice, and it tells requests of gRPC by it", h.name)
		}
		if h.regex && lowerChangesRegex(h.value) {
			return errors.New("router flavor traditional_compatible lower-cases regular expressions, which changes the meaning of this one")
		}
	}
	return nil
}

// lowerChangesRegex reports whether a regex means something else in lower case, as \D, (?P<name>...) or (?U) do.
func lowerChangesRegex(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
			if isUpper(s[i]) {
				return true
			}
		case strings.HasPrefix(s[i:], "(?"):
			flags, _, _ := strings.Cut(s[i+2:], ")")
			if flags, _, _ = strings.Cut(flags, ":"); strings.IndexFunc(flags, func(r rune) bool { return r < 0x80 && isUpper(byte(r)) }) >= 0 {
				return true
			}
		}
	}
	return false
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

// warnOfCase says that Kong ignores the case of values, where that makes a difference.
func (t *translator) warnOfCase(m *match) {
	for _, h := range m.allHeaders() {
		if h != contentType { // which all clients of gRPC write alike
			t.warnOfValueCase(m, h, "header", ".headers")
		}
	}
	for _, q := range m.queries {
		if q.regex { // others are compared before
			t.warnOfValueCase(m, q, "query parameter", ".queryParams")
		}
	}
}

func (t *translator) warnOfValueCase(m *match, v valueMatch, what, field string) {
	if strings.ToLower(v.value) == v.value && strings.ToUpper(v.value) == v.value {
		return
	}
	f := unsupported(m.of.bound.Object, m.field()+field, "router flavor traditional_compatible ignores the case of "+what+" values: "+
		what+" "+v.name+" matches more than "+strconv.Quote(v.value))
	f.Severity, f.Code = diag.Warning, CaseInsensitiveHeader
	f.Hint = "use a Kong with router_flavor = expressions where the case matters"
	t.report(f)
}

// classicFields adds the matching fields of a classic route, apart from its hosts.
func (m *match) classicFields(fields map[string]any) {
	fields["paths"] = []string{m.path.classic()}
	if m.method != "" {
		fields["methods"] = []string{m.method}
	}
	headers := map[string]any{}
	for _, h := range slices.Concat(m.headers, m.copies) {
		headers[h.name] = []string{h.classic()}
	}
	m.of.narrow.classicFields(fields, headers)
	if m.methodCopied {
		headers[strings.ToLower(MethodHeader)] = fields["methods"]
		delete(fields, "methods")
	}
	if len(headers) > 0 {
		fields["headers"] = headers
	}
}

// criteria counts what Kong matches a classic route by, apart from its hosts.
func (m *match) criteria() int {
	headers := m.methodCopied || len(m.headers)+len(m.copies)+len(m.of.narrow.headers) > 0
	return 1 + number(m.asksForMethod() && !m.methodCopied) + number(headers) + number(len(m.of.narrow.snis) > 0)
}

func (m *match) orSNI() string {
	if len(m.of.narrow.snis) > 0 {
		return ", nor three of them and server names"
	}
	return ""
}

// classic returns the path as a regex that Kong anchors at its start. Even a prefix is one: Kong would ask a plain prefix
// only after all regexes.
func (p pathMatch) classic() string {
	switch p.kind {
	case exactPath:
		return "~" + route.QuoteRegex(p.value) + "$"
	case regexPath:
		if strings.HasPrefix(p.value, "/") && !strings.Contains(p.value, "|") {
			return "~" + p.value
		}
		// Kong wants "~/" first and anchors the first alternative only.
		return "~/{0}(?:" + p.value + ")"
	case prefixPath:
	}
	if p.value == "" {
		return "~/"
	}
	return "~" + route.QuoteRegex(p.value) + "(?:/|$)"
}

// classic returns a header value as Kong's classic routes spell it, where "~*" begins a regex.
func (v valueMatch) classic() string {
	if v.regex {
		return "~*" + v.value
	}
	if strings.HasPrefix(v.value, "~*") {
		return "~*^" + route.QuoteRegex(v.value) + "$"
	}
	return v.value
}
