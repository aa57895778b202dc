package routetest

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Named is a request to make a test of.
type Named struct {
	Name    string
	Request Request
}

// Generate returns a file of tests that expect of each request what now happens: the backend and what it gets, or Kong's own answer. It
// is to be read before it is believed.
func Generate(ctx context.Context, k Kong, requests []Named) ([]byte, error) {
	var doc File
	for _, n := range requests {
		o, err := k.Ask(ctx, n.Request)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		}
		doc.Tests = append(doc.Tests, Test{Name: n.Name, Request: n.Request, Expect: expectationOf(o)})
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(doc); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

// expectationOf expects what happened.
func expectationOf(o Outcome) Expect {
	var e Expect
	if status, err := strconv.Atoi(o.Header.Get("Grpc-Status")); err == nil {
		e.GRPCStatus = &status
	}
	if o.Routed != nil && !*o.Routed {
		e.NoRoute = true
		return e
	}
	if o.Route != nil {
		e.Route = *o.Route
	}
	if o.Sent != nil && len(o.Sent.Backends) > 0 {
		e.GRPCStatus = nil // the backend's own
		e.Backend, e.Path, e.Host = o.Sent.Backends[0], o.Sent.Path, o.Sent.Host
		return e
	}
	e.Status, e.Location = o.Status, o.Header.Get("Location")
	return e
}
