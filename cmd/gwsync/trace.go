package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

func newTrace(p process) *cobra.Command {
	var t tracer
	cmd := &cobra.Command{
		Use:   "trace URL",
		Short: "Say which route answers a request, and what its backend gets",
		Long: `Say which route answers a request and what its backend gets: Gateway and listener, the rule and match of the HTTPRoute,
Kong's route, the plugins that run, and the request as it arrives. Nothing is sent. An embedded Kong decides, by the rendered
configuration or, with --kong-addr on the command line, by that of a live Kong.

The request is written as for curl: -X, -H and -d. With --grpc, or with the content type of gRPC, it is a gRPC call over HTTP/2.`,
		Example: `  gwsync trace http://example.com/echo --path examples/cross-namespace
  gwsync trace -X POST -H 'X-Version: 2' https://shop.example.com/cart --all
  gwsync trace --grpc shop.v1.Cart/Add http://grpc.example.com`,
		Args: oneURL,
		RunE: func(cmd *cobra.Command, args []string) error { return t.run(cmd, args[0], p) },
	}
	flags := cmd.Flags()
	t.ask.add(flags)
	flags.BoolVar(&t.all, "all", false, "show all routes in the order in which Kong tries them, and why each loses")
	outputFlag(flags, &t.output, "text", "json")
	t.from.add(flags)
	t.how.add(flags)
	t.kong.add(flags)
	return cmd
}

// tracer is one run of trace.
type tracer struct {
	ask    requestFlags
	from   sourceFlags
	how    renderFlags
	kong   kongFlags
	all    bool
	output string
}

func (t *tracer) run(cmd *cobra.Command, url string, p process) error {
	req, err := t.ask.request(cmd.Context(), url)
	if err != nil {
		return err
	}
	var on configuration
	if typed(cmd.Flags(), "kong-addr") || typed(cmd.Flags(), "konnect-control-plane-name") {
		on, err = t.live(cmd.Context())
	} else {
		on, err = t.rendered(cmd, p)
	}
	if err != nil {
		return err
	}
	found, err := on.trace(req, t.all)
	if err != nil {
		return err
	}
	if t.output == "json" {
		return found.writeJSON(p.stdout)
	}
	return found.writeText(p.stdout)
}

func oneURL(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return sync.WithHint(errors.New("trace takes one URL"), "such as: gwsync trace http://shop.example.com/cart")
	}
	return nil
}

// requestFlags say what is asked, as curl's do.
type requestFlags struct {
	method  string
	headers []string
	data    string
	grpc    string
	flags   *pflag.FlagSet
}

func (f *requestFlags) add(flags *pflag.FlagSet) {
	f.flags = flags
	flags.StringVarP(&f.method, "request", "X", "", "`METHOD` (default GET, or POST with --data)")
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "`NAME:VALUE` of a header; may be repeated")
	flags.StringVarP(&f.data, "data", "d", "", "`DATA` to send as the body")
	flags.StringVar(&f.grpc, "grpc", "", "call `PACKAGE.SERVICE/METHOD` of the URL's host instead of asking for its path")
}

// request returns the request as Kong's proxy gets it.
func (f *requestFlags) request(ctx context.Context, url string) (*http.Request, error) {
	r := proxy.Request{Method: f.method, GRPC: f.grpc, URL: url, Body: []byte(f.data), Header: http.Header{}}
	if f.method == "" && f.grpc == "" {
		r.Method = http.MethodGet
		if f.flags.Changed("data") {
			r.Method = http.MethodPost
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("-H %q: want 'NAME: VALUE'", h)
		}
		r.Header.Add(name, strings.TrimSpace(value))
	}
	return r.HTTP(ctx)
}

// configuration is a Kong's, with the manifests that it comes from if they are known.
type configuration struct {
	state  kong.State
	flavor kong.Flavor
	graph  *bind.Graph // nil for a live Kong's
}

// rendered is what the manifests come to. Errors among them are said, but do not keep the rest from being looked at.
func (t *tracer) rendered(cmd *cobra.Command, p process) (configuration, error) {
	source, err := t.from.source(cmd.Flags(), p)
	if err != nil {
		return configuration{}, err
	}
	o, err := t.how.options()
	if err != nil {
		return configuration{}, err
	}
	if o.Target.Flavor == "" {
		o.Target.Flavor = kong.TraditionalCompatible
	}
	result, err := renderSource(cmd.Context(), source, o)
	if err != nil {
		return configuration{}, err
	}
	if n := result.Findings.Count(diag.Error); n > 0 {
		fmt.Fprintf(p.stderr, "%s in the manifests, which may be why: see gwsync lint\n", plural(n, "error"))
	}
	showForeign(p.stderr, result)
	return configuration{result.State, o.Target.Flavor, result.Graph}, nil
}

// live is what a Kong holds.
func (t *tracer) live(ctx context.Context) (configuration, error) {
	c, err := t.kong.reader("", func(kong.Entity) bool { return true })
	if err != nil {
		return configuration{}, err
	}
	info, err := c.Info(ctx)
	if err != nil {
		return configuration{}, err
	}
	state, err := c.Read(ctx)
	return configuration{state: state, flavor: info.Flavor}, err
}

// trace asks an embedded Kong, whose Lua may load what it needs.
func (c configuration) trace(r *http.Request, all bool) (trace, error) {
	router, err := route.New(c.state, c.flavor)
	if err != nil {
		return trace{}, err
	}
	p := proxy.New(func() (kong.State, uint64) { return c.state, 1 }, c.flavor,
		proxy.Options{SandboxRequires: render.Modules(c.state)})
	t := trace{request: r, Trace: p.Trace(r)}
	if all || t.Match.Route.IsZero() {
		explanation := router.Explain(t.Routed)
		t.candidates, t.untried, t.all = explanation.Candidates, explanation.Untried, all
	}
	if c.graph != nil {
		t.find(c.graph)
	}
	return t, nil
}

// trace is what becomes of a request, and by which manifests.
type trace struct {
	proxy.Trace
	request *http.Request

	rule     *bind.Rule
	route    *bind.Route
	listener *bind.Listener

	candidates []route.Candidate
	untried    string
	all        bool
}
