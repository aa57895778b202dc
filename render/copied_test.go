package render_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/route"
)

var (
	exactInProgram = regexp.MustCompile(`\["(GwsyncQuery\w+)"\] = \{([^}]*)\}`)
	pairInTable    = regexp.MustCompile(`\["([^"]*)"\] = "([^"]*)"`)
	decimalEscape  = regexp.MustCompile(`\\(\d\d\d)`)
)

// withCopies returns a request with the headers that a program copies query parameters and the method into.
func withCopies(t testing.TB, program string, q route.Request) route.Request {
	t.Helper()
	_, query, _ := strings.Cut(q.Target, "?")
	parameters, _ := url.ParseQuery(query)
	literal := func(s string) string {
		return decimalEscape.ReplaceAllStringFunc(s, func(s string) string {
			n, err := strconv.ParseUint(s[1:], 10, 8)
			if err != nil {
				t.Fatal(err)
			}
			return string([]byte{byte(n)})
		})
	}
	set := func(header, value string, is bool) {
		q = withHeader(q, header, value)
		if !is {
			q.Header = q.Header[:len(q.Header)-1]
		}
	}
	if strings.Contains(program, `set_header("GwsyncMethod", ngx.req.get_method())`) {
		set("GwsyncMethod", q.Method, true)
	}
	values := map[string]map[string]string{}
	for _, table := range exactInProgram.FindAllStringSubmatch(program, -1) {
		values[table[1]] = map[string]string{}
		for _, pair := range pairInTable.FindAllStringSubmatch(table[2], -1) {
			values[table[1]][literal(pair[1])] = literal(pair[2])
		}
	}
	for _, pair := range pairInTable.FindAllStringSubmatch(program, -1) {
		header, sent := pair[1], parameters[literal(pair[2])]
		switch {
		case strings.HasPrefix(header, "GwsyncQuery") && len(sent) > 0:
			token, is := values[header][sent[0]]
			set(header, token, is)
		case strings.HasPrefix(header, "GwsyncText") && len(sent) > 0:
			set(header, sent[0], true)
		case strings.HasPrefix(header, "Gwsync"):
			set(header, "", false)
		}
	}
	return q
}

// TestQueryParameters asks about names that Kong's expressions do not know, and values that are special to HTTP, Lua or a router. What the
// client sends of the headers that Kong sets makes no difference.
func TestQueryParameters(t *testing.T) {
	manifests := gatewayWith(`
  - matches: [{queryParams: [{name: user-id, value: "a,b|C"}]}]
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: answer-rule, value: exact}]}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{queryParams: [{name: user-id, value: "a,b|c"}]}]
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: answer-rule, value: lower}]}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{queryParams: [{name: User-id, value: "a,b|C"}]}]
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: answer-rule, value: upper}]}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{queryParams: [{name: "a.b~'", value: "\"\\ é"}]}]
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: answer-rule, value: special}]}}]
    backendRefs: [{name: a, port: 8080}]
  - matches: [{queryParams: [{name: x-n, type: RegularExpression, value: '^\d+$'}]}]
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: answer-rule, value: regex}]}}]
    backendRefs: [{name: a, port: 8080}]
  - filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: answer-rule, value: other}]}}]
    backendRefs: [{name: a, port: 8080}]
`)
	inBothFlavors(t, manifests, func(t *testing.T, k traffic) {
		for _, c := range []struct{ query, header, want string }{
			{"user-id=a,b|C", "", "exact"},
			{"user-id=a%2Cb%7CC&user-id=a,b|c", "", "exact"},
			{"user-id=a,b|c&user-id=a,b|C", "", "lower"},
			{"user-id=a,B|C", "", "other"},
			{"User-id=a,b|C", "", "upper"},
			{"USER-ID=a,b|C", "", "other"},
			{"user_id=a,b|C", "", "other"},
			{"user-id", "GwsyncQueryuserx2did", "other"},
			{"", "gwsyncqueryuserx2did", "other"},
			{"", "Gwsynctextxx2dn", "other"},
			{"a.b~'=%22%5C+%C3%A9", "", "special"},
			{"a.b~'=%22%5C+%C3%A9x", "", "other"},
			{"x-n=123", "", "regex"},
			{"x-n=123%0A", "", "other"},
			{"x-n=%0A1", "", "other"},
			{"x-n=1&x-n=b", "", "regex"},
			{"x-n", "GwsyncTextxx2dn", "other"},
		} {
			q := request{target: "/?" + c.query}
			if c.header != "" {
				q.header = http.Header{}
				for _, v := range []string{"a%2cb%7c%43", "1"} {
					q.header.Add(c.header, v)
				}
			}
			_, got := k.ask(t, q)
			if diff := cmp.Diff(c.want, got.Header.Get("Answer-Rule")); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", c.query, c.header, diff)
			}
		}
	})
}
