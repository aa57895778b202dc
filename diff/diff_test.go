package diff_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

func entity(t *testing.T, k kong.Kind, name string, fields map[string]any) kong.Entity {
	t.Helper()
	if _, ok := fields["tags"]; !ok {
		fields["tags"] = diff.Tags(instance)
	}
	e, err := kong.New(k, kong.ID(k, name), fields, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func state(t *testing.T, entities ...kong.Entity) kong.State {
	t.Helper()
	s, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestComputeRefusesWhatItCannotOwn(t *testing.T) {
	marked := entity(t, kong.Services, "s", map[string]any{"name": "s"})
	for _, c := range []struct {
		name, instance, want string
		desired              kong.State
	}{
		{"no instance", "", "an instance needs a name", state(t, marked)},
		{"another instance's tags", "other", `services s lacks a tag of ["managed-by:gwsync" "gwsync:other"]`, state(t, marked)},
		{"no tags", instance, "routes r lacks a tag", state(t, entity(t, kong.Routes, "r", map[string]any{"name": "r", "tags": []string{"x"}}))},
		{"a reference out of the state", instance, "service refers to services/x, which does not exist",
			state(t, entity(t, kong.Routes, "r", map[string]any{"name": "r", "service": map[string]any{"id": "x"}}))},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := diff.Compute(kong.State{}, c.desired, diff.Options{Instance: c.instance})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

const pluginSchema = `{"fields": [{"config": {"type": "record", "required": true, "fields": [
	{"timeout": {"type": "integer", "default": 10}},
	{"password": {"type": "string", "encrypted": true}},
	{"redis": {"type": "record", "fields": [{"host": {"type": "string"}}, {"password": {"type": "string", "encrypted": true}}]}},
	{"hooks": {"type": "array", "elements": {"type": "record", "fields": [
		{"url": {"type": "string"}}, {"token": {"type": "string", "encrypted": true}}]}}}],
	"shorthand_fields": [
		{"redis_host": {"deprecation": {"replaced_with": [{"path": ["redis", "host"]}]}}},
		{"redis_password": {"deprecation": {"replaced_with": [{"path": ["redis", "password"]}]}}}]}}]}`

func schemas(t *testing.T) kong.Schemas {
	t.Helper()
	s, err := kong.Schemas{}.WithKind(kong.Plugins, []byte(`{"fields": [{"enabled": {"type": "boolean", "default": true}}]}`))
	if err == nil {
		s, err = s.WithPlugin("p", []byte(pluginSchema))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func plugin(t *testing.T, config map[string]any) kong.Entity {
	t.Helper()
	return entity(t, kong.Plugins, "p", map[string]any{"name": "p", "config": config})
}

func planOf(t *testing.T, live, desired kong.State) diff.Plan {
	t.Helper()
	p, err := diff.Compute(live, desired, diff.Options{Instance: instance, Schemas: schemas(t)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDefaultsAreNoChange(t *testing.T) {
	desired := state(t, plugin(t, map[string]any{}))
	asAnswered := entity(t, kong.Plugins, "p", map[string]any{"name": "p", "enabled": true, "config": map[string]any{"timeout": 10}})
	if p := planOf(t, state(t, asAnswered), desired); !p.Empty() {
		t.Errorf("want no change, got %v: %v", p.Changes(), p.Changes()[0].Fields)
	}
	byHand := entity(t, kong.Plugins, "p", map[string]any{"name": "p", "enabled": true, "config": map[string]any{"timeout": 20}})
	p := planOf(t, state(t, byHand), desired)
	want := []diff.Field{{Path: "/config/timeout", Old: int64(20), New: int64(10)}}
	if d := cmp.Diff(want, p.Changes()[0].Fields); d != "" {
		t.Error("-want +got:\n" + d)
	}
	if after := p.Phases()[0].Writes[0].Entity; !after.Equal(plugin(t, map[string]any{})) {
		t.Errorf("Kong is sent its own defaults: %s", after.AppendJSON(nil))
	}
}

// TestShorthandsAreNoChange has a Kong answer deprecated shorthands, and a manifest use them.
func TestShorthandsAreNoChange(t *testing.T) {
	redis := map[string]any{"host": "a", "password": "P"}
	live := state(t, entity(t, kong.Plugins, "p", map[string]any{"name": "p", "enabled": true,
		"config": map[string]any{"timeout": 10, "redis": redis, "redis_host": "a", "redis_password": "P"}}))
	for _, config := range []map[string]any{{"redis": redis}, {"redis_host": "a", "redis_password": "P"}} {
		if p := planOf(t, live, state(t, plugin(t, config))); !p.Empty() {
			t.Errorf("want no change for %v, got %v", config, p.Changes()[0].Fields)
		}
	}
	p := planOf(t, live, state(t, plugin(t, map[string]any{"redis_host": "b", "redis_password": "Q"})))
	want := []diff.Field{
		{Path: "/config/redis/host", Old: "a", New: "b"},
		{Path: "/config/redis/password", Old: diff.Redacted, New: diff.Redacted, Secret: true},
	}
	if d := cmp.Diff(want, p.Changes()[0].Fields); d != "" {
		t.Error("-want +got:\n" + d)
	}
	for _, f := range planOf(t, live, kong.State{}).Changes()[0].Fields {
		if f.Old == "P" {
			t.Error("a deletion shows the secret at", f.Path)
		}
	}
}

func TestSecretsAreRedacted(t *testing.T) {
	before := plugin(t, map[string]any{"password": "OLD", "redis": map[string]any{"host": "a", "password": "OLD"}, "timeout": 10,
		"hooks": []any{map[string]any{"url": "u", "token": "OLD"}}})
	after := plugin(t, map[string]any{"password": "NEW", "redis": map[string]any{"host": "b", "password": "NEW"},
		"hooks": []any{map[string]any{"url": "u", "token": "NEW"}, map[string]any{"url": "v", "token": "NEW"}}})
	hooks := func(urls ...string) (list []any) {
		for _, u := range urls {
			list = append(list, map[string]any{"url": u, "token": diff.Redacted})
		}
		return list
	}
	want := []diff.Field{
		{Path: "/config/hooks", Old: hooks("u"), New: hooks("u", "v")},
		{Path: "/config/password", Old: diff.Redacted, New: diff.Redacted, Secret: true},
		{Path: "/config/redis/host", Old: "a", New: "b"},
		{Path: "/config/redis/password", Old: diff.Redacted, New: diff.Redacted, Secret: true},
		{Path: "/enabled", New: true},
	}
	p := planOf(t, state(t, before), state(t, after))
	if d := cmp.Diff(want, p.Changes()[0].Fields); d != "" {
		t.Error("-want +got:\n" + d)
	}
}

// FuzzSecrets looks for a secret in everything that a plan prints.
func FuzzSecrets(f *testing.F) {
	f.Add("hunter2-hunter2", "correct horse", uint8(0))
	f.Add("(secret) x", "\x1b[31m", uint8(7))
	f.Fuzz(func(t *testing.T, old, now string, which uint8) {
		old, now = "SECRET"+strings.ToValidUTF8(old, "?"), "SECRET"+strings.ToValidUTF8(now, "?")
		make := func(value string, in uint8) (out []kong.Entity) {
			if in&1 == 0 {
				out = append(out, entity(t, kong.Certificates, "c", map[string]any{"cert": "CERT", "key": value, "key_alt": value}))
			}
			if in&2 == 0 {
				consumer := entity(t, kong.Consumers, "u", map[string]any{"username": "u"})
				ref := map[string]any{"id": consumer.ID()}
				out = append(out, consumer,
					entity(t, "keyauth_credentials", "u", map[string]any{"key": value, "consumer": ref}),
					entity(t, "jwt_secrets", "u", map[string]any{"key": "iss", "secret": value, "consumer": ref}))
			}
			if in&4 == 0 {
				out = append(out, plugin(t, map[string]any{"password": value, "redis": map[string]any{"password": value},
					"hooks": []any{map[string]any{"token": value}}}))
			}
			return out
		}
		p := planOf(t, state(t, make(old, which)...), state(t, make(now, which>>3)...))
		var b strings.Builder
		text, err := json.Marshal([]any{p, p.Changes(), p.Conflicts(), p.Phases()})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
		for _, v := range []any{p, p.Changes(), p.Conflicts(), p.Phases()} {
			fmt.Fprintf(&b, "%v %+v %#v %s\n", v, v, v, v)
		}
		if strings.Contains(b.String(), "SECRET") {
			t.Errorf("a secret in %s", b.String())
		}
	})
}

func TestIDIsThatOfTheChanges(t *testing.T) {
	service := func(host string) kong.State {
		return state(t, entity(t, kong.Services, "s", map[string]any{"name": "s", "host": host}))
	}
	certificate := func(key string) kong.State {
		return state(t, entity(t, kong.Certificates, "c", map[string]any{"cert": "CERT", "key": key}))
	}
	id := func(live, desired kong.State) kong.Digest { return planOf(t, live, desired).ID() }
	same := id(service("a"), service("b"))
	for name, other := range map[string]kong.Digest{
		"another live state":    id(service("x"), service("b")),
		"another desired state": id(service("a"), service("x")),
		"a create":              id(kong.State{}, service("b")),
		"a delete":              id(service("a"), kong.State{}),
		"nothing":               id(service("a"), service("a")),
	} {
		if other == same {
			t.Errorf("%s has the same ID", name)
		}
	}
	if id(service("a"), service("b")) != same {
		t.Error("the same plan has two IDs")
	}
	if id(certificate("a"), certificate("b")) != id(certificate("a"), certificate("c")) {
		t.Error("an ID can be used to guess a secret")
	}
}

func TestCounts(t *testing.T) {
	service := func(name, host string) kong.Entity {
		return entity(t, kong.Services, name, map[string]any{"name": name, "host": host})
	}
	route := entity(t, kong.Routes, "r", map[string]any{"name": "r"})
	p := planOf(t, state(t, service("a", "x"), service("b", "x"), route), state(t, service("a", "y"), service("c", "x")))
	if got, want := p.Counts(), (diff.Counts{Create: 1, Update: 1, Delete: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	var got []string
	for k, c := range p.KindCounts() {
		got = append(got, fmt.Sprint(k, c))
	}
	if d := cmp.Diff([]string{"services{1 1 1}", "routes{0 0 1}"}, got); d != "" {
		t.Error("-want +got:\n" + d)
	}
	if got, want := p.String(), "1 to create, 1 to update, 2 to delete"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// BenchmarkCompute measures a plan and its phases for n services, each with a route and a plugin.
func BenchmarkCompute(b *testing.B) {
	for _, n := range []int{1000, 10000, 100000} {
		desired := manyServices(b, n)
		for name, live := range map[string]kong.State{"unchanged": desired, "new": {}} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					p, err := diff.Compute(live, desired, diff.Options{Instance: instance})
					if err != nil {
						b.Fatal(err)
					}
					p.Phases()
				}
			})
		}
	}
}

func manyServices(b *testing.B, n int) kong.State {
	b.Helper()
	var all []kong.Entity
	add := func(k kong.Kind, name string, fields map[string]any) map[string]any {
		fields["tags"] = diff.Tags(instance)
		e, err := kong.New(k, kong.ID(k, name), fields, kong.Origin{})
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, e)
		return map[string]any{"id": e.ID()}
	}
	for i := range n {
		name := fmt.Sprint("httproute.default.echo.", i)
		s := add(kong.Services, name, map[string]any{"name": name, "host": "echo.default.svc", "port": 80})
		r := add(kong.Routes, name, map[string]any{"name": name, "service": s, "paths": []string{"/" + name}})
		add(kong.Plugins, name, map[string]any{"name": "key-auth", "route": r})
	}
	s, err := kong.NewState(all...)
	if err != nil {
		b.Fatal(err)
	}
	return s
}
