package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// screen is what a user sees while a command runs.
type screen struct {
	mu   gosync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// until waits for the screen to show a pattern, and returns what its first group matches, if it has one.
func (s *screen) until(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for range 2000 {
		if m := re.FindStringSubmatch(s.String()); m != nil {
			return m[len(m)-1]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s never came; the screen shows:\n%s", pattern, s)
	return ""
}

const previewed = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec:
  gatewayClassName: kong
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: real}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: kong}]
  hostnames: ["*.example.com"]
  rules:
  - matches:
    - path: {value: /one}
      method: POST
      headers: [{name: X-It, value: it's}]
    backendRefs: [{name: real, port: 80}]
  - matches: [{path: {type: RegularExpression, value: "/v[0-9]+"}}]
    backendRefs: [{name: real, port: 80, weight: 0}]
`

// TestPreview edits manifests while they are served.
func TestPreview(t *testing.T) {
	real := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"real": r.URL.Path})
	}))
	defer real.Close()
	file := filepath.Join(t.TempDir(), "all.yaml")
	edit := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	edit(previewed)
	ctx, stop := context.WithCancel(t.Context())
	var out screen
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{
			"sandbox", "-f", file, "--router-flavor", "expressions", "--admin-listen", "127.0.0.1:0", "--proxy-listen", "127.0.0.1:0",
			"--proxy-ssl-listen", "127.0.0.1:0",
			"--backend", "default/real:80=" + real.URL,
		}, process{stdin: strings.NewReader(""), stdout: &out, stderr: &out, getenv: func(string) string { return "" }})
	}()
	proxy := out.until(t, `proxy on (http://\S+)`)
	table := out.until(t, `(?s)(ROUTE .*)`)
	want := "HTTPRoute default/web rule 0  Service default/real port 80  curl -H 'Host: www.example.com' -X POST -H 'X-It: it'\\''s' " +
		proxy + "/one"
	if !strings.Contains(table, want) {
		t.Errorf("the table has no line %q:\n%s", want, table)
	}
	ask := func(path string) (int, map[string]any) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, proxy+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "www.example.com"
		req.Header.Set("X-It", "it's")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var body map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body
	}
	_, body := ask("/one")
	if diff := cmp.Diff(map[string]any{"real": "/one"}, body); diff != "" {
		t.Errorf("the mapped backend was not asked (-want +got):\n%s", diff)
	}

	edit(strings.ReplaceAll(previewed, "/one", "/two"))
	out.until(t, `took over the change`)
	if code, _ := ask("/one"); code != http.StatusNotFound {
		t.Errorf("the old path answers %d after the change, want 404", code)
	}
	edit("kind: [")
	out.until(t, `what was served before stays`)
	if code, _ := ask("/two"); code != http.StatusOK {
		t.Errorf("after a mistake in the file the route answers %d, want 200 as before", code)
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d, want %d", code, exitOK)
	}
}

func FuzzQuoteShell(f *testing.F) {
	for _, s := range []string{"", "plain", "it's", "$(rm -rf /)", "`x`", "a b", "\n", "'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		// A shell reads text in single quotes as it is, up to the next single quote, and \' as a single quote.
		got, quoted := "", quoteShell(s)
		for rest := quoted; rest != ""; {
			switch {
			case rest[0] == '\'':
				end := strings.IndexByte(rest[1:], '\'')
				if end < 0 {
					t.Fatalf("%q leaves a quotation open", quoted)
				}
				got, rest = got+rest[1:1+end], rest[end+2:]
			case strings.HasPrefix(rest, `\'`):
				got, rest = got+"'", rest[2:]
			case strings.ContainsAny(rest[:1], "$`\"\\ \t\n;&|<>()*?[]#~!{}^"):
				t.Fatalf("%q has %q outside of quotes", quoted, rest[0])
			default:
				got, rest = got+rest[:1], rest[1:]
			}
		}
		if got != s {
			t.Errorf("quoteShell(%q) = %s, which a shell reads as %q", s, quoted, got)
		}
	})
}

// TestPreviewOfSeveralPorts asks for routes that differ by nothing but the port, which each has a listener for. One more comes with a
// change.
func TestPreviewOfSeveralPorts(t *testing.T) {
	const listeners = `{name: one, port: 80, protocol: HTTP}, {name: two, port: 8080, protocol: HTTP}`
	manifests := `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec: {gatewayClassName: kong, listeners: [` + listeners + `]}
---
apiVersion: v1
kind: Service
metadata: {name: one}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: two}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: first}
spec:
  parentRefs: [{name: kong, sectionName: one}]
  rules: [{backendRefs: [{name: one, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: second}
spec:
  parentRefs: [{name: kong, sectionName: two}]
  rules: [{backendRefs: [{name: two, port: 80}]}]
`
	file := filepath.Join(t.TempDir(), "all.yaml")
	edit := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	edit(manifests)
	ctx, stop := context.WithCancel(t.Context())
	var out screen
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{
			"sandbox", "-f", file, "--router-flavor", "expressions", "--admin-listen", "127.0.0.1:0", "--proxy-listen", "127.0.0.1:0",
			"--proxy-ssl-listen", "127.0.0.1:0",
		}, process{stdin: strings.NewReader(""), stdout: &out, stderr: &out, getenv: func(string) string { return "" }})
	}()
	answered := func(url string) string {
		t.Helper()
		resp, err := http.Get(url) //nolint:noctx // it ends with the test
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var body struct {
			Backend string `json:"backend"`
		}
		_ = json.NewDecoder(resp.Body).Decode(&body)
		return body.Backend
	}
	for pattern, want := range map[string]string{
		`HTTPRoute default/first rule 0 .* curl (http://\S+)`:  "one.default.svc:80",
		`HTTPRoute default/second rule 0 .* curl (http://\S+)`: "two.default.svc:80",
	} {
		if got := answered(out.until(t, pattern)); got != want {
			t.Errorf("%s: %q answered, want %q", pattern, got, want)
		}
	}
	own := out.until(t, `proxy for port 8080 \(HTTP\) of the Gateways on http://\S+:(\d+)`)
	resp, err := http.Get(out.until(t, `Admin API on (http://[^ ,]+)`)) //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var root struct {
		Configuration struct {
			PortMaps []string `json:"port_maps"`
		} `json:"configuration"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&root); err != nil || len(root.Configuration.PortMaps) != 2 ||
		root.Configuration.PortMaps[1] != "8080:"+own {
		t.Errorf("the Admin API says %q (%v)", root.Configuration.PortMaps, err)
	}

	edit(strings.ReplaceAll(manifests, "8080", "8081"))
	if got := answered(out.until(t, `proxy for port 8081 \(HTTP\) of the Gateways on (http://\S+)`)); got != "two.default.svc:80" {
		t.Errorf("%q answered on the new port", got)
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d, want %d", code, exitOK)
	}
}
