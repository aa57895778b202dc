package proxy

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOriginForm(t *testing.T) {
	for target, want := range map[string]string{
		"/a//b%2F?x": "/a//b%2F?x", "http://h/a": "/a", "http://h": "/", "ftp://h?x": "/?x",
		"*": "", "noslash": "", "http://": "", "http:///a": "", "a:80": "",
	} {
		if got, ok := originForm(target); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %v", target, got, ok)
		}
	}
}

func FuzzHost(f *testing.F) {
	for _, s := range []string{"example.com", "EXAMPLE.com:80", "[::1]:80", "[::1", "a:b:c", "..", ":80", "a.", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, ok := hostOf(s)
		if !ok {
			return
		}
		if host == "" || strings.ContainsAny(host, "/ \r\n\t") || strings.Contains(host, "..") {
			t.Errorf("%q is accepted as %q", s, host)
		}
		if again, ok := hostOf(host); !ok || again != host && !strings.HasSuffix(host, ".") && !strings.HasPrefix(host, "[") {
			t.Errorf("%q becomes %q and then %q", s, host, again)
		}
	})
}

// What is written must read as it was: by Kong's own decoding, and by everybody else's.
func FuzzArgs(f *testing.F) {
	for _, s := range []string{"a=1&b=2", "x[]=1&x[]=2", "a&b=&=c", "c=%2F+%20&%zz=%", "ä=%C3%A4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a := parseArgs(s)
		text := a.String()
		if diff := cmp.Diff(a.json(), parseArgs(text).json()); diff != "" {
			t.Errorf("%q became %q:\n%s", s, text, diff)
		}
		values, err := url.ParseQuery(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		for name := range a {
			if len(values[name]) != len(a[name]) {
				t.Errorf("%q: %q has %d values", text, name, len(values[name]))
			}
		}
	})
}
