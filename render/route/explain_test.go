package route

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// told returns an explanation as lines: each candidate with what failed or why it lost.
func told(x Explanation) []string {
	var out []string
	for _, c := range x.Candidates {
		line := c.Route.Name() + ": "
		switch {
		case !c.Matched:
			line += c.Failed.String()
		case c.Lost != "":
			line += c.Lost
		default:
			line += "wins"
		}
		out = append(out, line)
	}
	if x.Untried != "" {
		out = append(out, x.Untried)
	}
	for _, e := range x.Disabled {
		out = append(out, e.Name()+" is disabled")
	}
	return out
}

func TestExplain(t *testing.T) {
	for _, test := range []struct {
		name   string
		flavor kong.Flavor
		routes string // as in testdata/decisions.txt, by lines
		asked  string
		want   []string
	}{
		{"expressions say which operand fails", kong.Expressions, `
v2 {"expression": "http.host == \"a.com\" && (http.path == \"/v2\" || http.path ^= \"/v2/\")", "priority": 9}
x {"expression": "http.headers.x == \"1\" && !(http.path ^= \"/v\")", "priority": 8}
v1 {"expression": "http.path ^= \"/v1\"", "priority": 7}
all {"expression": "http.path ^= \"/\"", "priority": 1}
old {"paths": ["/"]}
http {"expression": "http.path ^= \"/\"", "priority": 0, "protocols": ["http"]}`,
			"GET https://a.com/v1/x | X: 1 | X: 1", []string{
				`v2: expression: http.path == "/v2" || http.path ^= "/v2/", but http.path is "/v1/x"`,
				`x: expression: !(http.path ^= "/v"), but http.path is "/v1/x"`,
				`v1: wins`,
				`all: the winner has the higher priority: 7 against 1`,
				`http: protocols: net.protocol == "http", but net.protocol is "https"`,
				`old: the winner has an expression, which ranks above classic routes`,
			}},
		{"classic routes say which field fails, and what outweighs them", kong.TraditionalCompatible, `
h {"hosts": ["a.com"]}
r {"paths": ["~/v1"]}
p2 {"paths": ["~/v"], "regex_priority": -1}
m {"methods": ["GET"], "paths": ["/v1"], "headers": {"X-A": ["1"]}}
l {"paths": ["/v1/x"]}
s {"paths": ["/"]}
n {"hosts": ["b.com:81"], "paths": ["/v1"]}
i {"snis": ["a.com"], "hosts": ["a.com"]}`,
			"GET https://a.com/v1/x | sni b.com", []string{
				`p2: wins`,
				`n: hosts: http.host == "b.com", but http.host is "a.com"`,
				`i: snis: net.protocol != "https" || tls.sni == "a.com", but net.protocol is "https" and tls.sni is "b.com"`,
				`h: the winner ranks higher: its weight overflows, as with four kinds of criteria, or a regex_priority of 4096 or below 0 ` +
					`(0xfffffffffff80000 against 0x1000000020000000)`,
				`r: the winner ranks higher: its weight overflows, as with four kinds of criteria, or a regex_priority of 4096 or below 0 ` +
					`(0xfffffffffff80000 against 0x8000020000000)`,
				`m: headers.X-A: any(lower(http.headers.x_a)) == "1", but there is no http.headers.x_a`,
				`l: the winner ranks higher: its weight overflows, as with four kinds of criteria, or a regex_priority of 4096 or below 0 ` +
					`(0xfffffffffff80000 against 0x20000005)`,
				`s: the winner ranks higher: its weight overflows, as with four kinds of criteria, or a regex_priority of 4096 or below 0 ` +
					`(0xfffffffffff80000 against 0x20000001)`,
			}},
		{"a plain host", kong.TraditionalCompatible, "h {\"hosts\": [\"a.com\"]}\nr {\"paths\": [\"~/\"]}", "GET http://a.com/", []string{
			"h: wins",
			"r: the winner ranks higher: it has hosts, none of them with a wildcard (0x1000000020000000 against 0x8000020000000)",
		}},
		{"a regex", kong.TraditionalCompatible, "h {\"hosts\": [\"*.com\"]}\nr {\"paths\": [\"~/\"]}", "GET http://a.com/", []string{
			"r: wins",
			"h: the winner ranks higher: it has a regex path (0x8000020000000 against 0x20000000)",
		}},
		{"criteria", kong.TraditionalCompatible, "h {\"methods\": [\"GET\"], \"paths\": [\"/\"]}\nr {\"paths\": [\"/a\"]}", "GET http://a.com/a",
			[]string{"h: wins", "r: the winner ranks higher: it has more kinds of criteria: 2 against 1 (0x40000001 against 0x20000002)"}},
		{"headers", kong.TraditionalCompatible, `two {"headers": {"a": ["1"], "b": ["1"]}}
one {"headers": {"a": ["1"]}}`, "GET http://a.com/a | A: 1 | B: 1",
			[]string{"two: wins", "one: the winner ranks higher: it has more headers: 2 against 1 (0x20200000 against 0x20100000)"}},
		{"a longer path", kong.TraditionalCompatible, "s {\"paths\": [\"/\"]}\nl {\"paths\": [\"/a\"]}", "GET http://a.com/a",
			[]string{"l: wins", "s: the winner ranks higher: its path is longer: 2 bytes against 1 (0x20000002 against 0x20000001)"}},
		{"regex_priority", kong.TraditionalCompatible, `a {"paths": ["~/"], "regex_priority": 5}
b {"paths": ["~/"], "regex_priority": 7}`, "GET http://a.com/a", []string{
			"b: wins", "a: the winner ranks higher: its regex_priority is higher: 7 against 5 (0x8000020380000 against 0x8000020280000)"}},
		{"what Kong mixes", kong.TraditionalCompatible, `a {"paths": ["~/"], "regex_priority": 2048}
b {"paths": ["~/"], "methods": ["GET"]}`, "GET http://a.com/a", []string{
			"a: wins", "b: the winner ranks higher: its kinds of criteria, headers and regex_priority, which Kong mixes, " +
				"are 1, 0 and 2048 against 2, 0 and 0 (0x8000060000000 against 0x8000040000000)"}},
		{"ties", kong.TraditionalCompatible, `a {"id": "00000000-0000-4000-8000-000000000001", "paths": ["/"]}
b {"id": "00000000-0000-4000-8000-000000000002", "paths": ["/"]}`, "GET http://a.com/a", []string{
			"b: wins", "a: of equal priority, the winner has the higher id: " +
				"00000000-0000-4000-8000-000000000002 against 00000000-0000-4000-8000-000000000001"}},
		{"streams", kong.TraditionalCompatible, `a {"protocols": ["tcp"], "sources": [{"ip": "10.0.0.0/8"}]}
b {"protocols": ["tcp"], "sources": [{"port": 7}]}
c {"protocols": ["tcp"], "destinations": [{"port": 9000}]}
h {"paths": ["/"]}`, "TCP | from 10.0.0.1:7 | to 127.0.0.1:9001", []string{
			"b: wins", "a: the winner ranks higher: it names a source's port (0x40 against 0x10)",
			"c: destinations: net.dst.port == 9000, but net.dst.port is 9001"}},
		{"invalid text", kong.TraditionalCompatible, `a {"paths": ["/"]}`, "GET http://a/%ff",
			[]string{"a route asks about http.path, which is not UTF-8 here: Kong then matches no route"}},
		{"a crash", kong.Expressions, `a {"expression": "http.queries.q == \"1\""}`, "GET http://a/?q&q=1",
			[]string{`a query parameter that a route asks about is repeated, and once without "=": Kong cannot sort its values`}},
		{"a refusal", kong.TraditionalCompatible, `a {"paths": ["/"]}`, "GET http://a/../x",
			[]string{"nginx refuses the request before Kong's router sees it"}},
		{"a disabled service", kong.TraditionalCompatible, `service {"enabled": false}
a {"paths": ["/"]}`, "GET http://a/x", []string{"a is disabled"}},
	} {
		d := decisions{flavors: []kong.Flavor{test.flavor}}
		for line := range strings.Lines(strings.TrimSpace(test.routes)) {
			name, rest, _ := strings.Cut(line, " ")
			fields := decodeFields(t, rest)
			if name == "service" {
				d.service = fields
				continue
			}
			fields["name"] = name
			d.routes = append(d.routes, fields)
		}
		r, err := New(d.state(t), test.flavor)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, told(r.Explain(decodeRequest(t, test.asked)))); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}
