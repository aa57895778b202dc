package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	gosync "sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// noSleep keeps a command that the race detector watches from sleeping for a second when it exits: the tests run hundreds.
const noSleep = "atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	os.Setenv("GORACE", noSleep)
	testscript.Main(m, map[string]func(){"gwsync": main})
}

// TestScripts runs testdata/*.txtar. Besides testscript's own commands there are
//
//	kong [db-less] [expressions]  start a sandbox; sets $KONG, $KONG_HOST and $PROXY, and GWSYNC_KONG_ADDR
//	exitcode N COMMAND...         run a command that exits with N
//	admin METHOD PATH [FILE]      ask $KONG's Admin API; the answer is stdout
//	get PATH                      GET from $PROXY; status line and body are stdout
//	requests FILE                 what $KONG's Admin API was asked since, "METHOD PATH" a line
//	expand FILE...                replace $NAME in files by environment variables
//	git-commit DIR [NAME]         commit all in DIR, a git repository from then on; $NAME is the commit
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", noSleep)
			examples, err := examplesDir()
			e.Setenv("EXAMPLES", examples)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"kong":       startKong,
			"exitcode":   exitcode,
			"admin":      askAdmin,
			"get":        getProxy,
			"requests":   writeRequests,
			"expand":     expand,
			"git-commit": gitCommit,
		},
	})
}

func examplesDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(dir, "/cmd/gwsync") + "/examples", nil
}

// recorder notes what a handler is asked.
type recorder struct {
	http.Handler
	mu   gosync.Mutex
	seen []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.seen = append(r.seen, req.Method+" "+req.URL.RequestURI())
	r.mu.Unlock()
	r.Handler.ServeHTTP(w, req)
}

func startKong(ts *testscript.TestScript, neg bool, args []string) {
	c := sandbox.Config{Flavor: kong.TraditionalCompatible}
	for _, a := range args {
		switch a {
		case "db-less":
			c.DBLess = true
		case "expressions":
			c.Flavor = kong.Expressions
		default:
			ts.Fatalf("kong: unknown argument %s", a)
		}
	}
	k := sandbox.New(c)
	r := &recorder{Handler: k.Admin()}
	admin := httptest.NewServer(r)
	traffic := httptest.NewUnstartedServer(proxy.New(k.State, c.Flavor, proxy.Options{}))
	traffic.Config.Protocols = new(http.Protocols)
	traffic.Config.Protocols.SetHTTP1(true)
	traffic.Config.Protocols.SetUnencryptedHTTP2(true) // for calls
	traffic.Start()
	ts.Defer(admin.Close)
	ts.Defer(traffic.Close)
	ts.Setenv("KONG", admin.URL)
	ts.Setenv("KONG_HOST", strings.TrimPrefix(admin.URL, "http://"))
	ts.Setenv("PROXY", traffic.URL)
	ts.Setenv("GWSYNC_KONG_ADDR", admin.URL)
	recorders.Store(admin.URL, r)
}

// recorders are those of the running sandboxes, by the address of their Admin API.
var recorders gosync.Map

func exitcode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

func askAdmin(ts *testscript.TestScript, neg bool, args []string) {
	var body io.Reader
	if len(args) == 3 {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	req, err := http.NewRequest(args[0], ts.Getenv("KONG")+args[1], body)
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	var indented bytes.Buffer
	if json.Indent(&indented, text, "", "  ") == nil {
		text = indented.Bytes()
	}
	fmt.Fprintf(ts.Stdout(), "%s\n", text)
	if failed := resp.StatusCode >= 400; failed != neg {
		ts.Fatalf("%s %s: %s: %s", args[0], args[1], resp.Status, text)
	}
}

func getProxy(ts *testscript.TestScript, neg bool, args []string) {
	resp, err := http.Get(ts.Getenv("PROXY") + args[0])
	ts.Check(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n%s\n", resp.Status, text)
}

func expand(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o666))
	}
}

func writeRequests(ts *testscript.TestScript, neg bool, args []string) {
	v, ok := recorders.Load(ts.Getenv("KONG"))
	if !ok {
		ts.Fatalf("no kong is running")
	}
	r := v.(*recorder)
	r.mu.Lock()
	defer r.mu.Unlock()
	text := strings.Join(r.seen, "\n") + "\n"
	r.seen = nil
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}
