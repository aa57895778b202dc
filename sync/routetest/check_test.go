package routetest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/diag"
)

func ptr[T any](v T) *T { return &v }

func TestCheck(t *testing.T) {
	echoed := Outcome{
		Status: 200, Routed: ptr(true), Route: ptr("HTTPRoute shop/cart"), Echoed: true, Header: http.Header{"X-Back": {"1"}},
		Sent: &Sent{Backends: []string{"shop/a:80", "shop/b:80"}, Path: "/p?q", Host: "h", Header: http.Header{"X-To": {"1", "2"}}},
	}
	notFound := Outcome{Status: 404, Routed: ptr(false), Route: ptr(""), Sent: &Sent{}}
	redirect := Outcome{Status: 302, Routed: ptr(true), Route: ptr("HTTPRoute a/b"), Sent: &Sent{},
		Header: http.Header{"Location": {"http://x/"}}}
	silent := Outcome{Status: 404}
	for name, c := range map[string]struct {
		expect              Expect
		outcome             Outcome
		failures, unchecked []string
	}{
		"all as expected": {
			expect: Expect{
				Backend: "shop/b:80", Route: "HTTPRoute shop/cart", Path: "/p?q", Host: "h", Status: 200,
				Headers: map[string]*string{"x-to": ptr("1, 2"), "x-none": nil}, ResponseHeaders: map[string]*string{"X-Back": ptr("1")},
			},
			outcome: echoed,
		},
		"nothing as expected": {
			expect: Expect{
				Backend: "shop/c:80", Route: "HTTPRoute shop/x", Path: "/", Host: "i", Headers: map[string]*string{"x-to": nil, "x-no": ptr("3")},
				ResponseHeaders: map[string]*string{"X-Back": ptr("2")},
			},
			outcome: echoed,
			failures: []string{
				"route is HTTPRoute shop/cart, want HTTPRoute shop/x",
				"backend is shop/a:80 or shop/b:80, want shop/c:80",
				"path is /p?q, want /",
				"host is h, want i",
				"headers: there is no x-no, want 3",
				"headers: x-to is 1, 2, want none",
				"responseHeaders: X-Back is 1, want 2",
			},
		},
		"a route where none is wanted": {
			expect: Expect{NoRoute: true}, outcome: echoed,
			failures: []string{"status is 200 by HTTPRoute shop/cart, want no route: 404"},
		},
		"none where none is wanted":     {expect: Expect{NoRoute: true}, outcome: notFound},
		"a 404 that nobody tells whose": {expect: Expect{NoRoute: true}, outcome: silent, unchecked: []string{"noRoute"}},
		"the status of an echo":         {expect: Expect{Status: 404}, outcome: echoed, unchecked: []string{"status"}},
		"a backend that nobody tells":   {expect: Expect{Backend: "a/b:1", Path: "/"}, outcome: silent, unchecked: []string{"backend", "path"}},
		"a redirect":                    {expect: Expect{Status: 302, Location: "http://x/"}, outcome: redirect},
		"a redirect in place of a backend": {
			expect: Expect{Backend: "a/b:1", Status: 200, Location: "http://y/"}, outcome: redirect,
			failures: []string{
				"no backend gets the request by HTTPRoute a/b: Kong answers 302", "status is 302, want 200", "location is http://x/, want http://y/",
			},
		},
	} {
		got := Test{Expect: c.expect}.Check(c.outcome)
		if diff := cmp.Diff(c.failures, got.Failures); diff != "" {
			t.Errorf("%s: failures (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.unchecked, got.Unchecked); diff != "" {
			t.Errorf("%s: unchecked (-want +got):\n%s", name, diff)
		}
	}
}

// FuzzReports holds reports to their form, whatever tests are called.
func FuzzReports(f *testing.F) {
	f.Add("name", "failure", "file.test.yaml")
	f.Add("\x1b[2J<&]]>", "\n\r\x00", "\xff")
	f.Fuzz(func(t *testing.T, name, failure, file string) {
		results := []Result{
			{Test: Test{Name: name, Pos: diag.Pos{File: file, Line: 1}}, Failures: []string{failure}},
			{Test: Test{Name: name, Pos: diag.Pos{File: file, Line: 2}}, Err: errors.New(failure)},
			{Test: Test{Name: name, Pos: diag.Pos{File: file, Line: 3}}, Unchecked: []string{"status"}},
		}
		var text bytes.Buffer
		if err := WriteText(&text, results, true); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(text.String(), "\n"); got != 7 || !diag.IsPrintable(strings.ReplaceAll(text.String(), "\n", "")) {
			t.Errorf("the report has %d lines, want 7, or cannot be printed: %q", got, text.String())
		}
		var junit bytes.Buffer
		if err := WriteJUnit(&junit, results); err != nil {
			t.Fatal(err)
		}
		var read junitSuites
		if err := xml.Unmarshal(junit.Bytes(), &read); err != nil {
			t.Fatalf("%v in %s", err, &junit)
		}
		if len(read.Suites) != 1 || read.Suites[0].Tests != 3 || read.Suites[0].Failures != 1 || read.Suites[0].Errors != 1 {
			t.Errorf("the report says %+v", read.Suites)
		}
	})
}
