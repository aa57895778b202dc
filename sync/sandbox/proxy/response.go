package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// server is how Kong names itself.
const server = "kong/3.9.3"

const jsonType = "application/json; charset=utf-8"

// maxBody is the size of the largest body that is kept in memory, in bytes.
const maxBody = 64 << 20

// response is an answer on its way to the client: Kong's own or a backend's.
type response struct {
	status int
	header http.Header
	body   io.ReadCloser // nil for none
	// proxied says that the answer is a backend's, or stands for one that did not come: Kong marks it with other headers.
	proxied bool
	// waited is how long the backend took, via what it said in its Via header.
	waited time.Duration
	via    []string
	// said is what an answer of Kong's own says; nil for one that is the same to all clients.
	said *said
	// grpc says that the backend was asked over HTTP/2. Then trailer, if not nil, is what followed its body, once that is read.
	grpc    bool
	trailer func() http.Header
	// done is called when the answer is sent, if it is not nil.
	done func()
	// upgraded is the connection to a backend that switched protocols, nil else.
	upgraded io.ReadWriteCloser
}

// newResponse returns an answer of Kong's own. A contentType of "" is sent as such.
func newResponse(status int, contentType, body string) *response {
	return &response{
		status: status,
		header: http.Header{"Content-Type": {contentType}, "Content-Length": {strconv.Itoa(len(body))}},
		body:   io.NopCloser(strings.NewReader(body)),
	}
}

// exit is the answer of a plugin (kong.response.exit): a JSON object.
func exit(status int, body any) *response {
	r := newResponse(status, jsonType, encodeJSON(body))
	r.said = &said{}
	if fields, ok := body.(map[string]any); ok {
		r.said.message, _ = fields["message"].(string)
	}
	return r
}

// encodeJSON returns a value as JSON. Unlike json.Marshal it leaves <, > and & alone, as Kong does.
func encodeJSON(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "null"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// setBody replaces the body.
func (r *response) setBody(b []byte) {
	if r.body != nil {
		_ = r.body.Close()
	}
	r.body = io.NopCloser(bytes.NewReader(b))
}

var errTooLarge = errors.New("the body is too large to be changed")

// readBody returns the whole body and keeps it. After an error, which is errTooLarge or the backend's, nobody can: sending the
// answer fails like reading it did.
func (r *response) readBody() ([]byte, error) {
	if r.body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(r.body, maxBody+1))
	if err == nil && len(b) > maxBody {
		err = errTooLarge
	}
	r.setBody(b)
	if err != nil {
		r.body = io.NopCloser(io.MultiReader(r.body, failingReader{err}))
	}
	return b, err
}

// failingReader ends a body that broke off.
type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// send runs the filters over an answer, adds what Kong adds last, and writes it.
//
// Source: Kong 3.9.3, kong/runloop/handler.lua, header_filter.
func (x *exchange) send(w http.ResponseWriter, r *response) {
	if r.done != nil {
		defer r.done()
	}
	if r.said != nil && x.isGRPC() {
		r.toGRPC()
	}
	defer x.finish(r)
	x.mergeEarly(r)
	for _, p := range x.filters {
		p.filter(x, r)
	}
	if r.body != nil {
		defer r.body.Close()
	}
	if x.closed && x.trace != nil {
		return
	}
	if x.closed {
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to close a connection
	}
	x.stamp(r)
	if r.upgraded != nil {
		tunnel(w, r)
		return
	}
	header := w.Header()
	for name, values := range r.header {
		header[name] = values
	}
	if _, ok := header["Content-Type"]; !ok {
		header["Content-Type"] = nil // or net/http would guess one
	}
	if x.in.ProtoMajor == 2 {
		header.Del("Upgrade")
		if header.Get("Connection") != "close" {
			header.Del("Connection")
		}
	}
	w.WriteHeader(r.status)
	if r.body == nil || x.in.Method == http.MethodHead {
		return
	}
	sendBody(w, r)
	if r.trailer != nil {
		for name, values := range r.trailer() {
			header[http.TrailerPrefix+name] = values
		}
	}
}

// stamp sets the headers that no plugin can change.
func (x *exchange) stamp(r *response) {
	addCharset(r)
	elapsed := time.Since(x.start)
	h := r.header
	if r.proxied {
		h.Set("X-Kong-Upstream-Latency", milliseconds(r.waited))
		h.Set("X-Kong-Proxy-Latency", milliseconds(elapsed-r.waited))
		version := "1.1 "
		if r.grpc {
			version = "2 "
		}
		h.Set("Via", strings.Join(append(slices.Clip(r.via), version+server), ", "))
		if len(h.Values("Server")) == 0 {
			h.Set("Server", server)
		}
	} else {
		h.Set("X-Kong-Response-Latency", milliseconds(elapsed))
		h.Set("Server", server)
	}
	h.Set("X-Kong-Request-Id", x.id)
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(max(0, d.Milliseconds()), 10) }

// addCharset does what nginx's charset directive does: it completes the content types of text that name no charset, but
// not on 301 and 302.
func addCharset(r *response) {
	if r.status == http.StatusMovedPermanently || r.status == http.StatusFound {
		return
	}
	switch t := r.header.Get("Content-Type"); t {
	case "text/html", "text/xml", "text/plain", "text/vnd.wap.wml", "application/javascript", "application/rss+xml":
		r.header.Set("Content-Type", t+"; charset=UTF-8")
	}
}

// sendBody writes the body. A body without a known length may be an endless one, so each piece is sent at once. One that breaks
// off breaks the client's off too: that is how the client learns of it.
func sendBody(w http.ResponseWriter, r *response) {
	_, sized := r.header["Content-Length"]
	var out io.Writer = w
	if !sized {
		out = flushing{w, http.NewResponseController(w)}
		if r.grpc && r.body != http.NoBody {
			_ = http.NewResponseController(w).Flush() // the client may wait for it before it sends more
		}
	}
	if _, err := io.Copy(out, r.body); err != nil {
		_ = http.NewResponseController(w).Flush() // what did arrive is passed on
		panic(http.ErrAbortHandler)               //nolint:forbidigo // net/http's way to say so
	}
}

type flushing struct {
	w io.Writer
	c *http.ResponseController
}

func (f flushing) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if err == nil {
		err = f.c.Flush()
	}
	return n, err
}
