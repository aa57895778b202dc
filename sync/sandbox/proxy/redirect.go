package proxy

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// redirect is Kong's plugin of that name.
type redirect struct {
	passive
	Status   int    `json:"status_code"`
	Location string `json:"location"`
	KeepPath bool   `json:"keep_incoming_path"`

	// target is Location if KeepPath says that the request's path and query go into it.
	target *url.URL
}

func newRedirect(config kong.Value) (plugin, error) {
	r := &redirect{Status: 301}
	if err := decode(config, r); err != nil {
		return nil, err
	}
	if r.Status < 200 {
		return nil, fmt.Errorf("status_code %d", r.Status)
	}
	if r.KeepPath {
		var err error
		if r.target, err = url.Parse(r.Location); err != nil {
			return nil, fmt.Errorf("location: %w", err)
		}
	}
	return r, nil
}

// access answers every request.
//
// Source: Kong 3.9.3, kong/plugins/redirect/handler.lua.
func (r *redirect) access(x *exchange) (*response, error) {
	location := r.Location
	if r.KeepPath {
		location = r.join(x)
	}
	answer := newResponse(r.Status, "", "redirecting")
	answer.header.Del("Content-Type")
	answer.header.Set("Location", location)
	return answer, nil
}

// join returns the location with the path and query of the request, serialized as the URL standard says (Kong uses ada).
func (r *redirect) join(x *exchange) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(r.target.Scheme) + "://")
	if r.target.User != nil {
		b.WriteString(r.target.User.String() + "@")
	}
	b.WriteString(strings.ToLower(r.target.Host))
	b.WriteString(escapeURL(route.NormalizePath(x.path()), " \"#<>?`{}^"))
	if q := x.query(); q != "" {
		b.WriteString("?" + escapeURL(q, " \"#<>'"))
	}
	if r.target.Fragment != "" {
		b.WriteString("#" + r.target.EscapedFragment())
	}
	return b.String()
}

// escapeURL escapes the bytes of a set, controls, and all that is not ASCII. Escapes that are there stay.
func escapeURL(s, set string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(set, c) >= 0 {
			writeEscaped(&b, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
