package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// TestKilledAtEveryWrite kills apply with SIGKILL when its write number n arrives, for every n, before or after Kong acts on it, and runs
// it again: Kong must end up as after an undisturbed run. It starts from an empty Kong, and from one that holds an earlier version of the
// manifests.
func TestKilledAtEveryWrite(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/kill/manifests.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := txtar.Write(archive, dir); err != nil {
		t.Fatal(err)
	}
	before, after, nothing := filepath.Join(dir, "before"), filepath.Join(dir, "after"), filepath.Join(dir, "nothing")
	if err := os.Mkdir(nothing, 0o777); err != nil {
		t.Fatal(err)
	}
	program := build(t, t.TempDir())
	for _, c := range []struct {
		name   string
		dbless bool
		first  string
	}{{"create", false, ""}, {"update", false, before}, {"delete", false, before}, {"db-less", true, before}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := after
			if c.name == "delete" {
				path = nothing
			}
			undisturbed := newVictim(t, program, c.dbless, c.first)
			undisturbed.apply(t, path)
			total := int(undisturbed.requests.Load())
			want := undisturbed.state()
			if total < 5 && !c.dbless || total == 0 {
				t.Fatalf("apply made only %d writes", total)
			}
			for n := 1; n <= total; n++ {
				for _, late := range []bool{false, true} {
					v := newVictim(t, program, c.dbless, c.first)
					v.killAt(t, path, n, late)
					v.apply(t, path)
					if got := v.state(); got.Digest() != want.Digest() {
						t.Errorf("killed at write %d of %d (late: %v): Kong holds something else", n, total, late)
					}
				}
			}
		})
	}
}

// victim is a Kong whose client can be killed.
type victim struct {
	kong    *sandbox.Kong
	url     string
	program string
	// requests counts those that write.
	requests atomic.Int64
	weapon   atomic.Pointer[weapon]
}

// weapon kills the client when a write arrives; with late, after Kong has acted on it.
type weapon struct {
	at   int64
	late bool
	kill func()
}

func newVictim(t *testing.T, program string, dbless bool, first string) *victim {
	t.Helper()
	v := &victim{kong: sandbox.New(sandbox.Config{Flavor: kong.Expressions, DBLess: dbless}), program: program}
	server := httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(server.Close)
	v.url = server.URL
	if first != "" {
		v.apply(t, first)
		v.requests.Store(0)
	}
	return v
}

func (v *victim) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/validate") {
		v.kong.Admin().ServeHTTP(w, r)
		return
	}
	n, weapon := v.requests.Add(1), v.weapon.Load()
	if weapon != nil && n >= weapon.at {
		if n == weapon.at && weapon.late {
			v.kong.Admin().ServeHTTP(httptest.NewRecorder(), r)
		}
		weapon.kill()
		panic(http.ErrAbortHandler)
	}
	v.kong.Admin().ServeHTTP(w, r)
}

// state returns what Kong holds, but for the lease.
func (v *victim) state() kong.State {
	s, _ := v.kong.State()
	return s.Where(func(e kong.Entity) bool { return !diff.Bookkeeping(e) })
}

func (v *victim) command(path string) *exec.Cmd {
	return exec.Command(v.program, "apply", "--path", path, "--kong-addr", v.url, "--allow-empty")
}

func (v *victim) apply(t *testing.T, path string) {
	t.Helper()
	v.weapon.Store(nil)
	// Nobody waits until the lease of one that was killed is over.
	if err := v.kong.Load(v.state()); err != nil {
		t.Fatal(err)
	}
	if out, err := v.command(path).CombinedOutput(); err != nil {
		t.Fatalf("apply: %v\n%s", err, out)
	}
}

// killAt runs apply and kills it when write n arrives.
func (v *victim) killAt(t *testing.T, path string, n int, late bool) {
	t.Helper()
	cmd := v.command(path)
	started := make(chan struct{})
	v.requests.Store(0)
	v.weapon.Store(&weapon{int64(n), late, func() {
		<-started
		_ = cmd.Process.Kill() // it may be dead already
	}})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	if err := cmd.Wait(); err == nil && v.requests.Load() >= int64(n) {
		t.Fatalf("apply survived SIGKILL at write %d", n)
	}
}

// build builds gwsync for being run hundreds of times: without the race detector, with which an apply takes ten times as long.
func build(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "gwsync")
	cmd := exec.Command("go", "build", "-race=false", "-buildvcs=false", "-o", program, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}
