package sandbox

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// maxBody limits what a request may post, in bytes: more than a large declarative configuration.
const maxBody = 256 << 20

// request is a request to the Admin API, taken apart.
type request struct {
	method string
	params map[string]string // by name in the endpoint's path
	query  url.Values
	body   map[string]any // nil without a JSON object
	raw    []byte
	form   bool   // the body was a form
	sni    string // the SNI by which a certificate is named
}

func (q *request) param(name string) string { return q.params[name] }

// handler answers a request with a status and a body, which is JSON already ([]byte), to be encoded, or nil.
type handler func(q *request) (int, any, *Error)

// node is a segment of the endpoints' paths.
type node struct {
	static  map[string]*node
	param   *node
	names   []string // of the parameters on the way here
	methods map[string]handler
	entity  *schema.Entity // that bodies of requests are about, if they are
	path    string         // as /endpoints shows it
}

// handle sets what a path answers to a method, with a body that is about an entity of e's kind unless that is nil. Segments
// that begin with a colon are parameters.
func (n *node) handle(method, path string, e *schema.Entity, h handler) {
	var names []string
	for _, segment := range strings.Split(strings.Trim(path, "/"), "/") {
		if name, ok := strings.CutPrefix(segment, ":"); ok {
			names = append(names, name)
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
			continue
		}
		if n.static == nil {
			n.static = map[string]*node{}
		}
		if n.static[segment] == nil {
			n.static[segment] = &node{}
		}
		n = n.static[segment]
	}
	if n.methods == nil {
		n.methods = map[string]handler{}
	}
	n.methods[method], n.names, n.entity = h, names, e
	n.path = shownParam.ReplaceAllString(path, "{$1}")
}

// shownParam is a parameter in a path. It is never written.
var shownParam = regexp.MustCompile(`:([^/]+)`)

// find returns the node of a path and the values of its parameters. What is spelled out goes before parameters.
func (n *node) find(segments, values []string) (*node, []string) {
	if len(segments) == 0 {
		if n.methods == nil {
			return nil, nil
		}
		return n, values
	}
	if next := n.static[segments[0]]; next != nil {
		if found, v := next.find(segments[1:], values); found != nil {
			return found, v
		}
	}
	if n.param == nil || segments[0] == "" {
		return nil, nil
	}
	return n.param.find(segments[1:], append(slices.Clone(values), segments[0]))
}

// serve answers one request.
func (k *Kong) serve(w http.ResponseWriter, r *http.Request) {
	k.requests.Lock()
	k.requests.total++
	k.requests.Unlock()
	h := w.Header()
	h.Set("Server", "kong/"+k.config.Version)
	h.Set("Access-Control-Allow-Origin", cmp.Or(r.Header.Get("Origin"), "*"))
	h.Set("Access-Control-Allow-Credentials", "true")
	status, body, err := k.respond(h, r)
	if err != nil {
		status, body = err.Status, nil
		if err.Body != nil {
			body = err.Body
		}
	}
	if body == nil {
		w.WriteHeader(status)
		return
	}
	text, ok := body.([]byte)
	if !ok {
		text = encode(body)
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(text) //nolint:errcheck // the client is gone
	}
}

// respond finds the endpoint and has it answer.
func (k *Kong) respond(h http.Header, r *http.Request) (int, any, *Error) {
	n, params := k.locate(r.URL.EscapedPath())
	if n == nil {
		return 0, nil, notFound()
	}
	if r.Method == http.MethodOptions && n.methods[http.MethodOptions] == nil {
		allow := n.allowed()
		h.Set("Allow", allow)
		h.Set("Access-Control-Allow-Methods", allow)
		h.Set("Access-Control-Allow-Headers", cmp.Or(r.Header.Get("Access-Control-Request-Headers"), "Content-Type"))
		return http.StatusNoContent, nil, nil
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	answer := n.methods[method]
	if answer == nil {
		if answer = n.methods["*"]; answer == nil {
			return 0, nil, notAllowed()
		}
	}
	q, err := newRequest(r, params, n.entity)
	if err != nil {
		return 0, nil, err
	}
	k.expire()
	if method == http.MethodGet {
		k.mu.RLock()
		defer k.mu.RUnlock()
	} else {
		k.mu.Lock()
		defer k.mu.Unlock()
	}
	return answer(q)
}

// locate finds the endpoint of a path. A slash at the end does not matter.
func (k *Kong) locate(path string) (*node, map[string]string) {
	path = strings.TrimPrefix(path, "/")
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	n, values := k.tree.find(segments, nil)
	if n == nil {
		return nil, nil
	}
	params := map[string]string{}
	for i, name := range n.names {
		value, err := url.PathUnescape(values[i])
		if err != nil {
			value = values[i]
		}
		params[name] = value
	}
	return n, params
}

func (n *node) allowed() string {
	methods := []string{http.MethodOptions}
	for m := range n.methods {
		if m == "*" {
			continue
		}
		methods = append(methods, m)
		if m == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// newRequest reads a request. Bodies are JSON or forms, which are about an entity of e's kind; on /config they may be YAML.
func newRequest(r *http.Request, params map[string]string, e *schema.Entity) (*request, *Error) {
	q := &request{method: r.Method, params: params, query: r.URL.Query()}
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		return q, nil
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, plainError(http.StatusBadRequest, "cannot read the body: "+err.Error())
	}
	if len(raw) > maxBody {
		return nil, plainError(http.StatusRequestEntityTooLarge, "the body is too large")
	}
	q.raw = raw
	switch kind := strings.ToLower(r.Header.Get("Content-Type")); {
	case strings.HasPrefix(kind, "application/json"):
		if q.body = jsonBody(raw); q.body == nil {
			return nil, plainError(http.StatusBadRequest, "Cannot parse JSON body")
		}
	case kind == "" && len(raw) == 0:
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"), strings.HasPrefix(kind, "multipart/form-data"):
		var err *Error
		q.form = true
		q.body, err = formBody(r.Header.Get("Content-Type"), raw, e)
		return q, err
	case r.URL.Path == "/config" && (strings.HasPrefix(kind, "application/yaml") || strings.HasPrefix(kind, "text/yaml")):
	default:
		return nil, &Error{Status: http.StatusUnsupportedMediaType}
	}
	return q, nil
}

// jsonBody returns the object that raw is, or nil if it is none. As in Lua an empty array is an empty object.
func jsonBody(raw []byte) map[string]any {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	if list, ok := v.([]any); ok && len(list) == 0 {
		return map[string]any{}
	}
	body, _ := v.(map[string]any)
	return body
}
