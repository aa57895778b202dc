package kong_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

func entity(t testing.TB, k kong.Kind, name string, fields map[string]any) kong.Entity {
	t.Helper()
	e, err := kong.New(k, kong.ID(k, name), fields, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func state(t testing.TB, entities ...kong.Entity) kong.State {
	t.Helper()
	s, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func encode(t testing.TB, s kong.State) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Kong 3.9.3 derived these ids, as DB-less, for a service "s", a route "r" and a service "d" without ids.
func TestIDIsWhatKongDerives(t *testing.T) {
	for _, c := range []struct {
		kind       kong.Kind
		name, want string
	}{
		{kong.Services, "s", "b268827a-8f7f-551f-8769-e6bceb2f3ec6"},
		{kong.Routes, "r", "da7ba03a-f1be-52d4-8a7e-c8f32640689a"},
		{kong.Services, "d", "f0e90d91-2cfe-54f0-b379-cb81d0d887d9"},
	} {
		if got := kong.ID(c.kind, c.name); got != c.want {
			t.Errorf("ID(%s, %q) = %s, want %s", c.kind, c.name, got, c.want)
		}
	}
}

func TestEntitiesThatKongTreatsAlikeAreEqual(t *testing.T) {
	ours := entity(t, kong.Routes, "r", map[string]any{
		"name": "r", "paths": []string{"/b", "/a"}, "protocols": []string{"https", "http"}, "tags": []string{"b", "a"},
		"service": "B268827A-8F7F-551F-8769-E6BCEB2F3EC6", "regex_priority": 5.0,
	})
	kongs := entity(t, kong.Routes, "r", map[string]any{
		"id": "ignored", "created_at": 1795383899, "updated_at": 1795383899, "hosts": nil,
		"name": "r", "paths": []any{"/b", "/a"}, "protocols": []any{"http", "https"}, "tags": []any{"a", "b"},
		"service": map[string]any{"id": "b268827a-8f7f-551f-8769-e6bceb2f3ec6"}, "regex_priority": 5,
	})
	if !ours.Equal(kongs) {
		t.Errorf("not equal:\n%s\n%s", ours.AppendJSON(nil), kongs.AppendJSON(nil))
	}
	other, err := kongs.With("paths", []string{"/a", "/b"})
	if err != nil {
		t.Fatal(err)
	}
	if ours.Equal(other) {
		t.Error("the order of paths should matter: Kong takes regexes in turn")
	}
}

func TestNewStateNamesBothOfAPair(t *testing.T) {
	a := entity(t, kong.Services, "a", map[string]any{"name": "same", "host": "a"})
	b := entity(t, kong.Services, "b", map[string]any{"name": "same", "host": "b"})
	if _, err := kong.NewState(a, b); err == nil || !strings.Contains(err.Error(), "called same") {
		t.Errorf("two services of one name: error %v", err)
	}
	if _, err := kong.NewState(a, a); err == nil || !strings.Contains(err.Error(), a.ID()) {
		t.Errorf("two services of one id: error %v", err)
	}
	p := func(id string) kong.Entity {
		return entity(t, kong.Plugins, id, map[string]any{"name": "cors", "route": a.ID()})
	}
	if _, err := kong.NewState(p("1"), p("2")); err == nil {
		t.Error("two plugins of one name on one route are accepted")
	}
}

func TestDanglingNamesTheReference(t *testing.T) {
	s := state(t, entity(t, kong.Routes, "r", map[string]any{"name": "r", "service": kong.ID(kong.Services, "gone")}))
	if err := s.Dangling(); err == nil || !strings.Contains(err.Error(), "service refers to services/"+kong.ID(kong.Services, "gone")) {
		t.Errorf("error %v", err)
	}
}

func TestStateIsSortedByRank(t *testing.T) {
	s := state(t,
		entity(t, kong.Plugins, "p", map[string]any{"name": "cors"}),
		entity(t, "unheard_of", "x", map[string]any{"a": 1}),
		entity(t, kong.Routes, "b", map[string]any{"name": "b"}),
		entity(t, kong.Routes, "a", map[string]any{"name": "a"}),
		entity(t, kong.Services, "s", map[string]any{"name": "s"}),
		entity(t, kong.Certificates, "c", map[string]any{"cert": "c"}),
	)
	want := []kong.Kind{kong.Certificates, kong.Services, kong.Routes, kong.Plugins, "unheard_of"}
	if diff := cmp.Diff(want, s.Kinds()); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	var routes []string
	for e := range s.Of(kong.Routes) {
		routes = append(routes, e.Name())
	}
	if !slices.Equal(routes, []string{"a", "b"}) {
		t.Errorf("routes are %v", routes)
	}
}

const nested = `
_format_version: "3.0"
_comment: for people
services:
- name: s
  host: h
  routes:
  - name: r
    paths: [/x]
    snis: [a.example.com]
    plugins:
    - name: cors
consumers:
- username: alice
  acls:
  - group: admins
licenses:
- id: 00000000-0000-4000-8000-000000000001
  payload: kept
`

func TestDecodeNestedAndFlatAgree(t *testing.T) {
	got, err := kong.Decode(strings.NewReader(nested))
	if err != nil {
		t.Fatal(err)
	}
	text := encode(t, got)
	for _, part := range []string{
		"service: s", "route: r", "consumer: alice", "payload: kept", "snis:\n  - a.example.com",
		"id: b268827a-8f7f-551f-8769-e6bceb2f3ec6",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
	again, err := kong.Decode(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if again.Digest() != got.Digest() {
		t.Errorf("decoding what was encoded gives another state:\n%s", encode(t, again))
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"services: []", "_format_version is <nil>"},
		{"_format_version: '9'", "_format_version is 9"},
		{"_format_version: '3.0'\nservices: {}", "services: want a list"},
		{"_format_version: '3.0'\nservices: [1]", "services[0]: want an object"},
		{"_format_version: '3.0'\nservices: [{host: h}]", "services[0]: has neither an id nor a name"},
		{"_format_version: '3.0'\nservices: [{name: s, routes: [{paths: [/]}]}]", "services[0].routes[0]: has neither"},
		{"_format_version: '3.0'\nroutes: [{name: r, service: gone}]", `service refers to "gone", which is not among the services`},
		{"_format_version: '3.0'\nservices: [{name: s}, {name: s}]", "two services have the id"},
		{"a: [1", "declarative configuration: "},
		{"- 1", "want an object at the top"},
	} {
		_, err := kong.Decode(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Decode(%q): error %v, want %q", c.text, err, c.want)
		}
	}
}

func TestEncodeStoredKeepsHashes(t *testing.T) {
	var b bytes.Buffer
	if err := state(t).EncodeStored(&b); err != nil {
		t.Fatal(err)
	}
	if want := "_format_version: \"3.0\"\n_transform: false\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// What a DB-less Kong answers is posted again as it was: a null is not the default that a missing field would get, and the time
// when an entity was created stays, and what has no id gets none. The SNIs that Kong repeats inside of their certificate are not
// written twice.
func TestEncodeStoredKeepsWhatWasRead(t *testing.T) {
	const read = `_format_version: '3.0'
_transform: false
certificates:
- id: 00000000-0000-4000-8000-000000000001
  cert: C
  key: K
  tags: ~
  snis:
  - id: 00000000-0000-4000-8000-000000000002
    name: a.example.com
    certificate:
      id: 00000000-0000-4000-8000-000000000001
snis:
- id: 00000000-0000-4000-8000-000000000002
  name: a.example.com
  certificate: 00000000-0000-4000-8000-000000000001
services:
- id: 00000000-0000-4000-8000-000000000003
  name: s
  host: h
  retries: ~
  created_at: 1795383899
  client_certificate: 00000000-0000-4000-8000-000000000001
parameters:
- key: cluster_id
  value: 00000000-0000-4000-8000-000000000005
routes:
- id: 00000000-0000-4000-8000-000000000004
  name: r
  headers:
    x:
    - "1"
  paths: ~
  service: 00000000-0000-4000-8000-000000000003
`
	const want = `_format_version: "3.0"
_transform: false
certificates:
- cert: C
  id: "00000000-0000-4000-8000-000000000001"
  key: K
  tags: null
parameters:
- key: cluster_id
  value: "00000000-0000-4000-8000-000000000005"
routes:
- headers:
    x:
    - "1"
  id: "00000000-0000-4000-8000-000000000004"
  name: r
  paths: null
  service: s
services:
- client_certificate: "00000000-0000-4000-8000-000000000001"
  created_at: 1795383899
  host: h
  id: "00000000-0000-4000-8000-000000000003"
  name: s
  retries: null
snis:
- certificate: "00000000-0000-4000-8000-000000000001"
  id: "00000000-0000-4000-8000-000000000002"
  name: a.example.com
`
	s, err := kong.Decode(strings.NewReader(read))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := s.EncodeStored(&got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got.String()); d != "" {
		t.Error(d)
	}
}

// Programs are for people to read, too.
func TestEncodeWritesTextOfSeveralLinesAsItStands(t *testing.T) {
	const program = "if a then\n  return \"b\" -- c: #d\n\nend"
	e := entity(t, kong.Plugins, "p",
		map[string]any{"name": "post-function", "config": map[string]any{"access": []any{program, program + "\n"}}})
	text := encode(t, state(t, e))
	const want = `    access:
    - |-
      if a then
        return "b" -- c: #d

      end
    - |
      if a then
`
	if !strings.Contains(text, want) {
		t.Errorf("got\n%s\nwithout\n%s", text, want)
	}
}

// FuzzEncode checks that a state survives being written and read, whatever its strings: Kong's YAML is written by one library
// and read by another.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{"a", "yes", "0b11", "1:30", "~", "null", "a: b", "- x", "é", "\x00", "a\nb", "#",
		"'", `"`, "1e3", "=", "<<", " a ", "\u2028", "12_000", "0777", "2001-01-01", "!!str", "&a", "*a", "%", "@", "`", "\ufeff", "\u0085",
		"a\nb\n", "a\n\n", "\na\nb", " a\nb", "a \nb", "a\n\n b", "a\n\t\nb", "a\r\nb", "a\n---\nb", "a\n...", "a\n#b: c", "\n", "\n\n", "-\n-"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		if name == "" || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return // New refuses what JSON has no words for
		}
		service := entity(t, kong.Services, name,
			map[string]any{"name": name, "host": value, "x": map[string]any{value: []any{value, 1.5, true}}})
		route := entity(t, kong.Routes, name, map[string]any{"name": name, "service": service.ID(), "paths": []any{value}})
		s := state(t, service, route)
		text := encode(t, s)
		got, err := kong.Decode(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if got.Digest() != s.Digest() {
			t.Errorf("got\n%s\nwant\n%s", encode(t, got), text)
		}
	})
}
