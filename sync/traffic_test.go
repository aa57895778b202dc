package sync_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
	"github.com/gwsync/gwsync/sync/sandbox"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// TestTrafficDuringApplies sends requests through a Kong whose worker takes up routes and plugins each by itself and late, after every
// write of applies that add, change and remove guarded routes: with key-auth on routes, on services, and for all requests. No request may
// get through without its key, by the route for all paths that is there beside those, either; and none may fail whose route stays as it is.
// Only what the apply waits for makes the worker catch up.
func TestTrafficDuringApplies(t *testing.T) {
	var total, writes atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d requests after %d writes", total.Load(), writes.Load())
		if total.Load() < 10*writes.Load() || writes.Load() < 1000 {
			t.Errorf("only %d requests after %d writes", total.Load(), writes.Load())
		}
	})
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := newRoad(t, seed)
			for version := range 4 {
				r.apply(r.plan(version))
			}
			total.Add(int64(r.requests))
			writes.Add(int64(r.writes))
		})
	}
}

// road is a Kong with traffic on it.
type road struct {
	t      *testing.T
	seed   uint64
	random *rand.Rand
	kong   *sandbox.Kong
	client *admin.Client
	proxy  *proxy.Proxy

	// states are what the Kong held after each write, the worker's router is made of one, its list of plugins of another.
	states          []kong.State
	router, plugins int
	eager           [2]int

	// before and after are what answers at each path, and what will when the apply is through.
	before, after    map[string]lane
	requests, writes int
}

// lane is what answers at a path.
type lane struct {
	service, backend, route string
	guards                  string // the plugins that guard it
}

const (
	laneServices = 30
	key          = "sesame"
)

func newRoad(t *testing.T, seed uint64) *road {
	r := &road{t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 4)), kong: sandbox.New(sandbox.Config{Flavor: kong.Expressions}),
		after: map[string]lane{}}
	var err error
	if r.client, err = admin.New(admin.Config{Transport: r}); err != nil {
		t.Fatal(err)
	}
	r.proxy = proxy.New(func() (kong.State, uint64) { return r.states[r.router], uint64(r.router) }, kong.Expressions, proxy.Options{
		Plugins: func() (kong.State, uint64) { return r.states[r.plugins], uint64(r.plugins) }})
	r.note()
	return r
}

// note takes down what the Kong holds.
func (r *road) note() {
	s, _ := r.kong.State()
	r.states = append(r.states, s)
}

// settle makes the worker catch up, and makes up how eager it is from now on.
func (r *road) settle() {
	r.router, r.plugins = len(r.states)-1, len(r.states)-1
	for i := range r.eager {
		r.eager[i] = []int{0, 3, 30}[r.random.IntN(3)]
	}
}

// takeUp returns which state a part of the worker is made of after one more write: in some of a hundred cases one that is nearer to the
// newest, or that itself.
func (r *road) takeUp(at, eager int) int {
	if r.random.IntN(100) < eager {
		return at + (len(r.states)-1-at)/(1+r.random.IntN(2))
	}
	return at
}

// RoundTrip is the way to the Admin API. After each write the worker may take up some of what was written, and traffic passes.
func (r *road) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	r.kong.Admin().ServeHTTP(rec, req)
	if req.Method != http.MethodGet && !strings.HasSuffix(req.URL.Path, "/validate") {
		r.writes++
		r.note()
		r.router = r.takeUp(r.router, r.eager[0])
		r.plugins = r.takeUp(r.plugins, r.eager[1])
		r.traffic()
	}
	return rec.Result(), nil
}

// plan makes up a version of the configuration and works out how to get there. The last one is nearly empty.
func (r *road) plan(version int) diff.Plan {
	b := builder{t: r.t, lanes: map[string]lane{}}
	alice := b.add(kong.Consumers, "alice", map[string]any{"username": "alice"})
	b.add(kong.KeyAuthCredentials, "alice", map[string]any{"key": key, "consumer": alice})
	if version == 2 {
		b.guard("all", nil, 0)
	}
	if r.seed > 0 {
		b.everything()
	}
	for i := range laneServices {
		random := rand.New(rand.NewPCG(uint64(i), 0)) // the same in all versions
		if version > 0 && r.random.IntN(100) < 60 {
			random = r.random
		}
		if version < 3 || i%6 == 0 {
			b.service(fmt.Sprint("s", i), random)
		}
	}
	desired, err := kong.NewState(b.entities...)
	if err != nil {
		r.t.Fatal(err)
	}
	r.before, r.after = r.after, b.lanes
	live, err := r.client.Read(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	schemas, err := r.client.Schemas(r.t.Context(), live, desired)
	if err != nil {
		r.t.Fatal(err)
	}
	p, err := diff.Compute(live, desired, diff.Options{Instance: "main", Schemas: schemas})
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// apply carries out a plan, with traffic after each write, and makes the worker catch up where the apply waits for it.
func (r *road) apply(p diff.Plan) {
	_, err := sync.Apply(r.t.Context(), r.client, p, sync.Options{Parallelism: 1, Settle: 1, Observe: func(e sync.Event) {
		if e.Wait > 0 {
			r.settle()
		}
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	for range 20 {
		r.traffic()
	}
	r.settle()
	r.traffic()
}

// traffic sends some requests, to routes old and new, with and without a key.
func (r *road) traffic() {
	all := maps.Clone(r.before)
	maps.Copy(all, r.after)
	paths := slices.Sorted(maps.Keys(all))
	for range min(12, len(paths)) {
		path := paths[r.random.IntN(len(paths))]
		before, was := laneOf(r.before, path)
		after, will := laneOf(r.after, path)
		bare, keyed := r.get(path, ""), r.get(path, key)
		open := was && before.guards == "" || will && after.guards == ""
		if bare == http.StatusOK && !open {
			r.t.Errorf("write %d: GET %s got through without a key; it was %+v and becomes %+v", r.writes, path, before, after)
		}
		if was && will && before == after {
			if keyed != http.StatusOK || before.guards == "" != (bare == http.StatusOK) {
				r.t.Errorf("write %d: GET %s answers %d, %d with a key; it is and stays %+v", r.writes, path, bare, keyed, before)
			}
		}
	}
}

// laneOf returns what answers at a path: its own lane, or else the one for everything.
func laneOf(lanes map[string]lane, path string) (lane, bool) {
	l, ok := lanes[path]
	if !ok {
		l, ok = lanes["/"]
	}
	return l, ok
}

// get returns the status of a request.
func (r *road) get(path, key string) int {
	r.requests++
	req := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
	if key != "" {
		for _, name := range []string{"apikey", "x-key"} {
			req.Header.Set(name, key)
		}
	}
	rec := httptest.NewRecorder()
	r.proxy.ServeHTTP(rec, req)
	return rec.Code
}

// builder makes up a configuration.
type builder struct {
	t        *testing.T
	entities []kong.Entity
	lanes    map[string]lane
	global   string
}

// add adds an entity and returns a reference to it.
func (b *builder) add(k kong.Kind, name string, fields map[string]any) map[string]any {
	fields["tags"] = diff.Tags("main")
	e, err := kong.New(k, kong.ID(k, name), fields, kong.Origin{})
	if err != nil {
		b.t.Fatal(err)
	}
	b.entities = append(b.entities, e)
	return map[string]any{"id": e.ID()}
}

// guard adds a plugin key-auth and returns what tells it from others.
func (b *builder) guard(name string, scope map[string]any, variant int) string {
	fields := map[string]any{"name": "key-auth", "config": map[string]any{"key_names": [][]string{{"apikey"}, {"x-key"}}[variant]}}
	maps.Copy(fields, scope)
	b.add(kong.Plugins, name, fields)
	if scope == nil {
		b.global = "all"
	}
	return fmt.Sprint(name, variant)
}

// everything adds a route for all paths that others do not match, without a guard of its own.
func (b *builder) everything() {
	service := b.add(kong.Services, "everything", map[string]any{"name": "everything", "host": "a.svc"})
	b.add(kong.Routes, "everything", map[string]any{"name": "everything", "protocols": []string{"http"}, "service": service,
		"expression": `http.path ^= "/"`})
	b.lanes["/"] = lane{service: "everything", backend: "a.svc", route: "everything", guards: b.global}
}

// service adds a service with two routes, guarded by itself or by its routes, or not.
func (b *builder) service(name string, random *rand.Rand) {
	if random.IntN(100) < 15 {
		return
	}
	backend := []string{"a.svc", "b.svc"}[random.IntN(2)]
	service := b.add(kong.Services, name, map[string]any{"name": name, "host": backend})
	guards := b.global
	if random.IntN(100) < 25 {
		guards += b.guard(name, map[string]any{"service": service}, random.IntN(2))
	}
	for j := range 4 {
		if random.IntN(100) < 20 {
			continue
		}
		route := fmt.Sprint(name, ".", j)
		path := fmt.Sprintf("/%s/%d", name, random.IntN(2))
		if _, taken := b.lanes[path]; taken {
			path = "/" + route
		}
		l := lane{service: name, backend: backend, route: route, guards: guards}
		ref := b.add(kong.Routes, route, map[string]any{"name": route, "protocols": []string{"http"}, "service": service,
			"expression": fmt.Sprintf("http.path == %q", path), "priority": 1})
		if random.IntN(100) < 40 {
			l.guards += b.guard(route, map[string]any{"route": ref}, random.IntN(2))
		}
		b.lanes[path] = l
	}
}
