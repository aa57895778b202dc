package proxy

import (
	"net/http"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// pluginState is what plugins leave in an exchange for each other, and for their own later phases.
type pluginState struct {
	consumer   kong.Entity // whom a plugin identified, or took for its anonymous one
	credential kong.Entity // by what; none for the anonymous one

	// early holds the headers of the answer that plugins set before there is one.
	early http.Header
	// preflight says that cors leaves the answer's headers alone.
	preflight bool
	// lost says that code sent the request where Kong fails to.
	lost bool
	// closed says that there is no answer: the connection ends without one.
	closed bool
	// lua is where the exchange's Lua code runs, nil until there is any.
	lua *luaThread
}

// setEarly sets a header of the answer to come, or of the one there is.
func (x *exchange) setEarly(name, value string) {
	if x.early == nil {
		x.early = http.Header{}
	}
	x.early.Set(name, value)
}

// mergeEarly gives the answer the headers that were set before it was there. Kong's own answers and the headers that nginx knows by
// name win over them; all else of a backend's comes after them.
func (x *exchange) mergeEarly(r *response) {
	for name, values := range x.early {
		theirs, ok := r.header[name]
		switch {
		case !ok:
			r.header[name] = values
		case r.proxied && !isSingleAnswer(name):
			r.header[name] = append(values[:len(values):len(values)], theirs...)
		}
	}
	x.early = nil
}

// isSingleAnswer reports whether nginx keeps a single value of a header of an answer.
func isSingleAnswer(name string) bool {
	switch name {
	case "Content-Type", "Content-Length", "Server", "Location", "Date", "Last-Modified", "Etag", "Expires":
		return true
	}
	return false
}

// requestHeader is the header that changes are made to: until there is a route it is that of the client.
func (x *exchange) requestHeader() http.Header {
	if x.out.header == nil {
		return x.in.Header
	}
	return x.out.header
}

// setRequestHeader replaces a header of the request, the host too. Of those that nginx keeps one value of, it is the last.
func (x *exchange) setRequestHeader(name string, values ...string) {
	if len(values) == 0 {
		return
	}
	if isHost(name) {
		if x.out.header == nil {
			x.in.Host = values[len(values)-1]
		} else {
			x.out.host = values[len(values)-1]
		}
		return
	}
	name = http.CanonicalHeaderKey(name)
	if isSingular(name) {
		values = values[len(values)-1:]
	}
	x.requestHeader()[name] = values
}

// clearRequestHeader removes a header of the request. Like OpenResty it takes no host away.
func (x *exchange) clearRequestHeader(name string) {
	if !isHost(name) {
		x.requestHeader().Del(name)
	}
}

// requestValues returns the values of a header of the request as it is now, by a name in whatever case.
func (x *exchange) requestValues(name string) []string {
	if isHost(name) {
		return []string{x.currentHost()}
	}
	return x.requestHeader().Values(name)
}

// currentHost is the Host header: the client's, unless a plugin set one. What the route alone sets is not one.
func (x *exchange) currentHost() string {
	if x.out.host != "" {
		return x.out.host
	}
	return x.in.Host
}

// requestText returns the first value of a header of the request and whether there is one, as kong.request.get_header does.
func (x *exchange) requestText(name string) (string, bool) {
	values := x.requestValues(name)
	if len(values) == 0 {
		values = x.requestValues(strings.ReplaceAll(name, "_", "-"))
	}
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// rawQuery is the query as it is now.
func (x *exchange) rawQuery() string {
	if x.out.header == nil {
		return x.query()
	}
	return x.out.query
}

// method is the request's method as it is now.
func (x *exchange) method() string {
	if x.out.method == "" {
		return x.in.Method
	}
	return x.out.method
}

// requestBody is the body as it is now.
func (x *exchange) requestBody() ([]byte, error) {
	if x.out.body != nil {
		return x.out.body, nil
	}
	return x.readBody()
}

// setBody replaces the request's body.
func (x *exchange) setBody(b []byte) {
	if b == nil {
		b = []byte{}
	}
	x.out.body, x.out.sized = b, true
}
