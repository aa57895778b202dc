package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/sync/sandbox"
)

// TestApprovalsAndJournalsAreOfOneWorkspace: what was approved for one workspace of a Kong, or has changed it, is not about another.
func TestApprovalsAndJournalsAreOfOneWorkspace(t *testing.T) {
	mux := http.NewServeMux()
	for _, name := range []string{"shop", "pay"} {
		admin := sandbox.New(sandbox.Config{}).Admin()
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, admin))
		mux.Handle("/"+name+"/kong", http.StripPrefix("/"+name+"/kong", admin))
	}
	mux.Handle("/", sandbox.New(sandbox.Config{}).Admin())
	server := httptest.NewServer(mux)
	defer server.Close()
	dir := t.TempDir()
	plan, journal := filepath.Join(dir, "plan.json"), filepath.Join(dir, "journal.json")
	gwsync := func(code int, says, workspace string, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		args = append(args, "--kong-addr", server.URL, "--workspace", workspace)
		got := run(t.Context(), args, process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: noEnvironment})
		if got != code || !strings.Contains(out.String()+errs.String(), says) {
			t.Fatalf("%v: exit code %d, want %d and %q: %s%s", args, got, code, says, out.String(), errs.String())
		}
		return out.String()
	}
	const example = "../../examples/cross-namespace"
	approval := gwsync(exitOK, server.URL+"/shop", "shop", "diff", "--path", example, "-o", "json")
	if err := os.WriteFile(plan, []byte(approval), 0o600); err != nil {
		t.Fatal(err)
	}
	gwsync(exitStale, "the changes of Kong "+server.URL+"/shop were approved, not those of "+server.URL+"/pay", "pay",
		"apply", "--path", example, "--plan", plan)
	gwsync(exitOK, "Applied: 2 changes", "shop", "apply", "--path", example, "--plan", plan, "--journal", journal)
	gwsync(exitOK, "Applied: 2 changes", "pay", "apply", "--path", example)
	gwsync(exitRefused, "the journal is of Kong "+server.URL+"/shop, not of "+server.URL+"/pay", "pay", "rollback", "--journal", journal)
	gwsync(exitOK, "Rolled back: 2 changes", "shop", "rollback", "--journal", journal)
}
