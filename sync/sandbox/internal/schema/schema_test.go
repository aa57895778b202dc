package schema

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// load returns the schemas of a Kong whose ids and times are the same each time.
func load(t *testing.T, f kong.Flavor, dbLess bool) *Tables {
	t.Helper()
	tables, err := Load(&Env{
		Flavor: f, DBLess: dbLess, Now: func() time.Time { return time.Unix(1, 0) },
		UUID: func() string { return "00000000-0000-4000-8000-000000000001" }, Secret: func() string { return "secret" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// small is a schema to test the notation and the rules with.
const small = `
type word = string one_of=a,b
type words = set of :word
entity things key=name
  name string required match=^%l+$
  word :word default=a
  words :words
  counts map keys string values integer between=1..9
  inner record required
    deep integer default=2 gt=1
    list array len_max=2 of record
      x string
      y string
      @only_one_of x y
  gone string if=expressions
  ~old string deprecated="4.0" replaced_with=inner.old
  ~nick string to=name
  @conditional word eq=b then words required err="%s wants words"
  @mutually_exclusive word gone
`

func smallEntity(t *testing.T) *Entity {
	t.Helper()
	env := &Env{Now: time.Now}
	tables := &Tables{env: env, types: map[string]*Field{}}
	if err := tables.parse(small); err != nil {
		t.Fatal(err)
	}
	e := tables.Entity("things")
	if err := tables.link(e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestValidate(t *testing.T) {
	t.Parallel()
	e := smallEntity(t)
	type m = map[string]any
	for name, c := range map[string]struct{ in, want m }{
		"fine":     {m{"name": "x"}, nil},
		"required": {m{}, m{"name": "required field missing"}},
		"null":     {m{"name": nil}, m{"name": "required field missing"}},
		"unknown":  {m{"name": "x", "gone": "y"}, m{"gone": "unknown field"}},
		"type":     {m{"name": 1.0}, m{"name": "expected a string"}},
		"empty":    {m{"name": ""}, m{"name": "length must be at least 1"}},
		"pattern":  {m{"name": "X"}, m{"name": "invalid value: X"}},
		"one of":   {m{"name": "x", "word": "c"}, m{"word": "expected one of: a, b"}},
		"elements": {m{"name": "x", "words": []any{"a", "c", nil}},
			m{"words": []any{nil, "expected one of: a, b", "required field missing"}}},
		"no set":        {m{"name": "x", "words": "a"}, m{"words": "expected a set"}},
		"empty object":  {m{"name": "x", "words": m{}}, nil},
		"map":           {m{"name": "x", "counts": m{"k": 10.0}}, m{"counts": "value should be between 1 and 9"}},
		"map of array":  {m{"name": "x", "counts": []any{1.0}}, m{"counts": "expected a string"}},
		"integer":       {m{"name": "x", "inner": m{"deep": 2.5}}, m{"inner": m{"deep": "expected an integer"}}},
		"gt":            {m{"name": "x", "inner": m{"deep": 1.0}}, m{"inner": m{"deep": "value must be greater than 1"}}},
		"no record":     {m{"name": "x", "inner": 1.0}, m{"inner": "expected a record"}},
		"array, record": {m{"name": "x", "inner": []any{1.0}}, m{"inner": m{"1": "unknown field"}}},
		"check inside": {
			m{"name": "x", "inner": m{"list": []any{m{"x": "1", "y": "2"}}}},
			m{"inner": m{"list": []any{m{"@entity": []any{"exactly one of these fields must be non-empty: 'x', 'y'"}}}}},
		},
		"length": {m{"name": "x", "inner": m{"list": []any{m{"x": "1"}, m{"x": "1"}, m{"x": "1"}}}},
			m{"inner": m{"list": "length must be at most 2"}}},
		"conditional": {m{"name": "x", "word": "b"}, m{"words": "required field missing",
			"@entity": []any{"failed conditional validation given value of field 'word'"}}},
		"shorthand": {m{"nick": "x"}, nil},
	} {
		filled, errs := e.Fill(c.in, Insert)
		if errs == nil {
			errs = e.Validate(filled)
		}
		if diff := cmp.Diff(c.want, errs); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFillAndMerge(t *testing.T) {
	t.Parallel()
	e := smallEntity(t)
	in := map[string]any{"name": "x", "words": []any{"b", "a", "b"}}
	got, errs := e.Fill(in, Insert)
	want := map[string]any{
		"name": "x", "word": "a", "words": []any{"b", "a"}, "counts": nil,
		"inner": map[string]any{"deep": 2.0, "list": nil},
	}
	if diff := cmp.Diff(want, got); diff != "" || errs != nil {
		t.Errorf("filled in, %v (-want +got):\n%s", errs, diff)
	}
	if len(in["words"].([]any)) != 3 {
		t.Errorf("the input has changed: %v", in)
	}
	part, _ := e.Fill(map[string]any{"inner": map[string]any{"list": []any{}}}, Update)
	merged := e.Merge(part, got)
	if diff := cmp.Diff(map[string]any{"deep": 2.0, "list": []any{}}, merged["inner"]); diff != "" || merged["name"] != "x" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}

func TestTablesThatAreNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"thing x":                            `1: unknown statement "thing"`,
		"entity x\n  a :none":                `2: a: no type "none"`,
		"entity x\n  a string nope":          `2: a: unknown attribute "nope"`,
		"entity x\n  a string check=nope":    `2: a: no check "nope"`,
		"entity x\n      a string":           `2: indented too far`,
		"entity x\n  a string\n    b string": `3: indented too far`,
		"entity x\n  a string match=%":       `2: a: a: match: lua pattern: "%" ends with %`,
		"entity x\n  @nope a b":              `2: unknown check @nope`,
		"entity x\n  a integer between=1":    `2: a: between: "1" is no range`,
		"subschema x y":                      `1: no entity "x"`,
	} {
		tables := &Tables{env: &Env{}, types: map[string]*Field{}}
		if err := tables.parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ check, in, want string }{
		{"url", "https://h/x", ""},
		{"url", "//h", "missing scheme in url"},
		{"url", "/x", "missing host in url"},
		{"path", "/a%2", "invalid url-encoded value: '%2'"},
		{"router_path", "/a/../b", "non-normalized path, consider use '/b' instead"},
		{"router_path", "~/a(", `invalid regex: '/a(' (PCRE returned: pcre2_compile() failed: missing closing parenthesis in "/a(")`},
		{"router_path", "~/(?<!a)b++$", ""},
		{"asterisk_or_regex", "(", "'(' is not a valid regex"},
		{"header_pair", "a:b c", "'b c' is not a valid header"},
		{"key_value", "a", "key 'a' has no value"},
		{"redirect_uri", "https://h/#x", "fragment not allowed in 'https://h/#x'"},
		{"shared_dict", "kong", ""},
		{"acme_namespace", "kong_acme:cert_key:x", "namespace can't be prefixed with reserved word: kong_acme:cert_key:"},
		{"cookie_name", "session", ""},
		{"ip_or_cidr", "10.0.0.0/33", "invalid ip or cidr range: '10.0.0.0/33'"},
		{"lua", "return 1", ""},
		{"wildcard_host", "a.*", ""},
		{"sni", "1.2.3.4", "must not be an IP"},
		{"tag", "a\x7f", "invalid tag 'a\x7f': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"},
	} {
		check, err := checkNamed(c.check)
		if err != nil {
			t.Fatal(err)
		}
		if got := check(&Env{}, c.in); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.check, c.in, got, c.want)
		}
	}
}

// TestPluginRules breaks rules of plugins that are code.
func TestPluginRules(t *testing.T) {
	t.Parallel()
	e := load(t, kong.TraditionalCompatible, true).Entity("plugins")
	type m = map[string]any
	for want, plugin := range map[string]m{
		"The limit for hour(1.0) cannot be lower than the limit for minute(2.0)": {"name": "rate-limiting",
			"config": m{"minute": 2.0, "hour": 1.0}},
		"sync_rate can only be used with the redis policy": {"name": "rate-limiting",
			"config": m{"minute": 2.0, "sync_rate": 1.0}},
		"echo cannot be used with content_type and body": {"name": "request-termination",
			"config": m{"echo": true, "body": "b"}},
		"repeated tags are not allowed: a": {"name": "zipkin",
			"config": m{"static_tags": []any{m{"name": "a", "value": "1"}, m{"name": "a", "value": "2"}}}},
		`"kong" storage can't be used with dbless mode`: {"name": "acme",
			"config": m{"account_email": "a@b.c", "storage": "kong", "tos_accepted": true}},
		"proxy_url scheme must be http": {"name": "aws-lambda", "config": m{"proxy_url": "https://p"}},
		"missing shared dict 'x'": {"name": "proxy-cache",
			"config": m{"strategy": "memory", "memory": m{"dictionary_name": "x"}}},
		"both deprecated and new field are used but their values mismatch: redis_port = 1 vs redis.port = 2": {
			"name": "rate-limiting", "config": m{"minute": 2.0, "redis_port": 1.0, "redis": m{"port": 2.0}},
		},
		"specifying both an 'Authorization' header and user info in 'http_endpoint' is not allowed": {
			"name": "http-log", "config": m{"http_endpoint": "http://u:p@h/", "headers": m{"authorization": "x"}},
		},
	} {
		filled, errs := e.Fill(plugin, Insert)
		if errs == nil {
			errs = e.Validate(filled)
		}
		if !strings.Contains(flat(errs), want) {
			t.Errorf("%v: %v, want %s", plugin, errs, want)
		}
	}
}

// flat returns all messages in a table of errors.
func flat(errs any) string {
	out := ""
	switch errs := errs.(type) {
	case string:
		return errs + "; "
	case []any:
		for _, e := range errs {
			out += flat(e)
		}
	case map[string]any:
		for _, e := range errs {
			out += flat(e)
		}
	}
	return out
}

func TestEveryPluginHasASchema(t *testing.T) {
	t.Parallel()
	for _, f := range []kong.Flavor{kong.Expressions, kong.TraditionalCompatible} {
		plugins := load(t, f, false).Entity("plugins")
		if n := len(plugins.Subschemas()); n != 45 {
			t.Errorf("%d plugins, want the 45 that are bundled", n)
		}
		for _, name := range plugins.Subschemas() {
			if c := plugins.Subschema(name).Field("config"); c == nil || c.Record == nil {
				t.Errorf("%s has no config", name)
			}
		}
	}
}
