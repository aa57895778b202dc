package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// full is a stdout that takes nothing once there are routes in Kong, as a pipe whose reader has gone.
type full struct{ k *sandbox.Kong }

func (f full) Write(b []byte) (int, error) {
	state, _ := f.k.State()
	for range state.Of(kong.Routes) { // what is written last: a lease is there before
		return 0, errors.New("nobody reads this")
	}
	return len(b), nil
}

// TestApplyThatCannotReport says that something was written, by its exit code too.
func TestApplyThatCannotReport(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		k := sandbox.New(sandbox.Config{})
		server := httptest.NewServer(k.Admin())
		defer server.Close()
		var stderr bytes.Buffer
		args := []string{"apply", "--path", "../../examples/cross-namespace", "--kong-addr", server.URL, "-o", format}
		code := run(t.Context(), args, process{stdin: strings.NewReader(""), stdout: full{k}, stderr: &stderr, getenv: noEnvironment})
		if code != exitPartial || !strings.Contains(stderr.String(), "2 changes applied, but cannot be reported: nobody reads this") {
			t.Errorf("%s: exit code %d, want %d:\n%s", format, code, exitPartial, stderr.String())
		}
	}
}

// TestInterruptedApply says how far it came, to people and to programs.
func TestInterruptedApply(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		admin := sandbox.New(sandbox.Config{}).Admin()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isChange(r) {
				interrupt() // with the service, before the route
			}
			admin.ServeHTTP(w, r)
		}))
		defer server.Close()
		var stdout, stderr bytes.Buffer
		args := []string{"apply", "--path", "../../examples/cross-namespace", "--kong-addr", server.URL, "-o", format}
		code := run(ctx, args, process{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, getenv: noEnvironment})
		if code != exitPartial || !strings.Contains(stderr.String(), "gwsync: interrupted: stopped with 1 of 2 changes made") {
			t.Errorf("%s: exit code %d, want %d:\n%s", format, code, exitPartial, stderr.String())
		}
		if format == "json" && !json.Valid(stdout.Bytes()) {
			t.Errorf("not one JSON document:\n%s", stdout.String())
		}
	}
}

// TestInterruptedBeforeAnything exits with the code of an interrupted program.
func TestInterruptedBeforeAnything(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		interrupt()
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	var stdout, stderr bytes.Buffer
	args := []string{"diff", "--path", "../../examples/cross-namespace", "--kong-addr", server.URL, "-o", "json"}
	code := run(ctx, args, process{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, getenv: noEnvironment})
	if code != exitInterrupted || stderr.String() != "gwsync: interrupted\n" ||
		!strings.Contains(stdout.String(), `"message": "interrupted"`) {
		t.Errorf("exit code %d, want %d:\n%s%s", code, exitInterrupted, stdout.String(), stderr.String())
	}
}

func noEnvironment(string) string { return "" }
