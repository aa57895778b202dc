package report_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

func entity(t *testing.T, k kong.Kind, id string, fields map[string]any) kong.Entity {
	t.Helper()
	fields["tags"] = diff.Tags(instance)
	e, err := kong.New(k, id, fields, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// FuzzTextIsInert has hostile text in every place that text reports show, and wants nothing in them that a terminal obeys.
func FuzzTextIsInert(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b[2J\x1b]0;title\a", "a\nb\r\nc\x00", "\u202eevil\u2066", "\xff\xfe\u0085\u2028",
		"\U000e0041\u200b",
		`http.path == "/a" && http.host == "example.com" && http.method == "GET"`, "local a = 1\nlocal b = 2\nreturn a + b"} {
		for _, now := range []string{"x", s + "y", strings.ReplaceAll(s, "a", "bb")} {
			f.Add(s, now)
		}
	}
	f.Fuzz(func(t *testing.T, rawOld, rawNow string) {
		old, now := strings.ToValidUTF8(rawOld, "?"), strings.ToValidUTF8(rawNow, "?") // an entity has no other text
		service := func(s string) map[string]any {
			return map[string]any{"name": "s", s: s, "host": s, "list": []string{s, "x", s + s}, "map": map[string]any{s: []any{s}}}
		}
		foreign, err := kong.New(kong.Services, "3", map[string]any{"name": now}, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		desired := []kong.Entity{entity(t, kong.Services, "1", service(now)),
			entity(t, "unknown", "4", map[string]any{"name": now, now: old})}
		if now != "" && now != "s" {
			desired = append(desired, entity(t, kong.Services, "2", map[string]any{"name": now}))
		}
		for i := range desired {
			desired[i] = desired[i].WithOrigin(kong.Origin{Pos: diag.Pos{File: now, Line: 1}})
		}
		live := []kong.Entity{entity(t, kong.Services, "1", service(old)), entity(t, "unknown", "5", map[string]any{"name": old})}
		if now != "s" {
			live = append(live, foreign)
		}
		r := report.Report{Target: now, Plan: plan(t, state(t, live...), state(t, desired...)), Err: errors.New(now)}
		finding := diag.Finding{Code: rawOld, Message: rawNow, Hint: rawNow, Pos: diag.Pos{File: rawOld},
			Related: []diag.Pos{{File: rawNow}}, Object: diag.Object{Kind: rawOld, Name: rawNow}}
		empty := report.Report{Target: rawNow}
		for _, s := range []string{text(t, r, false), text(t, empty, false), findings(t, diag.List{finding, {Object: finding.Object}})} {
			for _, c := range s {
				if c != '\n' && !strconv.IsPrint(c) || !utf8.ValidString(s) {
					t.Fatalf("%q in %q", c, s)
				}
			}
		}
		if !json.Valid([]byte(document(t, r))) {
			t.Errorf("no JSON: %s", document(t, r))
		}
	})
}

// FuzzNoSecret has secrets wherever Kong has them, and wants none of their bytes in any format.
func FuzzNoSecret(f *testing.F) {
	f.Add("a", "b", uint8(0))
	f.Add("(secret)", "\n", uint8(1))
	f.Fuzz(func(t *testing.T, old, now string, which uint8) {
		make := func(value string) kong.State {
			value = "SECRET" + strings.ToValidUTF8(value, "?")
			consumer := entity(t, kong.Consumers, "1", map[string]any{"username": "u"})
			ref := map[string]any{"id": "1"}
			return state(t, consumer,
				entity(t, kong.Certificates, "2", map[string]any{"cert": "CERT", "key": value,
					"key_alt": "-----BEGIN PRIVATE KEY-----" + value}),
				entity(t, "basicauth_credentials", "3", map[string]any{"username": "u", "password": value, "consumer": ref}),
				entity(t, "hmacauth_credentials", "4", map[string]any{"username": "u", "secret": value, "consumer": ref}),
				entity(t, "keyauth_credentials", "5", map[string]any{"key": value, "consumer": ref}),
				entity(t, "vaults", "6", map[string]any{"prefix": "v", "config": map[string]any{"token": value}}),
				entity(t, kong.Plugins, "7", map[string]any{"name": "p", "config": map[string]any{
					"list": []any{"x", "-----BEGIN PRIVATE KEY-----" + value}, "text": "-----BEGIN EC PRIVATE KEY-----" + value}}))
		}
		live, desired := make(old), make(now)
		switch which % 3 {
		case 1:
			live = kong.State{}
		case 2:
			desired = kong.State{}
		}
		r := report.Report{Target: "http://user:SECRET@kong:8001", Plan: plan(t, live, desired)}
		r.Applied, r.Failed = r.Plan.Changes(), r.Plan.Changes()
		if all := text(t, r, false) + text(t, r, true) + document(t, r); strings.Contains(all, "SECRET") {
			t.Errorf("a secret in %s", all)
		}
	})
}
