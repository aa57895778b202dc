package admin

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// world is a Kong that somebody else uses too, and what gwsync wants of it at first and later.
type world struct {
	config        sandbox.Config
	theirs        kong.State
	first, second kong.State
}

// worlds returns a world for every way to run a Kong.
func worlds(t *testing.T) map[string]world {
	t.Helper()
	cert, key := pair(t)
	theirs := newState(t,
		declare(t, kong.Services, "theirs", nil, "their.host"),
		declare(t, kong.Routes, "theirs", map[string]any{"service": ref(kong.Services, "theirs"), "paths": []string{"/theirs"}}, ""),
		declare(t, kong.Plugins, "cors", map[string]any{"service": ref(kong.Services, "theirs")}, ""),
		declare(t, kong.Upstreams, "theirs.upstream", nil, ""),
		weighted(t, "theirs.upstream", "10.9.9.9:80", 7, nil),
		declare(t, kong.Consumers, "", map[string]any{"username": "them"}, ""),
	)
	first := []kong.Entity{
		ours(t, kong.Certificates, "", map[string]any{"cert": cert, "key": key}),
		ours(t, kong.SNIs, "a.example.com", map[string]any{"certificate": ref(kong.Certificates, "")}),
		ours(t, kong.Upstreams, "u.example", nil),
		weighted(t, "u.example", "h1:80", 1, diff.Tags("main")),
		weighted(t, "u.example", "h2:80", 3, diff.Tags("main")),
		ours(t, kong.Services, "s", map[string]any{"host": "u.example", "port": 1027}),
		ours(t, kong.Routes, "r", map[string]any{"service": ref(kong.Services, "s"), "paths": []string{"/a", "~/b$"}}),
		ours(t, kong.Plugins, "key-auth", map[string]any{"route": ref(kong.Routes, "r")}),
		ours(t, kong.Services, "leaves", map[string]any{"host": "h"}),
		ours(t, kong.Routes, "leaves", map[string]any{"service": ref(kong.Services, "leaves"), "hosts": []string{"leaves.example.com"}}),
		ours(t, kong.Plugins, "request-termination",
			map[string]any{"route": ref(kong.Routes, "leaves"), "config": map[string]any{"status_code": 503}}),
	}
	second := []kong.Entity{
		first[0], ours(t, kong.SNIs, "b.example.com", map[string]any{"certificate": ref(kong.Certificates, "")}),
		first[2], weighted(t, "u.example", "h2:80", 5, diff.Tags("main")), weighted(t, "u.example", "h3:80", 1, diff.Tags("main")),
		ours(t, kong.Services, "s", map[string]any{"host": "u.example", "port": 1028, "retries": 0}),
		ours(t, kong.Routes, "r", map[string]any{"service": ref(kong.Services, "s"), "paths": []string{"/a"}, "preserve_host": true}),
		ours(t, kong.Plugins, "key-auth", map[string]any{"route": ref(kong.Routes, "r"), "config": map[string]any{"key_names": []string{"k"}}}),
		ours(t, kong.Services, "arrives", map[string]any{"host": "h"}),
		ours(t, kong.Routes, "arrives", map[string]any{"service": ref(kong.Services, "arrives"), "hosts": []string{"arrives.example.com"}}),
		ours(t, kong.Plugins, "basic-auth", map[string]any{"route": ref(kong.Routes, "arrives")}),
	}
	out := map[string]world{}
	for name, c := range map[string]sandbox.Config{
		"database": {Flavor: kong.TraditionalCompatible}, "database, expressions": {Flavor: kong.Expressions},
		"no database": {Flavor: kong.TraditionalCompatible, DBLess: true},
	} {
		out[name] = world{config: c, theirs: theirs, first: newState(t, first...), second: newState(t, second...)}
	}
	return out
}

// pair returns a certificate and its key.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

func ref(k kong.Kind, name string) map[string]any { return map[string]any{"id": kong.ID(k, name)} }

func declare(t *testing.T, k kong.Kind, name string, fields map[string]any, host string) kong.Entity {
	t.Helper()
	all := map[string]any{}
	for n, v := range fields {
		all[n] = v
	}
	if name != "" {
		all["name"] = name
	}
	if host != "" {
		all["host"] = host
	}
	e, err := kong.New(k, kong.ID(k, name), all, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func ours(t *testing.T, k kong.Kind, name string, fields map[string]any) kong.Entity {
	t.Helper()
	e, err := declare(t, k, name, fields, "").With("tags", diff.Tags("main"))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func weighted(t *testing.T, upstream, address string, weight int, tags []string) kong.Entity {
	t.Helper()
	e, err := kong.New(kong.Targets, kong.ID(kong.Targets, upstream+" "+address),
		map[string]any{"upstream": ref(kong.Upstreams, upstream), "target": address, "weight": weight, "tags": tags}, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func newState(t *testing.T, entities ...kong.Entity) kong.State {
	t.Helper()
	s, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// boot returns a Kong that holds what is theirs.
func (w world) boot(t *testing.T) *sandbox.Kong {
	t.Helper()
	k := sandbox.New(w.config)
	if err := k.Load(w.theirs); err != nil {
		t.Fatal(err)
	}
	return k
}

// run reads, compares and applies, as gwsync does.
func run(ctx context.Context, transport http.RoundTripper, desired kong.State, retries int) (diff.Plan, error) {
	return runOn(ctx, Config{Transport: transport, Retries: retries}, desired)
}

// runOn is run on the Kong that the configuration leads to.
func runOn(ctx context.Context, config Config, desired kong.State) (diff.Plan, error) {
	config.Targets = func(u kong.Entity) bool { return diff.Owned(u, "main") }
	c, err := New(config)
	if err != nil {
		return diff.Plan{}, err
	}
	plan, err := compared(ctx, c, desired)
	if err != nil {
		return diff.Plan{}, err
	}
	return plan, leased(ctx, c, plan, desired, sync.Options{Settle: -1, Parallelism: 3})
}

// mustRun is run without failure.
func mustRun(t *testing.T, transport http.RoundTripper, desired kong.State) diff.Plan {
	t.Helper()
	plan, err := run(t.Context(), transport, desired, 0)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// held returns what a Kong holds, one line an entity, but for leases.
func held(k *sandbox.Kong) []string {
	s, _ := k.State()
	return lines(s)
}

func TestApplyTwiceOnAKong(t *testing.T) {
	for name, w := range worlds(t) {
		t.Run(name, func(t *testing.T) {
			k := w.boot(t)
			before, _ := k.State()
			notes := &recorder{next: inProcess{k.Admin()}}
			single := oneByOne{notes, make(chan struct{}, 1)}
			for _, desired := range []kong.State{w.first, w.second, w.first, {}} {
				if plan := mustRun(t, single, desired); plan.Empty() {
					t.Error("nothing to do")
				}
				notes.writes = 0
				if plan := mustRun(t, single, desired); !plan.Empty() {
					t.Errorf("a second time: %s: %v", plan, plan.Changes())
				}
				if notes.writes > 0 {
					t.Errorf("the second time made %d writes", notes.writes)
				}
				after, _ := k.State()
				for e := range before.All() {
					if now, _ := after.Get(e.Key()); !now.Equal(e) {
						t.Errorf("what is theirs was changed: %s\n%s", e.AppendJSON(nil), now.AppendJSON(nil))
					}
				}
				if n := len(lines(after)); n != before.Len()+desired.Len() {
					t.Errorf("%d entities, want %d of theirs and %d of ours", n, before.Len(), desired.Len())
				}
			}
			for e := range before.All() {
				if strings.Contains(notes.paths, e.ID()) {
					t.Errorf("a write went to %s, which is theirs", e.Key())
				}
			}
		})
	}
}

// recorder notes the requests that write.
type recorder struct {
	next   http.RoundTripper
	paths  string
	writes int
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet && !strings.HasSuffix(req.URL.Path, "/validate") {
		r.paths += req.Method + " " + req.URL.Path + "\n"
		r.writes++
	}
	return r.next.RoundTrip(req)
}

// mortal lets some requests through, then none. Of the first that it stops, only the answer is lost if lose is set.
type mortal struct {
	next http.RoundTripper
	left int
	lose bool
}

var errKilled = errors.New("killed")

func (m *mortal) RoundTrip(req *http.Request) (*http.Response, error) {
	m.left--
	if m.left >= 0 {
		return m.next.RoundTrip(req)
	}
	if m.left == -1 && m.lose {
		if resp, err := m.next.RoundTrip(req); err == nil {
			resp.Body.Close()
		}
	}
	return nil, errKilled
}

// oneByOne lets requests through one at a time.
type oneByOne struct {
	next http.RoundTripper
	turn chan struct{}
}

func (o oneByOne) RoundTrip(req *http.Request) (*http.Response, error) {
	o.turn <- struct{}{}
	defer func() { <-o.turn }()
	return o.next.RoundTrip(req)
}

func TestKilledAtAnyRequest(t *testing.T) {
	all := worlds(t)
	for _, name := range []string{"database", "no database"} {
		w := all[name]
		t.Run(name, func(t *testing.T) {
			undisturbed := w.boot(t)
			mustRun(t, inProcess{undisturbed.Admin()}, w.first)
			start, _ := undisturbed.State()
			mustRun(t, inProcess{undisturbed.Admin()}, w.second)
			want := held(undisturbed)

			k := w.boot(t)
			for n := 0; ; n++ {
				var err error
				for _, lose := range []bool{false, true} {
					if err := k.Load(start); err != nil {
						t.Fatal(err)
					}
					synctest.Test(t, func(t *testing.T) {
						_, err = run(t.Context(), oneByOne{&mortal{inProcess{k.Admin()}, n, lose}, make(chan struct{}, 1)}, w.second, -1)
						if err != nil && !errors.Is(err, errKilled) {
							t.Fatalf("killed at request %d: %v", n, err)
						}
						if now, _ := k.State(); now.Digest() != start.Digest() {
							mustRun(t, inProcess{k.Admin()}, w.second)
							if d := cmp.Diff(want, held(k)); d != "" {
								t.Fatalf("killed at request %d, answer lost: %t\n%s", n, lose, d)
							}
						} // else nothing came of it: the next run is an undisturbed one
					})
				}
				if err == nil {
					if n < 10 {
						t.Errorf("an undisturbed run makes %d requests", n)
					}
					break
				}
			}
		})
	}
}

// forgetful loses the first answer to every request, and every other of those after.
type forgetful struct {
	next  http.RoundTripper
	asked map[string]int
}

func (f forgetful) RoundTrip(req *http.Request) (*http.Response, error) {
	line := req.Method + " " + req.URL.String()
	f.asked[line]++
	resp, err := f.next.RoundTrip(req)
	if f.asked[line]%2 == 1 && err == nil {
		resp.Body.Close()
		return nil, errReset
	}
	return resp, err
}

func TestEveryAnswerIsLostOnce(t *testing.T) {
	for name, w := range worlds(t) {
		t.Run(name, func(t *testing.T) {
			undisturbed := w.boot(t)
			mustRun(t, inProcess{undisturbed.Admin()}, w.first)
			mustRun(t, inProcess{undisturbed.Admin()}, w.second)
			synctest.Test(t, func(t *testing.T) {
				k := w.boot(t)
				for _, desired := range []kong.State{w.first, w.second} {
					mustRun(t, oneByOne{forgetful{inProcess{k.Admin()}, map[string]int{}}, make(chan struct{}, 1)}, desired)
				}
				if d := cmp.Diff(held(undisturbed), held(k)); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func TestRenewedCertificateKeepsItsServerNames(t *testing.T) {
	for name, w := range worlds(t) {
		t.Run(name, func(t *testing.T) {
			renewed := func() kong.State {
				cert, key := pair(t)
				return newState(t, ours(t, kong.Certificates, "", map[string]any{"cert": cert, "key": key}),
					ours(t, kong.SNIs, "a.example.com", map[string]any{"certificate": ref(kong.Certificates, "")}))
			}
			old := renewed()
			k := sandbox.New(w.config)
			// Somebody else serves a name of their own with our certificate.
			their := declare(t, kong.SNIs, "their.example.com", map[string]any{"certificate": ref(kong.Certificates, "")}, "")
			if err := k.Load(newState(t, append(slices.Collect(old.All()), their)...)); err != nil {
				t.Fatal(err)
			}
			mustRun(t, inProcess{k.Admin()}, renewed())
			state, _ := k.State()
			var got []string
			for sni := range state.Of(kong.SNIs) {
				got = append(got, sni.Name())
			}
			if d := cmp.Diff([]string{"a.example.com", "their.example.com"}, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// meddler deletes a service of ours behind gwsync's back, as soon as the first write after that of the lease is made.
type meddler struct {
	next http.RoundTripper
	done bool
}

func (m *meddler) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPut && !strings.HasPrefix(req.URL.Path, "/key-sets/") && !m.done {
		m.done = true
		for _, path := range []string{"/routes/r", "/services/s"} {
			del, err := http.NewRequestWithContext(req.Context(), http.MethodDelete, "http://kong"+path, http.NoBody)
			if err != nil {
				return nil, err
			}
			if _, err := m.next.RoundTrip(del); err != nil {
				return nil, err
			}
		}
	}
	return m.next.RoundTrip(req)
}

func TestKongChangesUnderTheApply(t *testing.T) {
	w := worlds(t)["database"]
	undisturbed := w.boot(t)
	mustRun(t, inProcess{undisturbed.Admin()}, w.first)
	mustRun(t, inProcess{undisturbed.Admin()}, w.second)

	k := w.boot(t)
	mustRun(t, inProcess{k.Admin()}, w.first)
	if _, err := run(t.Context(), oneByOne{&meddler{next: inProcess{k.Admin()}}, make(chan struct{}, 1)}, w.second, 0); err != nil {
		if partial := (*sync.PartialError)(nil); !errors.As(err, &partial) {
			t.Errorf("got %v", err)
		}
	}
	mustRun(t, inProcess{k.Admin()}, w.second)
	if d := cmp.Diff(held(undisturbed), held(k)); d != "" {
		t.Error(d)
	}
}
