package proxy

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// echoed is what the echo says: which backend it stands for, and the request that would have arrived there.
type echoed struct {
	Backend string            `json:"backend"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Host    string            `json:"host"`
	Headers map[string]string `json:"headers"`
	// Body is the request's body, if it is text of at most 64 KiB.
	Body string `json:"body,omitempty"`
}

// echo answers in place of a backend.
func echo(p peer, out *outgoing) *http.Response {
	e := echoed{
		Backend: p.String(),
		Method:  out.method,
		Path:    out.target(),
		Host:    out.host,
		Headers: make(map[string]string, len(out.header)),
	}
	for name, values := range out.header {
		e.Headers[name] = strings.Join(values, ", ")
	}
	if len(out.body) <= 64<<10 && utf8.Valid(out.body) {
		e.Body = string(out.body)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(e) // strings and a map of them: there is nothing to fail
	r := &http.Response{
		StatusCode: http.StatusOK,
		Header: http.Header{
			"Content-Type":   {"application/json"},
			"Content-Length": {strconv.Itoa(b.Len())},
		},
		Body: io.NopCloser(&b),
	}
	if out.method == http.MethodHead {
		r.Body = http.NoBody
	}
	return r
}
