package diff_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

const instance = "test"

// generator makes up states. Names are few, so that two of them have much in common.
type generator struct {
	t *testing.T
	*rand.Rand
	entities []kong.Entity
	services map[string]map[string]any // references by name
	hosts    []string
	taken    map[string]bool // values that only one entity can have
	// byHand says that ids are not those that names give.
	byHand bool
	// seed gives each part of a state its content, unless chance has it made up anew: in variety of 100 cases.
	seed    uint64
	variety int
	chances *rand.Rand
}

func newGenerator(t *testing.T, seed uint64) *generator {
	chances := rand.New(rand.NewPCG(seed, 1))
	return &generator{t: t, seed: seed, chances: chances, variety: []int{5, 20, 100}[chances.IntN(3)]}
}

// part starts a part of a state: what is made up next is the same in two states, or not.
func (g *generator) part(name string) {
	h := fnv.New64()
	fmt.Fprint(h, name)
	seed := g.seed
	if g.chances.IntN(100) < g.variety {
		seed = g.chances.Uint64()
	}
	g.Rand = rand.New(rand.NewPCG(seed, h.Sum64()))
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) pick(from ...string) string { return from[g.IntN(len(from))] }

// add adds an entity of ours and returns a reference to it.
func (g *generator) add(k kong.Kind, name string, fields map[string]any) map[string]any {
	fields["tags"] = diff.Tags(instance)
	id := kong.ID(k, name)
	if g.byHand && g.chance(30) {
		id = kong.ID(k, fmt.Sprint(name, g.IntN(3)))
	}
	return g.put(k, id, fields)
}

func (g *generator) put(k kong.Kind, id string, fields map[string]any) map[string]any {
	e, err := kong.New(k, id, fields, kong.Origin{})
	if err != nil {
		g.t.Fatal(err)
	}
	g.entities = append(g.entities, e)
	return map[string]any{"id": id}
}

// state returns a state of ours: live or desired.
func (g *generator) state() kong.State {
	g.taken = map[string]bool{}
	g.entities, g.services, g.hosts = nil, map[string]map[string]any{}, []string{"a.svc", "b.svc"}
	for i := range 2 {
		g.certificate(fmt.Sprint("c", i))
		g.upstream(fmt.Sprint("u", i))
	}
	for i := range 3 {
		g.consumer(fmt.Sprint("k", i))
	}
	for i := range 4 {
		g.service(fmt.Sprint("s", i))
	}
	for i := range 5 {
		g.route(fmt.Sprint("r", i))
	}
	g.plugins("global", nil, 20)
	s, err := kong.NewState(g.entities...)
	if err != nil {
		g.t.Fatal(err)
	}
	return s
}

func (g *generator) certificate(name string) {
	if g.part(name); g.chance(40) {
		return
	}
	c := g.add(kong.Certificates, name, map[string]any{"cert": g.pick("x", "y"), "key": g.pick("k", "l")})
	if g.chance(60) {
		g.add(kong.SNIs, "sni"+name, map[string]any{"name": name + ".example", "certificate": c})
	}
}

func (g *generator) upstream(name string) {
	if g.part(name); g.chance(40) {
		return
	}
	u := g.add(kong.Upstreams, name, map[string]any{"name": name, "slots": 10 + g.IntN(2)})
	g.hosts = append(g.hosts, name)
	for j := range 3 {
		target := fmt.Sprintf("10.0.0.%d:80", j)
		if g.part(name + target); g.chance(50) {
			g.add(kong.Targets, name+target, map[string]any{"upstream": u, "target": target, "weight": g.IntN(3)})
		}
	}
}

func (g *generator) consumer(name string) {
	if g.part(name); g.chance(30) {
		return
	}
	c := g.add(kong.Consumers, name, g.unique(map[string]any{"username": name}, "custom_id"))
	if key := g.pick("x", "y"); !g.taken["key"+key] {
		g.taken["key"+key] = true
		g.add(kong.KeyAuthCredentials, "key"+key, map[string]any{"key": key, "consumer": c})
	}
}

// unique gives a field a value that nothing else in the state has, or none.
func (g *generator) unique(fields map[string]any, field string) map[string]any {
	if v := g.pick("", "1", "2", "3"); v != "" && !g.taken[field+v] {
		g.taken[field+v] = true
		fields[field] = v
	}
	return fields
}

func (g *generator) service(name string) {
	if g.part(name); g.chance(25) {
		return
	}
	fields := map[string]any{"name": name, "host": g.pick(g.hosts...), "port": 80 + g.IntN(2)}
	if g.chance(15) {
		fields["enabled"] = false
	}
	g.services[name] = g.add(kong.Services, name, fields)
	g.plugins(name, map[string]any{"service": g.services[name]}, 25)
}

func (g *generator) route(name string) {
	if g.part(name); g.chance(20) {
		return
	}
	fields := map[string]any{"name": name, "protocols": []string{"http"}}
	switch {
	case g.chance(10):
		fields["expression"] = "(net.dst.port == 0) && (net.dst.port == 1)"
	case g.chance(50):
		fields["expression"] = g.pick(`http.path == "/a"`, `http.path == "/b"`, `http.path ^= "/"`)
		fields["priority"] = g.IntN(2)
	default:
		fields["paths"] = []string{g.pick("/a", "/b", "/")}
	}
	if s, ok := g.services[fmt.Sprint("s", g.IntN(4))]; ok {
		fields["service"] = s
	}
	g.plugins(name, map[string]any{"route": g.add(kong.Routes, name, fields)}, 30)
}

func (g *generator) plugins(on string, scope map[string]any, percent int) {
	for _, plugin := range []string{"acl", "cors", "key-auth"} {
		if g.part(on + plugin); !g.chance(percent) {
			continue
		}
		fields := g.unique(map[string]any{"name": plugin, "config": map[string]any{"n": g.IntN(2)}}, "instance_name")
		maps.Copy(fields, scope)
		g.add(kong.Plugins, on+plugin, fields)
	}
}

// foreign returns the state with entities of others in it, some on services and routes of ours.
func (g *generator) foreign(s kong.State) kong.State {
	g.entities = nil
	for e := range s.All() {
		g.entities = append(g.entities, e)
		if g.chances.IntN(100) < 92 {
			continue
		}
		switch ref := map[string]any{"id": e.ID()}; e.Kind() {
		case kong.Services:
			r := g.put(kong.Routes, kong.ID(kong.Routes, "foreign"+e.ID()), map[string]any{"name": "foreign" + e.ID(), "service": ref,
				"paths": []string{"/f"}})
			g.put(kong.Plugins, kong.ID(kong.Plugins, "foreign"+e.ID()), map[string]any{"name": "jwt", "route": r})
			if g.chances.IntN(2) == 0 { // somebody put a plugin of ours there
				g.add(kong.Plugins, "ours"+e.ID(), map[string]any{"name": "acl", "route": r})
			}
		case kong.Routes:
			g.put(kong.Plugins, kong.ID(kong.Plugins, "foreign"+e.ID()), map[string]any{"name": "jwt", "route": ref})
		default:
		}
	}
	out, err := kong.NewState(g.entities...)
	if err != nil {
		g.t.Fatal(err)
	}
	return out
}

// ours returns the state with some entities that are another's, and options that say what of it is ours to change.
func (g *generator) ours(live kong.State) (kong.State, diff.Options) {
	o := diff.Options{NoPrune: g.chances.IntN(3) == 0}
	for _, text := range []string{"services/*/port", "plugins/cors/config/n", "targets/*/weight", "upstreams/u0/slots"} {
		if g.chances.IntN(3) == 0 {
			r, err := diff.ParseRule(text)
			if err != nil {
				g.t.Fatal(err)
			}
			o.Ignore = append(o.Ignore, r)
		}
	}
	var entities []kong.Entity
	for e := range live.All() {
		if g.chances.IntN(5) == 0 {
			var err error
			if e, err = e.With("tags", []string{"theirs", diff.Tags("other")[g.chances.IntN(2)]}); err != nil {
				g.t.Fatal(err)
			}
		}
		entities = append(entities, e)
	}
	switch g.chances.IntN(3) {
	case 0:
		o.Adopt.Tags = []string{"theirs"}
	case 1:
		for _, kind := range live.Kinds() {
			o.Adopt.Names = append(o.Adopt.Names, diff.Pattern{Kind: kind, Name: "*"})
		}
	}
	out, err := kong.NewState(entities...)
	if err != nil {
		g.t.Fatal(err)
	}
	return out, o
}
