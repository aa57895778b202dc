package routetest

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

const one = `tests:
- name: one
  request: {url: "http://a/", headers: {X: "1"}}
  expect: {backend: ns/b:80, headers: {Y: null}}
`

func TestLoad(t *testing.T) {
	files := fstest.MapFS{
		"b/b.test.yaml":      {Data: []byte(one)},
		"a.test.yml":         {Data: []byte(strings.Replace(one, "name: one", "name: two", 1))},
		"route.yaml":         {Data: []byte("tests: [no]")},
		".hidden/x.test.yml": {Data: []byte("tests: [no]")},
	}
	got, err := Load([]manifest.Input{{FS: files, Path: ".", Prefix: "m"}})
	if err != nil {
		t.Fatal(err)
	}
	test := Test{
		Name: "two", Request: Request{URL: "http://a/", Headers: map[string]string{"X": "1"}},
		Expect: Expect{Backend: "ns/b:80", Headers: map[string]*string{"Y": nil}},
		Pos:    diag.Pos{File: "m/a.test.yml", Line: 2, Col: 3},
	}
	other := test
	other.Name, other.Pos.File = "one", "m/b/b.test.yaml"
	if diff := cmp.Diff([]Test{test, other}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"tests: []\n---\ntests: []\n":                          "f: holds more than one document",
		"tests: [":                                             "f: line 1: did not find expected node content",
		"tests:\n- name: x\n  requets: {}\n":                   "f: unmarshal errors: line 3: field requets not found in type routetest.Test",
		"tests:\n- request: {url: u}\n  expect: {status: 1}\n": "f:2:3: the test has no name",
		"tests:\n- name: x\n  expect: {status: 1}\n":           `f:2:3: test "x": request.url is required`,
		"tests:\n- name: x\n  request: {url: u}\n":             `f:2:3: test "x" expects nothing`,
		"tests:\n- name: x\n  request: {url: u}\n  expect: {noRoute: true, path: /}\n": "" +
			`f:2:3: test "x": without a route, nothing gets to a backend`,
		"tests:\n- name: x\n  request: {url: u}\n  expect: {backend: echo}\n": "" +
			`f:2:3: test "x": backend "echo": want NAMESPACE/NAME:PORT`,
		"tests:\n- name: a\n  request: {url: u}\n- name: b\n  request: {url: u}\n": "" +
			"f:2:3: test \"a\" expects nothing\nf:4:3: test \"b\" expects nothing",
	} {
		if _, err := Parse([]byte(text), "f"); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(one)
	f.Add("tests: &a\n- *a\n")
	f.Add("tests:\n- &a {name: x, request: {url: u}, expect: {status: 404}}\n- *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		tests, err := Parse([]byte(text), "f")
		if err != nil {
			return
		}
		for _, test := range tests {
			if test.Name == "" || test.Request.URL == "" || test.Expect.empty() || test.Pos.Line == 0 {
				t.Errorf("%q gives an incomplete test: %+v", text, test)
			}
		}
	})
}
