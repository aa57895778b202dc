package git

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseURL(t *testing.T) {
	for raw, want := range map[string]address{
		"https://github.com/o/r.git": {scheme: "https", host: "github.com", path: "/o/r.git", shown: "https://github.com/o/r.git"},
		"https://u:s3cret@example.com:8443/r": {
			scheme: "https", user: "u", password: "s3cret", host: "example.com", port: 8443, path: "/r",
			shown: "https://example.com:8443/r",
		},
		"https://s3cret@example.com/r": {scheme: "https", user: "s3cret", host: "example.com", path: "/r", shown: "https://example.com/r"},
		"https://[::1]:8443/r":         {scheme: "https", host: "::1", port: 8443, path: "/r", shown: "https://[::1]:8443/r"},
		"ssh://git@example.com:2222/o/r.git": {
			scheme: "ssh", user: "git", host: "example.com", port: 2222, path: "/o/r.git",
			shown: "ssh://git@example.com:2222/o/r.git",
		},
		"ssh://example.com/~me/r.git": {scheme: "ssh", user: "git", host: "example.com", path: "~me/r.git", shown: "ssh://example.com/~me/r.git"},
		"git@github.com:o/r.git":      {scheme: "ssh", user: "git", host: "github.com", path: "o/r.git", shown: "git@github.com:o/r.git"},
		"host:r":                      {scheme: "ssh", user: "git", host: "host", path: "r", shown: "host:r"},
		"file:///srv/a%20b.git":       {scheme: "file", path: "/srv/a b.git", shown: "file:///srv/a%20b.git"},
		"file://localhost/srv/r":      {scheme: "file", host: "localhost", path: "/srv/r", shown: "file://localhost/srv/r"},
		"../repo":                     {scheme: "file", path: "../repo", shown: "../repo"},
		"./a:b":                       {scheme: "file", path: "./a:b", shown: "./a:b"},
		"s3cret@github.com/o/r":       {scheme: "file", path: "s3cret@github.com/o/r", shown: "***@github.com/o/r"},
	} {
		got, err := parseURL(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(address{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", raw, diff)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                   "the URL of the repository is empty",
		"http://u:s3cret@example.com/r":      "http://example.com/r: http is not encrypted: what is applied could be changed on the way",
		"git://example.com/r":                "git://example.com/r: git is not encrypted: what is applied could be changed on the way",
		"ftp://example.com/r":                "ftp://example.com/r: the scheme is none of file, https and ssh",
		"https:///r":                         "https:///r: the URL names no repository on a host",
		"https://example.com/":               "https://example.com/: the URL names no repository on a host",
		"https://example.com/r?token=s3cret": "https://example.com/r: the URL of a repository has no query and no fragment",
		"https://u:s3cret@exa mple.com/r":    "the URL of the repository cannot be parsed",
		"https://u:s3cret%zz@example.com/r":  "the URL of the repository cannot be parsed",
		"https://example.com:99999/r":        "the port in the URL of the repository is not a number below 65536",
		"user:s3cret@github.com/o/r":         "the URL of the repository cannot be parsed",
		"/://s3cret@example.com/r":           "the URL of the repository cannot be parsed",
		"file://server/share/r":              "file://server/share/r: the repository is on another host",
	} {
		_, err := parseURL(raw)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", raw, err, want)
		}
	}
}

// No error and no address ever shows what is secret in a URL.
func FuzzParseURL(f *testing.F) {
	const secret = "s3cretS3CRET"
	for _, around := range []string{
		"https://u:|@example.com/r", "https://|@example.com/r", "u:|@example.com:r", "|@example.com/r", "http://a:|@[::1]:1/", "https://u:|@h:x/",
	} {
		before, after, _ := strings.Cut(around, "|")
		f.Add(before, after)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		// Only what stands before the @ of the host can be a secret.
		if !strings.HasPrefix(after, "@") || strings.ContainsAny(strings.TrimSuffix(strings.TrimSuffix(before, "u:"), "://"), "/?#\\") {
			return
		}
		a, err := parseURL(before + secret + after)
		if a.scheme == "ssh" && a.password == "" {
			return // a user, such as "git"
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%q: the error shows the secret: %v", before+secret+after, err)
		}
		if strings.Contains(a.String(), secret) {
			t.Errorf("%q: the address shows the secret: %v", before+secret+after, a)
		}
	})
}
