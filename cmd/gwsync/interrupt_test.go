package main

import (
	"bufio"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	gosync "sync"
	"syscall"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// TestInterrupts sends a real apply an interrupt in the middle of its first write. One lets it finish that write, and no other; a second
// ends it at once. A terminal that is gone is like an interrupt.
func TestInterrupts(t *testing.T) {
	for _, c := range []struct {
		signal os.Signal
		twice  bool
	}{{os.Interrupt, false}, {os.Interrupt, true}, {syscall.SIGHUP, false}} {
		twice := c.twice
		k := sandbox.New(sandbox.Config{})
		arrived, released := make(chan struct{}), make(chan struct{})
		var first gosync.Once
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isChange(r) {
				first.Do(func() { close(arrived) })
				<-released
			}
			k.Admin().ServeHTTP(w, r)
		}))
		cmd := exec.Command("gwsync", "apply", "--path", "../../examples/cross-namespace", "--kong-addr", server.URL)
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-arrived
		interrupt(t, cmd, c.signal)
		said := waitFor(stderr, "interrupt again to stop at once")
		if twice {
			interrupt(t, cmd, c.signal)
			err = cmd.Wait()
			close(released)
		} else {
			close(released)
			said += waitFor(stderr, "\x00")
			err = cmd.Wait()
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatalf("twice %v: got %v\n%s", twice, err, said)
		}
		state, _ := k.State()
		_, service := state.Find(kong.Services, "httproute.test-source.echo.0")
		_, route := state.Find(kong.Routes, "httproute.test-source.echo.0.0")
		switch {
		case twice && exit.Exited():
			t.Errorf("exit code %d, want an end by the signal\n%s", exit.ExitCode(), said)
		case !twice && (exit.ExitCode() != exitPartial || !service || route || !strings.Contains(said, "stopped with 1 of 2 changes made")):
			t.Errorf("exit code %d, want %d; service %v, route %v\n%s", exit.ExitCode(), exitPartial, service, route, said)
		}
		server.Close()
	}
}

// isChange reports whether a request creates or changes what Kong serves, not the lease.
func isChange(r *http.Request) bool {
	return r.Method == http.MethodPut && !strings.HasPrefix(r.URL.Path, "/key-sets/")
}

func interrupt(t *testing.T, cmd *exec.Cmd, s os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// waitFor reads lines until one holds a text, or to the end, and returns them.
func waitFor(r interface{ Read([]byte) (int, error) }, text string) string {
	var out strings.Builder
	for lines := bufio.NewScanner(r); lines.Scan(); {
		out.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), text) {
			break
		}
	}
	return out.String()
}
