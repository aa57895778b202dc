package main

import (
	"bytes"
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

// TestKilledAtEveryWrite ends apply when its write number n arrives, for every n, before or after Kong acts on it, and runs it again: Kong
// must end up as after an undisturbed run. It starts from an empty Kong, and from one that holds an earlier version of the manifests.
//
// To Kong, an apply that is killed is one of which no write arrives any more, and that takes no process. Some are killed with SIGKILL all
// the same.
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
	earlier := newVictim(t, false, kong.State{})
	earlier.apply(t, before)
	for _, c := range []struct {
		name   string
		dbless bool
		first  kong.State
		path   string
	}{
		{"create", false, kong.State{}, after},
		{"update", false, earlier.state(), after},
		{"delete", false, earlier.state(), nothing},
		{"db-less", true, earlier.state(), after},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			undisturbed := newVictim(t, c.dbless, c.first)
			undisturbed.apply(t, c.path)
			total := int(undisturbed.writes.Load())
			want := undisturbed.state()
			if total < 5 && !c.dbless || total == 0 {
				t.Fatalf("apply made only %d writes", total)
			}
			for n := 1; n <= total; n++ {
				for _, late := range []bool{false, true} {
					v := newVictim(t, c.dbless, c.first)
					if n == 1 || n == total/2 { // if cut off at the first, it waits for the end of the lease that it cannot know to be its own
						v.killAt(t, c.path, n, late)
					} else {
						v.cutOffAt(t, c.path, n, late)
					}
					v.apply(t, c.path)
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
	kong *sandbox.Kong
	url  string
	// writes counts the requests that write.
	writes atomic.Int64
	weapon atomic.Pointer[weapon]
}

// weapon ends the client when a write arrives; with late, after Kong has acted on it.
type weapon struct {
	at   int64
	late bool
	kill func() // nil if the client is only cut off
}

func newVictim(t *testing.T, dbless bool, first kong.State) *victim {
	t.Helper()
	v := &victim{kong: sandbox.New(sandbox.Config{Flavor: kong.Expressions, DBLess: dbless})}
	server := httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(server.Close)
	v.url = server.URL
	if err := v.kong.Load(first); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *victim) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/validate") {
		v.kong.Admin().ServeHTTP(w, r)
		return
	}
	n, weapon := v.writes.Add(1), v.weapon.Load()
	if weapon == nil || n < weapon.at {
		v.kong.Admin().ServeHTTP(w, r)
		return
	}
	if n == weapon.at && weapon.late {
		v.kong.Admin().ServeHTTP(httptest.NewRecorder(), r)
	}
	if weapon.kill == nil {
		w.WriteHeader(http.StatusForbidden) // which nobody tries again
		return
	}
	weapon.kill()
	panic(http.ErrAbortHandler)
}

// state returns what Kong holds, but for the lease.
func (v *victim) state() kong.State {
	s, _ := v.kong.State()
	return s.Where(func(e kong.Entity) bool { return !diff.Bookkeeping(e) })
}

func (v *victim) command(path string) []string {
	return []string{"apply", "--path", path, "--kong-addr", v.url, "--allow-empty", "--on-error", "stop"}
}

func (v *victim) run(t *testing.T, path string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &out, getenv: noEnvironment}
	return run(t.Context(), v.command(path), p), out.String()
}

func (v *victim) apply(t *testing.T, path string) {
	t.Helper()
	v.weapon.Store(nil)
	// Nobody waits until the lease of one that was killed is over.
	if err := v.kong.Load(v.state()); err != nil {
		t.Fatal(err)
	}
	if code, said := v.run(t, path); code != exitOK {
		t.Fatalf("apply: exit code %d\n%s", code, said)
	}
}

// cutOffAt runs apply, and lets nothing through of write n and those after it.
func (v *victim) cutOffAt(t *testing.T, path string, n int, late bool) {
	t.Helper()
	v.weapon.Store(&weapon{at: int64(n), late: late})
	if _, said := v.run(t, path); v.writes.Load() < int64(n) {
		t.Fatalf("apply made no write %d\n%s", n, said)
	}
}

// killAt runs apply and kills it when write n arrives.
func (v *victim) killAt(t *testing.T, path string, n int, late bool) {
	t.Helper()
	cmd := exec.Command("gwsync", v.command(path)...)
	started := make(chan struct{})
	v.weapon.Store(&weapon{int64(n), late, func() {
		<-started
		_ = cmd.Process.Kill() // it may be dead already
	}})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	if err := cmd.Wait(); err == nil && v.writes.Load() >= int64(n) {
		t.Fatalf("apply survived SIGKILL at write %d", n)
	}
}
