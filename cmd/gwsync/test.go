package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/routetest"
)

func newTest(p process) *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test [FILE|DIR ...]",
		Short: "Run routing tests on the manifests, or on a live proxy",
		Long: `Run the routing tests that stand beside the manifests, in files *.test.yaml: each is a request, and what is expected of it. They
run on an embedded Kong with the rendered configuration, without a network, or with --proxy on a real one.

  tests:
  - name: what is below /echo goes to the echo service
    request: {url: http://www.example.com/echo/a, method: POST, headers: {X-Version: "2"}, body: hello}
    expect:
      backend: shop/echo:8080           # the Service that gets the request
      path: /a                          # what it gets: path, host, headers (null: no such header)
      route: HTTPRoute shop/echo        # whose rule answers
  - name: the old address redirects
    request: {url: http://www.example.com/old}
    expect: {status: 301, location: https://www.example.com/new}   # responseHeaders likewise
  - name: a call
    request: {url: http://grpc.example.com, grpc: shop.v1.Cart/Add}
    expect: {backend: shop/cart:9000}       # grpcStatus, too, where Kong answers by itself
  - name: nothing else is served
    request: {url: http://www.example.com/other}
    expect: {noRoute: true}

With --generate it prints a first set of tests: what now happens to a request for each match.`,
		Example: `  gwsync test --path examples/cross-namespace
  gwsync test --generate --path manifests > manifests/routes.test.yaml
  gwsync test --proxy http://127.0.0.1:8000 -o junit`,
		Args: manifestArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, p) },
	}
	flags := cmd.Flags()
	f.tests.add(flags)
	flags.BoolVar(&f.generate, "generate", false, "print tests of what now happens instead")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print tests that pass, too")
	outputFlag(flags, &f.output, "text", "junit")
	f.from.add(flags)
	f.how.add(flags)
	return cmd
}

type testFlags struct {
	from     sourceFlags
	how      renderFlags
	tests    testSource
	generate bool
	verbose  bool
	output   string
}

func (f *testFlags) run(cmd *cobra.Command, p process) error {
	source, err := f.from.source(cmd.Flags(), p)
	if err != nil {
		return err
	}
	o, err := f.how.options()
	if err != nil {
		return err
	}
	result, tests, err := f.read(cmd.Context(), source, p, o)
	if err != nil {
		return err
	}
	if n := result.Findings.Count(diag.Error); n > 0 {
		fmt.Fprintf(p.stderr, "%s in the manifests, which may be why tests fail: see gwsync lint\n", plural(n, "error"))
	}
	on, err := f.kong(result, o.Target)
	if err != nil {
		return err
	}
	if f.generate {
		text, err := routetest.Generate(cmd.Context(), on, requestsOf(callsOf(result.Graph.Routes)))
		if err != nil {
			return err
		}
		_, err = p.stdout.Write(text)
		return err
	}
	if len(tests) == 0 {
		return sync.WithHint(errors.New("there are no tests"), "write a first set with: gwsync test --generate > routes.test.yaml")
	}
	results := routetest.Run(cmd.Context(), tests, on)
	write := func() error { return routetest.WriteText(p.stdout, results, f.verbose) }
	if f.output == "junit" {
		write = func() error { return routetest.WriteJUnit(p.stdout, results) }
	}
	if err := write(); err != nil {
		return err
	}
	if n := routetest.Failed(results); n > 0 {
		return fmt.Errorf("%s failed", plural(n, "test"))
	}
	return nil
}

// read returns the rendered manifests and the tests.
func (f *testFlags) read(
	ctx context.Context, source sync.Source, p process, o render.Options,
) (result render.Result, tests []routetest.Test, err error) {
	snapshot, err := source.Fetch(ctx)
	if err != nil {
		return result, nil, err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	if result, err = render.Render(snapshot.Inputs, o); err != nil || f.generate {
		return result, nil, err
	}
	tests, err = f.tests.load(ctx, snapshot, p.stdin)
	return result, tests, err
}

// kong returns what the tests are to be run on.
func (f *testFlags) kong(result render.Result, target render.Target) (routetest.Kong, error) {
	if len(f.tests.proxy) == 0 {
		return routetest.NewOffline(result, target), nil
	}
	live, err := f.tests.live()
	if err != nil {
		return nil, err
	}
	return live.Know(result, target), nil
}

// requestsOf returns calls as requests for tests.
func requestsOf(calls []call) []routetest.Named {
	var out []routetest.Named
	for _, c := range calls {
		if c.regex != "" {
			continue // nobody knows what would match
		}
		scheme, host := "http", c.host
		if c.secure {
			scheme = "https"
		}
		if host == "" {
			host = "localhost"
		}
		n := routetest.Named{Name: c.rule + ": " + c.method + " " + c.path, Request: routetest.Request{URL: scheme + "://" + host + c.path}}
		switch {
		case c.grpc != "":
			n = routetest.Named{Name: c.rule + ": " + c.grpc, Request: routetest.Request{URL: scheme + "://" + host, GRPC: c.grpc}}
		case c.method != "GET":
			n.Request.Method = c.method
		}
		for _, h := range c.headers {
			if n.Request.Headers == nil {
				n.Request.Headers = map[string]string{}
			}
			n.Request.Headers[h[0]] = h[1]
		}
		out = append(out, n)
	}
	return out
}
