package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// refusing is a Kong that refuses to write some routes, which no validation tells beforehand.
type refusing struct {
	*sandbox.Kong
	refuse func(path string) bool
}

func (r refusing) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodPut && r.refuse(req.URL.Path) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"message":"UNIQUE violation detected","name":"unique constraint violation"}`))
		return
	}
	r.Admin().ServeHTTP(w, req)
}

// TestFailingApply guards against what users of decK met: a failed sync with JSON output that exits with 0, JSON without the changes where
// a sync failed, no way back from a sync that stopped half-way, and one bad entity that keeps all others from being written.
func TestFailingApply(t *testing.T) {
	for _, c := range []struct {
		onError string
		code    int
		says    string
		undone  bool
	}{
		{"rollback", exitError, "rolled back, kong is as it was before", true},
		{"stop", exitPartial, "stopped with", false},
		{"continue", exitPartial, "stopped with", false},
	} {
		t.Run(c.onError, func(t *testing.T) {
			k := sandbox.New(sandbox.Config{})
			bad := kong.ID(kong.Routes, "httproute.test-source.echo.0.0")
			server := httptest.NewServer(refusing{k, func(path string) bool { return path == "/routes/"+bad }})
			defer server.Close()
			journal := filepath.Join(t.TempDir(), "journal.json")
			var out, errs bytes.Buffer
			code := run(t.Context(), []string{"apply", "--path", "../../examples/cross-namespace", "--kong-addr", server.URL, "-o", "json",
				"--on-error", c.onError, "--journal", journal, "--settle", "0"},
				process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: noEnvironment})
			if code != c.code || !strings.Contains(errs.String(), c.says) || !strings.Contains(errs.String(), "409") {
				t.Errorf("exit code %d: %s", code, errs.String())
			}
			if partial := code == exitPartial; partial != strings.Contains(errs.String(), "gwsync rollback --journal "+journal) {
				t.Errorf("where the journal is: %s", errs.String())
			}
			var doc struct {
				Result     string
				Changes    []any
				Failed     []any
				RolledBack []any `json:"rolled_back"`
				Error      *struct{ Message string }
			}
			if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			if doc.Result != "error" || len(doc.Changes) < 2 || doc.Error == nil || len(doc.Failed) == 0 {
				t.Errorf("got %s", out.String())
			}
			state, _ := k.State()
			state = state.Where(func(e kong.Entity) bool { return !diff.Bookkeeping(e) })
			if undone := state.Len() == 0; undone != c.undone {
				t.Errorf("kong holds %s after:\n%s", state, errs.String())
			}
			if undone := len(doc.RolledBack) > 0; undone != c.undone {
				t.Errorf("got %s", out.String())
			}
		})
	}
}
