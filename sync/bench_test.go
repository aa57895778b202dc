package sync_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/rendertest"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// BenchmarkDiff works out, for repositories of 1,000 and 10,000 routes, that a Kong with a database holds all they say. The Kong is a
// sandbox in the same process, whose time and memory count too.
func BenchmarkDiff(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			source := fixed{[]manifest.Input{{FS: rendertest.Many(n), Path: "."}}}
			rendered, err := render.Render(source.inputs, render.Options{Target: render.Target{Tags: diff.Tags("default")}})
			if err != nil {
				b.Fatal(err)
			}
			k := sandbox.New(sandbox.Config{Flavor: kong.TraditionalCompatible})
			if err := k.Load(rendered.State); err != nil {
				b.Fatal(err)
			}
			server := httptest.NewServer(k.Admin())
			defer server.Close()
			b.ReportAllocs()
			for b.Loop() {
				client, err := admin.New(admin.Config{URL: server.URL})
				if err != nil {
					b.Fatal(err)
				}
				p, err := sync.Propose(b.Context(), source, client, diff.Options{Instance: "default"}, render.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if !p.Plan.Empty() || p.Plan.Live().Len() != 3*n {
					b.Fatalf("%s of %d entities", p.Plan, p.Plan.Live().Len())
				}
			}
		})
	}
}

// fixed is a source that always holds the same.
type fixed struct{ inputs []manifest.Input }

func (f fixed) Fetch(context.Context) (sync.Snapshot, error) {
	return sync.Snapshot{Inputs: f.inputs}, nil
}

// slowKong is a Kong with a database that takes everything and needs 2 ms for it. It counts.
type slowKong struct {
	mu            gosync.Mutex
	held          map[string][]string // by collection, the entities
	index         map[string]int      // by path, where one is
	writes, asked int
	now, atATime  int
	first, last   time.Time
}

func (k *slowKong) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(r.URL.Path, "/schemas/") && r.Method == http.MethodGet {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.Method == http.MethodGet {
		fmt.Fprint(w, k.answer(r))
		return
	}
	body, _ := io.ReadAll(r.Body)
	k.begin(r, string(body))
	time.Sleep(2 * time.Millisecond)
	k.mu.Lock()
	k.now--
	k.mu.Unlock()
	fmt.Fprint(w, "{}")
}

// answer returns the root, or a page.
func (k *slowKong) answer(r *http.Request) string {
	if r.URL.Path == "/" {
		return `{"version":"3.9.3","configuration":{"database":"postgres","router_flavor":"expressions"},"plugins":{"available_on_server":{}}}`
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	all := k.held[r.URL.Path]
	from, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	to := min(from+1000, len(all))
	next := ""
	if to < len(all) {
		next = fmt.Sprintf(`,"offset":"%d"`, to)
	}
	return `{"data":[` + strings.Join(all[from:to], ",") + `]` + next + `}`
}

// begin notes a request that writes, or only asks.
func (k *slowKong) begin(r *http.Request, body string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now++
	k.atATime = max(k.atATime, k.now)
	if strings.HasSuffix(r.URL.Path, "/validate") {
		k.asked++
		return
	}
	k.last = time.Now()
	if k.writes++; k.writes == 1 {
		k.first = k.last
	}
	collection := path.Dir(r.URL.Path)
	if i, ok := k.index[r.URL.Path]; ok {
		k.held[collection][i] = body
		return
	}
	k.index[r.URL.Path] = len(k.held[collection])
	k.held[collection] = append(k.held[collection], body)
}

// BenchmarkFirstSync writes n services, each with two routes of which one is guarded, to an empty Kong that needs 2 ms for each request.
func BenchmarkFirstSync(b *testing.B) {
	for _, c := range []struct{ n, parallelism int }{{1000, 10}, {1000, 50}, {20000, 50}} {
		b.Run(fmt.Sprintf("services=%d/parallelism=%d", c.n, c.parallelism), func(b *testing.B) {
			desired := firstSync(b, c.n)
			for b.Loop() {
				k := &slowKong{held: map[string][]string{}, index: map[string]int{}}
				server := httptest.NewServer(k)
				client, err := admin.New(admin.Config{URL: server.URL, Parallelism: c.parallelism})
				if err != nil {
					b.Fatal(err)
				}
				p, err := diff.Compute(kong.State{}, desired, diff.Options{Instance: "default"})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := sync.Apply(b.Context(), client, p, sync.Options{Parallelism: c.parallelism, Settle: -1}); err != nil {
					b.Fatal(err)
				}
				server.Close()
				b.ReportMetric(float64(k.writes)/k.last.Sub(k.first).Seconds(), "writes/s")
				b.ReportMetric(float64(k.writes)/float64(desired.Len()), "writes/entity")
				b.ReportMetric(float64(k.asked), "validations")
				b.ReportMetric(float64(k.atATime), "at-a-time")
			}
		})
	}
}

// firstSync returns n services with their routes and plugins.
func firstSync(b *testing.B, n int) kong.State {
	b.Helper()
	var all []kong.Entity
	add := func(k kong.Kind, name string, fields map[string]any) map[string]any {
		fields["tags"] = append(diff.Tags("default"), "k8s-name:"+name)
		e, err := kong.New(k, kong.ID(k, name), fields, kong.Origin{})
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, e)
		return map[string]any{"id": e.ID()}
	}
	for i := range n {
		name := fmt.Sprint("httproute.default.echo-", i, ".0")
		s := add(kong.Services, name, map[string]any{"name": name, "host": fmt.Sprint("echo-", i, ".default.svc"), "port": 80})
		r := add(kong.Routes, name, map[string]any{"name": name, "service": s,
			"expression": fmt.Sprintf(`(http.host == "h%d.example.com") && (http.path ^= "/")`, i)})
		add(kong.Routes, name+".1", map[string]any{"name": name + ".1", "service": s,
			"expression": fmt.Sprintf(`(http.host == "h%d.example.com") && (http.path == "/free")`, i)})
		add(kong.Plugins, name, map[string]any{"name": "key-auth", "route": r})
	}
	s, err := kong.NewState(all...)
	if err != nil {
		b.Fatal(err)
	}
	return s
}
