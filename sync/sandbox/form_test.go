package sandbox

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// postForm sends a body of the given type and returns the status and the answer.
func postForm(t *testing.T, k *Kong, request, contentType, body string) (int, any) {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	q := httptest.NewRequest(method, path, strings.NewReader(body))
	q.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	k.Admin().ServeHTTP(w, q)
	var answer any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s: answer is no JSON: %v", request, err)
		}
	}
	return w.Code, answer
}

const urlencoded = "application/x-www-form-urlencoded"

// TestForms sends what curl -d sends, and the same in JSON: the answers are the same.
func TestForms(t *testing.T) {
	t.Parallel()
	const id = "00000000-0000-4000-8000-000000000001"
	for _, c := range []struct{ request, form, json string }{
		{"PUT /services/" + id, "name=a&url=http%3A%2F%2Fh%3A81%2Fx&retries=2", `{"name":"a","url":"http://h:81/x","retries":2}`},
		{"PUT /services/" + id, "host=h&port=x&enabled=maybe", `{"host":"h","port":"x","enabled":"maybe"}`},
		{"PUT /services/" + id, "host=h&enabled=false&path=", `{"host":"h","enabled":false,"path":null}`},
		{"PUT /services/" + id, "host=h+h&tags[]=a&tags[]=b", `{"host":"h h","tags":["a","b"]}`},
		{"PUT /services/" + id, "host=h&tags=a", `{"host":"h","tags":["a"]}`},
		{"PUT /services/" + id, "host=h&tags=a&tags=b", `{"host":"h","tags":["a","b"]}`},
		{"PUT /services/" + id, "host=h&tags[1]=a&tags[2]=b", `{"host":"h","tags":["a","b"]}`},
		{"PUT /services/" + id, "host=h&tags%5B%5D=a", `{"host":"h","tags":["a"]}`},
		{"PUT /services/" + id, "host=h&nonsense", `{"host":"h","nonsense":true}`},
		{"PUT /routes/" + id, "paths[]=/a&headers.x[]=1&headers.x[]=2&service.name=s",
			`{"paths":["/a"],"headers":{"x":["1","2"]},"service":{"name":"s"}}`},
		{"PUT /routes/" + id, "protocols[]=tcp&sources[1].ip=10.0.0.0/8&sources[1].port=80",
			`{"protocols":["tcp"],"sources":[{"ip":"10.0.0.0/8","port":80}]}`},
		{"PUT /plugins/" + id, "name=rate-limiting&config.minute=5&config.redis.port=7",
			`{"name":"rate-limiting","config":{"minute":5,"redis":{"port":7}}}`},
		{"PUT /plugins/" + id, "name=rate-limiting&config[minute]=5&config[hide_client_headers]=true",
			`{"name":"rate-limiting","config":{"minute":5,"hide_client_headers":true}}`},
		{"PATCH /plugins/limits", "config.minute=6", `{"config":{"minute":6}}`},
		{"PATCH /services/s", "retries=1", `{"retries":1}`},
		{"PUT /upstreams/" + id, "name=u2&healthchecks.active.healthy.interval=5&healthchecks.active.healthy.http_statuses[]=200",
			`{"name":"u2","healthchecks":{"active":{"healthy":{"interval":5,"http_statuses":[200]}}}}`},
		{"PUT /upstreams/u/targets/1.2.3.4:80", "weight=7", `{"weight":7}`},
		{"POST /schemas/services/validate", "host=h&enabled=false", `{"host":"h","enabled":false}`},
		{"POST /schemas/services/validate", "host=h&port=80", `{"host":"h","port":"80"}`},
		{"POST /schemas/routes/validate", "paths[1]=/a&headers.x[]=1", `{"paths":["/a"],"headers":{"x":["1"]}}`},
	} {
		var answers [2]any
		for i, send := range [][2]string{{"application/json", c.json}, {urlencoded, c.form}} {
			k := New(Config{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
			k.env.UUID = func() string { return "00000000-0000-4000-8000-000000000009" }
			must(t, k, "PUT /services/s", `{"host":"h"}`)
			must(t, k, "PUT /upstreams/u", `{}`)
			must(t, k, "POST /upstreams/u/targets", `{"target":"1.2.3.4:80"}`)
			must(t, k, "POST /plugins", `{"name":"rate-limiting","instance_name":"limits","config":{"minute":1}}`)
			status, answer := postForm(t, k, c.request, send[0], send[1])
			answers[i] = map[string]any{"status": status, "body": answer}
		}
		if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
			t.Errorf("%s %s (-JSON +form):\n%s", c.request, c.form, diff)
		}
	}
}

// TestUploadConfig loads a configuration as curl -F config=@kong.yaml does.
func TestUploadConfig(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("config", "kong.yaml")
	if err != nil {
		t.Fatal(err)
	}
	part.Write([]byte("_format_version: \"3.0\"\nservices:\n- name: s\n  host: h\n")) //nolint:errcheck // into memory
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	k := New(Config{DBLess: true})
	if status, answer := postForm(t, k, "POST /config", w.FormDataContentType(), b.String()); status != 201 {
		t.Fatalf("%d %v", status, answer)
	}
	if a := must(t, k, "GET /services/s", ""); a.body["host"] != "h" {
		t.Errorf("service is %v", a.body)
	}
}

// FuzzForm holds forms to being read without end or harm: what comes out is JSON.
func FuzzForm(f *testing.F) {
	for _, s := range []string{
		"a[b][]=1&a[b][]=2", "a[1].b=c&a.1.b=d", "[5][x].y=1", "a.=1&.a=2", "a[b.c].d", "a%255Bx%255D=1", "a[]=1&a=2&a[x]=3&a",
		"tags[]=a&tags[9]=b&config[x.y]=1", "x[99999999999999999999]=1", "%zz=%", "headers.x=1&headers[x]=2&headers[]=3",
	} {
		f.Add(s, "application/x-www-form-urlencoded")
		f.Add("--b\r\nContent-Disposition: form-data; name=\"config\"\r\n\r\n"+s+"\r\n--b--", "multipart/form-data; boundary=b")
	}
	k := New(Config{})
	f.Fuzz(func(t *testing.T, body, contentType string) {
		for _, kind := range []string{"", "routes", "plugins", "upstreams"} {
			got, err := formBody(contentType, []byte(body), k.tables.Entity(kind))
			if err != nil {
				continue
			}
			if b := encode(got); !json.Valid(b) {
				t.Errorf("%q is no JSON: %s", body, b)
			}
		}
	})
}
