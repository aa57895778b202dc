package admin

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	gwsync "github.com/gwsync/gwsync/sync"
)

const (
	service  = `{"id":"1","name":"s","host":"h"}`
	target   = `{"id":"2","target":"h:80","upstream":{"id":"3"},"weight":5}`
	inTarget = `/upstreams/3/targets`
)

func TestWrite(t *testing.T) {
	const conflict = `409 {"code":5,"name":"unique constraint violation","fields":{"target":"h:80"},"message":"UNIQUE"}`
	for _, test := range []struct {
		name    string
		op      diff.Op
		kind    kong.Kind
		entity  string
		answers map[string][]string
		want    []string // requests and bodies
		err     string
	}{
		{name: "create", op: diff.Create, kind: kong.Services, entity: service,
			answers: map[string][]string{"PUT /services/1": {"200 {}"}},
			want:    []string{"PUT /services/1", `{"id":"1","host":"h","name":"s"}`}},
		{name: "answer lost", op: diff.Update, kind: kong.Services, entity: service,
			answers: map[string][]string{"PUT /services/1": {reset, "200 {}"}},
			want:    []string{"PUT /services/1", `{"id":"1","host":"h","name":"s"}`, "PUT /services/1", `{"id":"1","host":"h","name":"s"}`}},
		{name: "refused", op: diff.Update, kind: kong.Services, entity: service,
			answers: map[string][]string{"PUT /services/1": {conflict, conflict, conflict}},
			want: []string{"PUT /services/1", `{"id":"1","host":"h","name":"s"}`, "PUT /services/1", `{"id":"1","host":"h","name":"s"}`,
				"PUT /services/1", `{"id":"1","host":"h","name":"s"}`},
			err: "PUT /services/1: 409 unique constraint violation: target: h:80"},
		{name: "in its own way", op: diff.Update, kind: kong.Services, entity: service, // two at the same time
			answers: map[string][]string{"PUT /services/1": {`400 {"name":"primary key violation","fields":{"id":"1"}}`, "200 {}"}},
			want:    []string{"PUT /services/1", `{"id":"1","host":"h","name":"s"}`, "PUT /services/1", `{"id":"1","host":"h","name":"s"}`}},
		{name: "tags in the order that Kong finds quickly", op: diff.Create, kind: kong.Services,
			entity:  `{"id":"1","host":"h","tags":["k8s-kind:Service","k8s-name:s"]}`,
			answers: map[string][]string{"PUT /services/1": {"200 {}"}},
			want:    []string{"PUT /services/1", `{"id":"1","host":"h","tags":["k8s-name:s","k8s-kind:Service"]}`}},
		{name: "delete", op: diff.Delete, kind: kong.Services, entity: service,
			answers: map[string][]string{"DELETE /services/1": {"204 "}},
			want:    []string{"DELETE /services/1", ""}},
		{name: "delete what is gone", op: diff.Delete, kind: kong.Targets, entity: target,
			want: []string{"DELETE " + inTarget + "/2", ""}},
		{name: "create a target", op: diff.Create, kind: kong.Targets, entity: target,
			answers: map[string][]string{"POST " + inTarget: {"201 {}"}},
			want:    []string{"POST " + inTarget, `{"id":"2","target":"h:80","upstream":{"id":"3"},"weight":5}`}},
		{name: "create a target that a lost answer created", op: diff.Create, kind: kong.Targets, entity: target,
			answers: map[string][]string{"POST " + inTarget: {reset, conflict}, "PATCH " + inTarget + "/2": {"200 {}"}},
			want: []string{"POST " + inTarget, `{"id":"2","target":"h:80","upstream":{"id":"3"},"weight":5}`,
				"POST " + inTarget, `{"id":"2","target":"h:80","upstream":{"id":"3"},"weight":5}`,
				"PATCH " + inTarget + "/2", `{"tags":null,"target":"h:80","weight":5}`}},
		{name: "create a target whose id is known", op: diff.Create, kind: kong.Targets, entity: target,
			answers: map[string][]string{
				"POST " + inTarget:         {`400 {"code":3,"name":"primary key violation","fields":{"id":"2"},"message":"taken"}`},
				"PATCH " + inTarget + "/2": {"200 {}"}},
			want: []string{"POST " + inTarget, `{"id":"2","target":"h:80","upstream":{"id":"3"},"weight":5}`,
				"PATCH " + inTarget + "/2", `{"tags":null,"target":"h:80","weight":5}`}},
		{name: "create a target that somebody else created", op: diff.Create, kind: kong.Targets, entity: target,
			answers: map[string][]string{"POST " + inTarget: {conflict}},
			want: []string{"POST " + inTarget, `{"id":"2","target":"h:80","upstream":{"id":"3"},"weight":5}`,
				"PATCH " + inTarget + "/2", `{"tags":null,"target":"h:80","weight":5}`},
			err: "POST " + inTarget + ": 409 unique constraint violation: target: h:80"},
		{name: "update a certificate", op: diff.Update, kind: kong.Certificates, entity: `{"id":"1","cert":"C","key":"K","tags":["a"]}`,
			answers: map[string][]string{"PATCH /certificates/1": {"200 {}"}},
			want:    []string{"PATCH /certificates/1", `{"cert":"C","cert_alt":null,"key":"K","key_alt":null,"tags":["a"]}`}},
		{name: "update a target", op: diff.Update, kind: kong.Targets, entity: `{"id":"2","target":"h:80","upstream":{"id":"3"},"tags":["a"]}`,
			answers: map[string][]string{"PATCH " + inTarget + "/2": {"200 {}"}},
			want:    []string{"PATCH " + inTarget + "/2", `{"tags":["a"],"target":"h:80","weight":100}`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: test.answers}
				err := client(t, s, Config{}).Write(t.Context(), diff.Write{Op: test.op, Entity: entityOf(t, test.kind, test.entity)})
				if got := text(err); got != test.err {
					t.Errorf("got error %q, want %q", got, test.err)
				}
				var got []string
				for _, e := range s.seen {
					got = append(got, e.line, e.body)
				}
				if d := cmp.Diff(test.want, got); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestValidate(t *testing.T) {
	e := entityOf(t, kong.Services, service)
	s := &script{answers: map[string][]string{"POST /schemas/services/validate": {
		`200 {"message":"schema validation successful"}`,
		`400 {"name":"schema violation","fields":{"port":"value should be between 0 and 65535"},"message":"schema violation"}`,
		`403 {"message":"no"}`,
	}}}
	c := client(t, s, Config{})
	if err := c.Validate(t.Context(), e); err != nil {
		t.Errorf("taken: %v", err)
	}
	var rejected *gwsync.RejectedError
	if err := c.Validate(t.Context(), e); !errors.As(err, &rejected) {
		t.Errorf("refused: %v", err)
	} else if want := "kong refuses service s: port: value should be between 0 and 65535"; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := c.Validate(t.Context(), e); errors.As(err, &rejected) {
		t.Errorf("not allowed to ask: %v", err)
	}
}

func TestLoad(t *testing.T) {
	const post = "POST /config?check_hash=1&flatten_errors=1"
	origin := kong.Origin{Object: diag.Object{Kind: "HTTPRoute", Namespace: "a", Name: "b"}, Pos: diag.Pos{File: "route.yaml", Line: 7}}
	s, err := kong.NewState(
		entityOf(t, kong.Services, `{"id":"`+id(1)+`","name":"s","host":"h"}`),
		entityOf(t, kong.Routes, `{"id":"`+id(2)+`","name":"r","paths":["nope"]}`).WithOrigin(origin),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, answer string
		want, hint   string
		findings     diag.List
	}{
		{name: "loaded", answer: "201 {}"},
		{name: "loaded before", answer: "304 "},
		{name: "too large", answer: "413 <html>", want: "POST /config: 413 Request Entity Too Large",
			hint: "raise nginx_admin_client_max_body_size and nginx_admin_client_body_buffer_size"},
		{name: "larger than nginx's buffer", answer: `400 {"message":"Cannot parse JSON body"}`,
			want: "POST /config: 400 Bad Request: Cannot parse JSON body", hint: "raise nginx_admin_client_body_buffer_size"},
		{name: "unreadable", answer: `400 {"name":"invalid declarative configuration","fields":{"error":"failed parsing"}}`,
			want: "POST /config: 400 invalid declarative configuration: error: failed parsing"},
		{name: "refused", answer: `400 {"name":"invalid declarative configuration","fields":{},"flattened_errors":[
			{"entity_type":"service","entity_name":"s","errors":[{"type":"entity","message":"is bad"}]},
			{"entity_type":"route","entity_id":"` + id(2) + `","entity_name":"r","errors":[
				{"type":"field","field":"paths.1","message":"should start with: /"},{"type":"field","field":"hosts","messages":["a","b"]}]},
			{"entity_type":"spoon","entity_name":"x","errors":[{"type":"field","field":"y","message":"is z"}]}]}`,
			want: "kong refuses 3 entities:\n  route r (route.yaml:7): hosts: a; hosts: b; paths.1: should start with: /\n" +
				"  service s: is bad\n  spoon x: y: " + hidden,
			findings: diag.List{
				{Severity: diag.Error, Code: "RejectedByKong", Object: origin.Object, Pos: origin.Pos,
					Message: "kong refuses the route r: hosts: a; hosts: b; paths.1: should start with: /"},
				{Severity: diag.Error, Code: "RejectedByKong", Message: "kong refuses the service s: is bad"},
				{Severity: diag.Error, Code: "RejectedByKong", Message: "kong refuses the spoon x: y: " + hidden},
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := &script{answers: map[string][]string{post: {test.answer}}}
			err := client(t, fake, Config{}).Load(t.Context(), s)
			if got := text(err); got != test.want {
				t.Errorf("got error %q\nwant %q", got, test.want)
			}
			var refused *Error
			if errors.As(err, &refused) && test.hint != "" && !strings.HasPrefix(refused.Hint(), test.hint) {
				t.Errorf("got hint %q", refused.Hint())
			}
			var rejected *gwsync.RejectedError
			if errors.As(err, &rejected) {
				if d := cmp.Diff(test.findings, rejected.Findings()); d != "" {
					t.Error(d)
				}
			}
			if got := fake.bodyOf(post); !strings.HasPrefix(got, `{"config":"_format_version: \"3.0\"\n_transform: false\n`) {
				t.Errorf("posted %s", got)
			}
		})
	}
}

// TestLoadIsConfirmed has the Kong say in the end what it holds: only that counts when the answer to a load is lost, and when another
// load comes right after.
func TestLoadIsConfirmed(t *testing.T) {
	const post = "POST /config?check_hash=1&flatten_errors=1"
	s, err := kong.NewState(entityOf(t, kong.Services, `{"id":"`+id(1)+`","name":"s","host":"h"}`))
	if err != nil {
		t.Fatal(err)
	}
	var posted bytes.Buffer
	if err := s.EncodeStored(&posted); err != nil {
		t.Fatal(err)
	}
	ours := fmt.Sprintf(`200 {"configuration_hash":"%x"}`, md5.Sum(posted.Bytes()))
	const theirs = `200 {"configuration_hash":"3b7f0e1d2c9a8877665544332211ffee"}`
	for _, test := range []struct {
		name, load, status string
		want               string
		refused            bool
	}{
		{name: "loaded", load: "201 {}", status: ours},
		{name: "loaded before", load: "304 ", status: ours},
		{name: "another came after it", load: "201 {}", status: theirs, want: "kong took the configuration, and then holds another"},
		{name: "it does not say", load: "201 {}", status: "200 {}"},
		{name: "it must not say", load: "201 {}", status: "403 {}"},
		{name: "answer lost, and loaded", load: "504 {}", status: ours},
		{name: "answer lost, and not loaded yet", load: "504 {}", status: theirs, want: "POST /config: 504 Gateway Timeout"},
		{name: "failed", load: `500 {"message":"An unexpected error occurred"}`, status: theirs,
			want: "POST /config: 500 Internal Server Error: An unexpected error occurred", refused: true},
		{name: "failed, and holds no one knows what", load: "500 {}", status: "200 {}", want: "POST /config: 500 Internal Server Error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := &script{answers: map[string][]string{post: {test.load}, "GET /status": {test.status}}}
			err := client(t, fake, Config{Retries: -1}).Load(t.Context(), s)
			if got := text(err); got != test.want {
				t.Errorf("got error %q\nwant %q", got, test.want)
			}
			if refused := (*Error)(nil); (errors.As(err, &refused) && refused.Refused()) != test.refused {
				t.Errorf("that nothing changed is certain: got %t, want %t", !test.refused, test.refused)
			}
		})
	}
}

// TestErrorsShowNoSecret has Kong quote all that it was sent, in all the places where it can.
func TestErrorsShowNoSecret(t *testing.T) {
	const schema = `200 {"fields":[{"config":{"type":"record","required":true,"fields":[{"secret":{"type":"string","encrypted":true}},
		{"list":{"type":"array","elements":{"type":"string","encrypted":true}}}]}}]}`
	for _, test := range []struct {
		kind   kong.Kind
		entity string
		answer string
		want   string
	}{
		{kong.Certificates, `{"id":"1","cert":"C","key":"hunter2"}`,
			`400 {"name":"schema violation","fields":{"key":"invalid key: hunt...","@entity":["hunter2 does not match"]}}`,
			"PUT /certificates/1: 400 schema violation: (secret) does not match; key: " + hidden},
		{"keyauth_credentials", `{"id":"1","key":"hunter2"}`,
			`409 {"name":"unique constraint violation","message":"UNIQUE violation detected on '{key=\"hunter2\"}'","fields":{"key":"hunter2"}}`,
			"PUT /key-auths/1: 409 unique constraint violation: key: " + hidden},
		{kong.OAuth2Credentials, `{"id":"1","name":"app","client_id":"c","redirect_uris":["http://x/hunter2"],"consumer":{"id":"2"}}`,
			`400 {"name":"schema violation","fields":{"redirect_uris":["cannot parse 'http://x/hunter2'"],
				"name":"required field missing","@entity":["no app"]}}`,
			"PUT /oauth2/1: 400 schema violation: " + hidden + "; name: required field missing; redirect_uris.1: " + hidden},
		{kong.BasicAuthCredentials, `{"id":"1","username":"alice","password":"hunter2"}`,
			`409 {"name":"unique constraint violation","message":"UNIQUE violation detected on '{username=\"alice\"}'"}`,
			"PUT /basic-auths/1: 409 unique constraint violation: " + hidden},
		{kong.Plugins, `{"id":"1","name":"p","config":{"secret":"hunter2","list":["hunter2"],"other":"x"}}`,
			`400 {"name":"schema violation","fields":{"config":{"secret":"bad hunt","list":[null,"bad hunt"],"other":"not hunter2\u001b[2J"}}}`,
			"PUT /plugins/1: 400 schema violation: config.list.2: " + hidden + "; config.other: not (secret)\\x1b[2J; config.secret: " + hidden},
		{kong.Certificates, `{"id":"1","cert":"C","key":"hunter2"}`, `400 {"message":"Cannot parse hunter2"}`,
			"PUT /certificates/1: 400 Bad Request: Cannot parse (secret)"},
		{kong.Certificates, `{"id":"1","cert":"C","key":"hunter2"}`,
			`400 {"name":"foreign key violation","message":"a service references this","fields":{"@referenced_by":"services"}}`,
			"PUT /certificates/1: 400 foreign key violation: a service references this"},
	} {
		e := entityOf(t, test.kind, test.entity)
		s := &script{answers: map[string][]string{
			"PUT /" + test.kind.Collection() + "/1": {test.answer}, "GET /schemas/plugins": {schema}, "GET /schemas/plugins/p": {schema},
		}}
		c := client(t, s, Config{})
		state, err := kong.NewState(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Schemas(t.Context(), state); err != nil {
			t.Fatal(err)
		}
		if got := text(c.Write(t.Context(), diff.Write{Op: diff.Create, Entity: e})); got != test.want {
			t.Errorf("%s: got %q\nwant %q", test.kind, got, test.want)
		}
	}
}

// FuzzErrorsShowNoSecret has Kong, or what answers in its place, say anything at all.
func FuzzErrorsShowNoSecret(f *testing.F) {
	const secret = "hunter2"
	for _, seed := range []string{
		`{"name":"schema violation","message":"key: hunter2","fields":{"key":"hunter2","@entity":["hunter2"]}}`,
		`{"name":"hunter2","fields":{"a":{"hunter2":["hunter2",null,{"b":"hunter2"}]},"key":[["hunt","er2"]]}}`,
		`{"name":"x","fields":"hunter\u0032"}`, `{"flattened_errors":[{"entity_type":"certificate","entity_id":"1","entity_name":"hunter2",
			"errors":[{"field":"hunter2","message":"hunter2"},{"field":"cert","messages":["hunter2"]}]}]}`, `[`, `{"fields":{"":{"":1e9}}}`,
	} {
		f.Add(seed)
	}
	certificate, err := kong.New(kong.Certificates, "1", map[string]any{"cert": "C", "key": secret}, kong.Origin{})
	if err != nil {
		f.Fatal(err)
	}
	state, err := kong.NewState(certificate)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		s := &script{answers: map[string][]string{
			"PATCH /certificates/1": {"400 " + answer}, "POST /config?check_hash=1&flatten_errors=1": {"400 " + answer},
		}}
		c := client(t, s, Config{})
		for _, err := range []error{
			c.Write(t.Context(), diff.Write{Op: diff.Update, Entity: certificate}),
			c.Load(t.Context(), state),
		} {
			if err == nil || strings.Contains(err.Error(), secret) || strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("got %q", err)
			}
		}
	})
}
