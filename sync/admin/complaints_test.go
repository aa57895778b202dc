package admin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// The tests below guard against what users of decK complain of, so far as it is not the subject of another test; docs/apply.md lists them
// all.

// TestNoPhantomDifferences: differences that never go away, since Kong answers something else than it was given. Empty arrays and objects,
// the order of what has none, defaults, times, numbers written in another way, shorthands.
func TestNoPhantomDifferences(t *testing.T) {
	route := func(fields map[string]any) []kong.Entity {
		fields["service"] = ref(kong.Services, "s")
		return []kong.Entity{ours(t, kong.Services, "s", map[string]any{"host": "h"}), ours(t, kong.Routes, "r", fields)}
	}
	plugin := func(name string, config map[string]any) []kong.Entity {
		return []kong.Entity{ours(t, kong.Plugins, name, map[string]any{"config": config})}
	}
	for name, entities := range map[string][]kong.Entity{
		"empty arrays":  route(map[string]any{"paths": []string{"/a"}, "hosts": []string{}, "methods": []string{}}),
		"empty headers": route(map[string]any{"paths": []string{"/a"}, "headers": map[string]any{}}),
		"order of a set": route(map[string]any{"paths": []string{"/a"}, "methods": []string{"PUT", "GET"},
			"protocols": []string{"https", "http"}}),
		"nulls":                route(map[string]any{"paths": []string{"/a"}, "snis": nil}),
		"a whole number":       route(map[string]any{"paths": []string{"/a"}, "regex_priority": 3.0}),
		"an IP restriction":    plugin("ip-restriction", map[string]any{"deny": []string{"10.0.0.2", "10.0.0.1"}, "allow": []string{}}),
		"a termination":        plugin("request-termination", map[string]any{"status_code": 404, "message": "no"}),
		"empty configurations": plugin("key-auth", map[string]any{}),
		"an empty array in it": plugin("request-transformer", map[string]any{"add": map[string]any{"headers": []string{}}}),
		"tags in any order": {mustWith(t, ours(t, kong.Services, "s", map[string]any{"host": "h"}),
			"tags", append([]string{"z", "a"}, diff.Tags("main")...))},
	} {
		t.Run(name, func(t *testing.T) {
			k := sandbox.New(sandbox.Config{})
			desired := newState(t, entities...)
			mustRun(t, inProcess{k.Admin()}, desired)
			if plan := mustRun(t, inProcess{k.Admin()}, desired); !plan.Empty() {
				t.Errorf("never converges: %v", plan.Changes()[0].Fields)
			}
		})
	}
}

func mustWith(t *testing.T, e kong.Entity, field string, v any) kong.Entity {
	t.Helper()
	e, err := e.With(field, v)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestSecretsAreMaskedByFieldNotByText: a mask that replaces each text that equals a secret hides what is none, shows the old value, or
// both. Here a field is secret or it is not.
func TestSecretsAreMaskedByFieldNotByText(t *testing.T) {
	k := sandbox.New(sandbox.Config{})
	consumer := declare(t, kong.Consumers, "", map[string]any{"username": "common", "tags": diff.Tags("main")}, "")
	with := func(host, key string) kong.State {
		return newState(t, consumer, ours(t, kong.Services, "s", map[string]any{"host": host}),
			ours(t, kong.KeyAuthCredentials, "", map[string]any{"key": key, "consumer": ref(kong.Consumers, "")}))
	}
	mustRun(t, inProcess{k.Admin()}, with("common", "common"))
	_, plan := prepared(t, k, with("elsewhere", "another-key"))
	text, err := json.Marshal(plan.Changes())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"path":"/host","old":"common","new":"elsewhere"`) {
		t.Errorf("what is no secret is not shown: %s", text)
	}
	if strings.Contains(string(text), "another-key") || strings.Count(string(text), `"common"`) != 1 {
		t.Errorf("shows a secret, new or old: %s", text)
	}
}

// TestOnlyChangedFieldsAreShown: whole objects where one field differs.
func TestOnlyChangedFieldsAreShown(t *testing.T) {
	k := sandbox.New(sandbox.Config{})
	mustRun(t, inProcess{k.Admin()}, newState(t, ours(t, kong.Services, "s", map[string]any{"host": "h", "port": 80})))
	_, plan := prepared(t, k, newState(t, ours(t, kong.Services, "s", map[string]any{"host": "h", "port": 81})))
	if c := plan.Changes(); len(c) != 1 || len(c[0].Fields) != 1 || c[0].Fields[0].Path != "/port" {
		t.Errorf("got %v", c)
	}
}

// TestNamesMoveWithoutConflict: a name that passes to another entity is a 409 where creates run before deletes.
func TestNamesMoveWithoutConflict(t *testing.T) {
	k := sandbox.New(sandbox.Config{})
	credential := func(id, key string) kong.Entity {
		return ours(t, kong.KeyAuthCredentials, "", map[string]any{"key": key, "consumer": ref(kong.Consumers, "")}).
			WithID(kong.ID(kong.KeyAuthCredentials, id))
	}
	consumer := declare(t, kong.Consumers, "", map[string]any{"username": "c", "tags": diff.Tags("main")}, "")
	mustRun(t, inProcess{k.Admin()}, newState(t, consumer, credential("1", "one"), credential("2", "two")))
	mustRun(t, inProcess{k.Admin()}, newState(t, consumer, credential("1", "two"), credential("3", "one")))
	if now := held(k); len(now) != 3 {
		t.Errorf("got %v", now)
	}
}

// TestRequestsDoNotGrowWithEntities: a request for each upstream, or for each event to see whether the workspace is there.
func TestRequestsDoNotGrowWithEntities(t *testing.T) {
	count := func(services int) int {
		var all []kong.Entity
		for i := range services {
			all = append(all, ours(t, kong.Services, fmt.Sprint("s", i), map[string]any{"host": "h"}))
		}
		k := sandbox.New(sandbox.Config{})
		if err := k.Load(newState(t, all...)); err != nil {
			t.Fatal(err)
		}
		f := &faulty{kong: k, at: -1, turn: make(chan struct{}, 1)}
		if err := attempt(t.Context(), f, newState(t, all...), sync.Stop); err != nil {
			t.Fatal(err)
		}
		return len(f.lines)
	}
	if few, many := count(3), count(300); few != many {
		t.Errorf("%d requests for 3 services, %d for 300", few, many)
	}
}

// TestEachEntityIsWrittenOnce: who is in a group is written with the group, with the consumer, and once more for each other member. Here
// each membership is one write.
func TestEachEntityIsWrittenOnce(t *testing.T) {
	k := sandbox.New(sandbox.Config{})
	var all []kong.Entity
	for i := range 40 {
		name := fmt.Sprint("c", i)
		consumer := declare(t, kong.Consumers, "", map[string]any{"username": name, "tags": diff.Tags("main")}, "")
		acl := ours(t, kong.ACLs, "", map[string]any{"group": "g", "consumer": ref(kong.Consumers, name)})
		all = append(all, consumer.WithID(kong.ID(kong.Consumers, name)), acl.WithID(kong.ID(kong.ACLs, name)))
	}
	f := &faulty{kong: k, at: -1, turn: make(chan struct{}, 1)}
	if err := attempt(t.Context(), f, newState(t, all...), sync.Stop); err != nil {
		t.Fatal(err)
	}
	writes := slices.DeleteFunc(f.lines, func(line string) bool {
		return !strings.HasPrefix(line, "PUT ") || strings.HasPrefix(line, "PUT /key-sets/") // a lease is one
	})
	if slices.Sort(writes); len(slices.Compact(slices.Clone(writes))) != len(all) || len(writes) != len(all) {
		t.Errorf("%d writes for %d entities", len(writes), len(all))
	}
}
