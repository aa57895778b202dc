package proxy

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gwsync/gwsync/render/kong"
)

// function is one of Kong's plugins pre-function and post-function: Lua code for each phase of a request.
//
// Source: Kong 3.9.3, kong/plugins/pre-function/_handler.lua.
type function struct {
	rewrites, accesses, headers, bodies, logs []*luaChunk
	certificates                              []*luaChunk
}

func newFunction(config kong.Value) (plugin, error) {
	var c struct {
		Certificate  []string `json:"certificate"`
		Rewrite      []string `json:"rewrite"`
		Access       []string `json:"access"`
		HeaderFilter []string `json:"header_filter"`
		BodyFilter   []string `json:"body_filter"`
		Log          []string `json:"log"`
	}
	if err := decode(config, &c); err != nil {
		return nil, err
	}
	f := &function{}
	for _, phase := range []struct {
		code []string
		into *[]*luaChunk
	}{
		{c.Rewrite, &f.rewrites}, {c.Access, &f.accesses}, {c.HeaderFilter, &f.headers}, {c.BodyFilter, &f.bodies}, {c.Log, &f.logs},
		{c.Certificate, &f.certificates},
	} {
		for _, code := range phase.code {
			chunk, err := compileLua(code)
			if err != nil {
				return nil, fmt.Errorf("code: %w", err)
			}
			*phase.into = append(*phase.into, chunk)
		}
	}
	return f, nil
}

// run runs the chunks of a phase, up to the one that ends it.
func (f *function) run(x *exchange, phase string, chunks []*luaChunk) error {
	if len(chunks) == 0 {
		return nil
	}
	t := x.thread()
	t.phase, t.plugin = phase, f
	for _, c := range chunks {
		if err := t.run(c); err != nil || t.ended {
			return err
		}
	}
	return nil
}

// answer runs the chunks of a phase that may answer.
func (f *function) answer(x *exchange, phase string, chunks []*luaChunk) (*response, error) {
	if len(chunks) == 0 {
		return nil, nil
	}
	if err := f.run(x, phase, chunks); err != nil {
		return nil, err
	}
	if x.lua.ended {
		return x.lua.exited, nil
	}
	return x.lua.printedAnswer(), nil
}

func (f *function) access(x *exchange) (*response, error) { return f.answer(x, "access", f.accesses) }

// rewrite runs before the route is known, for the plugins that are for everything.
func (f *function) rewrite(x *exchange) (*response, error) {
	return f.answer(x, "rewrite", f.rewrites)
}

// filter changes the answer's header, then its body. Where that fails Kong closes the connection.
func (f *function) filter(x *exchange, r *response) {
	if len(f.headers)+len(f.bodies) == 0 {
		return
	}
	t := x.thread()
	t.answer = r
	err := f.run(x, "header_filter", f.headers)
	if err == nil && len(f.bodies) > 0 {
		err = f.filterBody(x, r)
	}
	var missing *unmodelledError
	switch {
	case errors.As(err, &missing):
		x.replaceBy(r, x.unmodelled("%s", missing.what))
	case err != nil:
		x.closed = true
	}
}

// replaceBy puts an answer in another one's place.
func (x *exchange) replaceBy(r, by *response) {
	if r.body != nil {
		_ = r.body.Close()
	}
	*r = *by
}

// filterBody runs the code over the body in one piece and then over its end, as nginx does with a short one.
func (f *function) filterBody(x *exchange, r *response) error {
	if r.upgraded != nil {
		return &unmodelledError{"code for the body_filter phase on a connection that switches protocols"}
	}
	body, err := r.readBody()
	if err != nil {
		return err
	}
	t := x.lua
	t.chunk = &bodyChunk{}
	var out bytes.Buffer
	for _, last := range []bool{false, true} {
		t.chunk.out, t.chunk.eof = body, last
		if last {
			t.chunk.out = nil
		} else if len(body) == 0 {
			continue
		}
		if err := f.run(x, "body_filter", f.bodies); err != nil {
			return err
		}
		out.Write(t.chunk.out)
		if t.chunk.eof {
			break
		}
	}
	t.chunk = nil
	cutToLength(r, out.Bytes())
	return nil
}

// log runs after the answer is sent.
func (f *function) log(x *exchange, r *response) {
	if len(f.logs) > 0 {
		x.thread().answer = r
		_ = f.run(x, "log", f.logs) // nobody is there to be told
	}
}

// rewrite runs the code that comes before the router, and returns its answer if it has one.
func (x *exchange) rewrite() *response {
	for _, p := range x.table.plugins.rewriting {
		answer, err := p.rewrite(x)
		if err != nil {
			return x.failed(err)
		}
		if answer != nil {
			return answer
		}
	}
	return nil
}

// finish runs what plugins do once the answer is sent.
func (x *exchange) finish(r *response) {
	for _, p := range x.filters {
		if c, ok := p.(configured); ok {
			p = c.plugin
		}
		if f, ok := p.(*function); ok {
			f.log(x, r)
		}
	}
	x.releaseLua()
}
