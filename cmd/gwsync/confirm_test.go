package main

import (
	"bytes"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// TestConfirm answers the question that apply asks on a terminal.
func TestConfirm(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer string
		meddle bool
		args   []string
		code   int
		writes bool
	}{
		{"yes", "y\n", false, nil, exitOK, true},
		{"no", "n\n", false, nil, exitRefused, false},
		{"just enter", "\n", false, nil, exitRefused, false},
		{"end of input", "", false, nil, exitRefused, false},
		{"yes, but somebody took a name in Kong meanwhile", "yes\n", true, nil, exitStale, false},
		{"not asked", "", false, []string{"-y"}, exitOK, true},
		{"yes, for a program", "y\n", false, []string{"-o", "json"}, exitOK, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := sandbox.New(sandbox.Config{})
			server := httptest.NewServer(k.Admin())
			defer server.Close()
			stdin := io.Reader(strings.NewReader(c.answer))
			if c.meddle {
				stdin = io.MultiReader(meddler{t, k}, stdin)
			}
			var out bytes.Buffer
			args := append([]string{"apply", "--path", "../../examples/cross-namespace", "--kong-addr", server.URL}, c.args...)
			code := run(t.Context(), args, process{stdin: stdin, stdout: &out, stderr: &out, getenv: noEnvironment, interactive: true})
			if code != c.code {
				t.Errorf("exit code %d, want %d:\n%s", code, c.code, out.String())
			}
			before, _, asked := strings.Cut(out.String(), "[y/N]")
			if asked != !slices.Contains(c.args, "-y") {
				t.Errorf("asked: %v:\n%s", asked, out.String())
			}
			if !strings.Contains(before, "+ service httproute.test-source.echo.0 ") {
				t.Errorf("asked without showing what for:\n%s", out.String())
			}
			state, _ := k.State()
			if _, written := state.Find(kong.Routes, "httproute.test-source.echo.0.0"); written != c.writes {
				t.Errorf("written: %v, want %v", written, c.writes)
			}
		})
	}
}

// meddler is a reader that changes Kong when it is read.
type meddler struct {
	t *testing.T
	k *sandbox.Kong
}

func (m meddler) Read([]byte) (int, error) {
	e, err := kong.New(kong.Services, kong.ID(kong.Services, "other"),
		map[string]any{"name": "httproute.test-source.echo.0", "host": "h"}, kong.Origin{})
	if err != nil {
		m.t.Error(err)
	}
	s, err := kong.NewState(e)
	if err != nil {
		m.t.Error(err)
	}
	if err := m.k.Load(s); err != nil {
		m.t.Error(err)
	}
	return 0, io.EOF
}
