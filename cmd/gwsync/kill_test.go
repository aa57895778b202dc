package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// TestKilledAtEveryRequest kills apply with SIGKILL when its request number n arrives, for every n, before or after Kong acts on
// it, and runs it again: Kong must end up as after an undisturbed run. It starts from an empty Kong, and from one that holds
// an earlier version of the manifests.
func TestKilledAtEveryRequest(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/kill/manifests.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := txtar.Write(archive, dir); err != nil {
		t.Fatal(err)
	}
	before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
	for _, c := range []struct {
		name   string
		dbless bool
		first  string
	}{{"create", false, ""}, {"update", false, before}, {"delete", false, before}, {"db-less", true, before}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := after
			if c.name == "delete" {
				path = filepath.Join(dir, "nothing")
			}
			undisturbed := newVictim(t, c.dbless, c.first)
			undisturbed.apply(t, path)
			total := int(undisturbed.requests.Load())
			want := undisturbed.state()
			if total < 5 {
				t.Fatalf("apply made only %d requests", total)
			}
			for n := 1; n <= total; n++ {
				for _, late := range []bool{false, true} {
					v := newVictim(t, c.dbless, c.first)
					v.killAt(t, path, n, late)
					v.apply(t, path)
					if got := v.state(); got.Digest() != want.Digest() {
						t.Errorf("killed at request %d of %d (late: %v): Kong holds something else", n, total, late)
					}
				}
			}
		})
	}
}

// victim is a Kong whose client can be killed.
type victim struct {
	kong     *sandbox.Kong
	url      string
	requests atomic.Int64
	at       int64
	late     bool
	kill     func()
}

func newVictim(t *testing.T, dbless bool, first string) *victim {
	t.Helper()
	v := &victim{kong: sandbox.New(sandbox.Config{Flavor: kong.Expressions, DBLess: dbless})}
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
	n := v.requests.Add(1)
	if v.kill != nil && n >= v.at {
		if n == v.at && v.late {
			v.kong.Admin().ServeHTTP(httptest.NewRecorder(), r)
		}
		v.kill()
		panic(http.ErrAbortHandler)
	}
	v.kong.Admin().ServeHTTP(w, r)
}

func (v *victim) state() kong.State {
	s, _ := v.kong.State()
	return s
}

func (v *victim) command(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Args = []string{"gwsync", "apply", "--path", path, "--kong-addr", v.url}
	return cmd
}

func (v *victim) apply(t *testing.T, path string) {
	t.Helper()
	v.kill = nil
	if out, err := v.command(t, path).CombinedOutput(); err != nil {
		t.Fatalf("apply: %v\n%s", err, out)
	}
}

// killAt runs apply and kills it when request n arrives; with late, after Kong has acted on it.
func (v *victim) killAt(t *testing.T, path string, n int, late bool) {
	t.Helper()
	cmd := v.command(t, path)
	started := make(chan struct{})
	v.requests.Store(0)
	v.at, v.late = int64(n), late
	v.kill = func() {
		<-started
		_ = cmd.Process.Kill() // it may be dead already
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	if err := cmd.Wait(); err == nil && v.requests.Load() >= int64(n) {
		t.Fatal(fmt.Errorf("apply survived SIGKILL at request %d", n))
	}
}
