package kong_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

func TestPageReader(t *testing.T) {
	const text = `{"next": "http://thief.example/", "data": [
		{"id":"00000000-0000-4000-8000-00000000000A","name":"r","paths":["~\/a\\.b$","\/<\u00e9\n>"],"created_at":1795383894,
		 "updated_at":1795383899,"methods":null,"protocols":["https","http","http"],"regex_priority":5.0,
		 "service":{"id":"00000000-0000-4000-8000-00000000000b"},"tags":["b","a"],"headers":{"x":["1"],"a":["2"]},"new":[null,1e3,-0.5]},
		{"id":"1","tags":[],"name":"","updated_at":1795383895}
		], "offset": "WyI\/"}`
	page, err := kong.NewPageReader(kong.Routes).Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if page.Offset != "WyI/" || page.Updated != 1795383899 {
		t.Errorf("got offset %q, updated %v", page.Offset, page.Updated)
	}
	var got []string
	for _, e := range page.Entities {
		got = append(got, string(e.AppendJSON(nil)))
	}
	want := []string{
		`{"id":"00000000-0000-4000-8000-00000000000a","headers":{"a":["2"],"x":["1"]},"name":"r","new":[null,1000,-0.5],` +
			`"paths":["~/a\\.b$","/<é\n>"],"protocols":["http","https"],"regex_priority":5,` +
			`"service":{"id":"00000000-0000-4000-8000-00000000000b"},"tags":["a","b"]}`,
		`{"id":"1","name":"","tags":[]}`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	service, ok := page.Entities[0].Ref("service")
	e := page.Entities[0]
	if !ok || service.ID != "00000000-0000-4000-8000-00000000000b" || e.Name() != "r" || !e.HasTag("b") || e.HasTag("c") {
		t.Errorf("%s refers to %s and has tags %q", e, service, e.Tags())
	}
}

func TestPageReaderRefusesWhatIsNone(t *testing.T) {
	for _, text := range []string{
		``, `[]`, `{}`, `{"data":{}}`, `{"data":[1]}`, `{"data":[{}]}`, `{"data":[{"id":7}]}`, `{"data":[{"id":null}]}`, `{"data":[{"id":"1"}]`,
		`{"data":[{"id":"1"}]} x`, `{"data":[{"id":"1"},]}`, `{"data":[{"id":"1",}]}`, `{"data":[{"id":"1" "a":1}]}`,
		`{"data":[{"id":"1","a":01}]}`,
		`{"data":[{"id":"1","a":1e999}]}`, `{"data":[{"id":"1","a":"\x"}]}`, `{"data":[{"id":"1","a":"`, `{"data":[{"id":"1","a":tru}]}`,
		`{"data":[{"id":"1","a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}]}`,
	} {
		if page, err := kong.NewPageReader(kong.Routes).Read([]byte(text)); err == nil {
			t.Errorf("%.60q is read as %v", text, page)
		}
	}
}

// FuzzPageReader holds what is read from a page to what encoding/json and New make of it.
func FuzzPageReader(f *testing.F) {
	for _, s := range []string{`1`, `-0`, `1.50`, `1e2`, `123456789012345678901`, `9007199254740993`,
		`"\/\u00e9\ud83d\ude00\ud800"`, "\"\xff\x7f\"", `"\b\f\n\r\t"`,
		`{"b":1,"a":null,"b":2}`, `{"b":1,"b":null}`, `[null, {}, [ ]]`, `{"\u0000":"","":1}`, `null`, `"a", "paths": ["b"]`, `"\u2028"`,
		`1,"service":"ABC","tags":["b","a","b",1,"1"],"id":"X"`, `{"id":"Y"},"certificate":{"x":{"id":"no"},"id":"yes"}`,
		`1}],"data":[{"id":"2"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if len(v) > 4096 {
			return // encoding/json counts the page's own levels of nesting, too
		}
		text := []byte(`{"data":[{"id":"i","v":` + v + `}]}`)
		page, err := kong.NewPageReader(kong.Routes).Read(text)
		want, ok := decodedPage(text)
		if ok != (err == nil) {
			t.Fatalf("error %v, want success %v", err, ok)
		}
		if len(want) != len(page.Entities) {
			t.Fatalf("read %d entities, want %d", len(page.Entities), len(want))
		}
		for i, e := range page.Entities {
			if !e.Equal(want[i]) || e.Name() != want[i].Name() || !utf8.Valid(e.AppendJSON(nil)) {
				t.Errorf("got  %s\nwant %s", e.AppendJSON(nil), want[i].AppendJSON(nil))
			}
			fields := map[string]any{}
			for name, value := range e.Fields() {
				fields[name] = value
			}
			again, err := kong.New(e.Kind(), e.ID(), fields, kong.Origin{})
			if err != nil || !again.Equal(e) || !json.Valid(e.AppendJSON(nil)) {
				t.Errorf("%s is again %s, %v", e.AppendJSON(nil), again.AppendJSON(nil), err)
			}
		}
	})
}

// decodedPage returns the routes of a page by way of a tree, and whether it is one.
func decodedPage(text []byte) ([]kong.Entity, bool) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var page map[string]any
	if !json.Valid(text) || dec.Decode(&page) != nil {
		return nil, false
	}
	data, ok := page["data"].([]any)
	var all []kong.Entity
	for _, d := range data {
		fields, _ := d.(map[string]any)
		id, _ := fields["id"].(string)
		e, err := kong.New(kong.Routes, id, fields, kong.Origin{})
		if err != nil {
			return nil, false
		}
		all = append(all, e)
	}
	return all, ok
}
