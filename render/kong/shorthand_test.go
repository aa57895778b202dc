package kong_test

import (
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// sessionSchema and endpointSchema are, in short, what Kong 3.9.3 answers of its plugins: it names shorthands, and not what they stand for.
const (
	sessionSchema = `{"fields": [{"config": {"type": "record", "required": true, "fields": [
		{"stale_ttl": {"type": "number", "default": 10}},
		{"rolling_timeout": {"type": "number", "default": 3600}},
		{"cookie_same_site": {"type": "string", "default": "Strict"}},
		{"remember": {"type": "boolean", "default": false}}],
		"shorthand_fields": [{"cookie_lifetime": {"type": "number"}}, {"cookie_renew": {"type": "number"}},
			{"cookie_discard": {"type": "number"}}, {"cookie_samesite": {"type": "string"}},
			{"cookie_persistent": {"type": "boolean"}}, {"other": {"type": "string"}}]}}]}`
	endpointSchema = `{"fields": [{"config": {"type": "record", "fields": [
		{"traces_endpoint": {"type": "string"}}, {"headers": {"type": "map"}}],
		"shorthand_fields": [{"endpoint": {"type": "string", "deprecation": {"message": "old"}}}]}}]}`
)

// Kong's schemas of two plugins name deprecated shorthands and not what they stand for.
func TestShorthandsOfWhichKongDoesNotTell(t *testing.T) {
	s := schemas(t)
	var err error
	if s, err = s.WithPlugin("session", []byte(sessionSchema)); err != nil {
		t.Fatal(err)
	}
	if s, err = s.WithPlugin("opentelemetry", []byte(endpointSchema)); err != nil {
		t.Fatal(err)
	}
	same := s.Comparer()
	for _, c := range []struct{ name, given, live string }{
		{"values", `{"cookie_lifetime":0,"cookie_discard":5,"cookie_persistent":true}`,
			`{"cookie_same_site":"Strict","remember":true,"rolling_timeout":0,"stale_ttl":5}`},
		{"a value with another name", `{"cookie_samesite":"off"}`,
			`{"cookie_same_site":"Lax","remember":false,"rolling_timeout":3600,"stale_ttl":10}`},
		{"one that Kong ignores", `{"cookie_renew":7}`, `{"cookie_same_site":"Strict","remember":false,"rolling_timeout":3600,"stale_ttl":10}`},
		{"beside its field it counts", `{"cookie_discard":5,"stale_ttl":6}`,
			`{"cookie_same_site":"Strict","remember":false,"rolling_timeout":3600,"stale_ttl":5}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			live := pluginOf(t, `{"name":"session","enabled":true,"protocols":["http","grpc"],"config":`+c.live+`}`)
			if given := pluginOf(t, `{"name":"session","config":`+c.given+`}`); !same(live, given) {
				filled, _ := s.Fill(given)
				t.Errorf("Kong answers %s\nfilled is    %s", live.AppendJSON(nil), filled.AppendJSON(nil))
			}
		})
	}
	live := pluginOf(t, `{"name":"opentelemetry","enabled":true,"protocols":["http","grpc"],"config":{"traces_endpoint":"http://a"}}`)
	for given, want := range map[string]bool{
		`{"endpoint":"http://a"}`:                              true,
		`{"endpoint":"http://b"}`:                              false,
		`{"endpoint":"http://b","traces_endpoint":"http://a"}`: true, // deprecated: the field counts
	} {
		if got := same(live, pluginOf(t, `{"name":"opentelemetry","config":`+given+`}`)); got != want {
			t.Errorf("%s: same is %v, want %v", given, got, want)
		}
	}
}

// A Kong without a database writes an empty map as an empty list.
func TestEmptyMapsOfGetConfig(t *testing.T) {
	s, err := schemas(t).WithPlugin("opentelemetry", []byte(endpointSchema))
	if err != nil {
		t.Fatal(err)
	}
	live := pluginOf(t, `{"name":"opentelemetry","enabled":true,"protocols":["http","grpc"],"config":{"headers":[]}}`)
	if given := pluginOf(t, `{"name":"opentelemetry","config":{"headers":{}}}`); !s.Comparer()(live, given) {
		t.Error("an empty map is a change")
	}
	if given := pluginOf(t, `{"name":"opentelemetry","config":{"headers":{"a":"b"}}}`); s.Comparer()(live, given) {
		t.Error("a map that has something is no change")
	}
}

// Kong keeps 14 digits of a number, and answers no more.
func TestNumbersHaveAsManyDigitsAsKongKeeps(t *testing.T) {
	for given, answered := range map[string]string{
		"9007199254740993":       "9.007199254741e+15",
		"12345678901234567890":   "1.2345678901235e+19",
		"-9007199254740993":      "-9.007199254741e+15",
		"123456789.123456789":    "123456789.12346",
		"0.1":                    "0.1",
		"0.30000000000000004":    "0.3",
		"1e3":                    "1000",
		"70368744177663":         "70368744177663", // the highest priority of a route
		"100000000000000":        "1e+14",
		"99999999999999.9":       "1e+14",
		"1.7976931348623157e308": "1.7976931348623e+308",
	} {
		a := pluginOf(t, `{"name":"p","config":{"n":`+given+`}}`)
		b, err := kong.Read(kong.Plugins, []byte(`{"id":"x","name":"p","config":{"n":`+answered+`}}`))
		if err != nil {
			t.Fatal(err)
		}
		if !a.Equal(b) {
			t.Errorf("%s is %s, and Kong's %s is %s", given, a.AppendJSON(nil), answered, b.AppendJSON(nil))
		}
	}
}
