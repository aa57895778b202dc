package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

func newSandbox(p process) *cobra.Command {
	var f boxFlags
	cmd := &cobra.Command{
		Use:   "sandbox [FILE|DIR ...]",
		Short: "Serve an embedded Kong to try things on, or to preview manifests",
		Long: `Serve an embedded Kong in memory, Admin API and proxy, to try gwsync without a Kong. An echo answers in place of each
backend. It says which backend it stands for, and which request the backend would have got.

With --path, -f or --repo, it is a preview: it renders and serves the manifests, and follows every change of the files. While they have
errors, it goes on serving what it served before. If the Gateways have several ports of HTTP or HTTPS, each port gets a proxy of its own,
on a free port unless --port-listen names one.

It models an open-source Kong 3.9.3, and refuses what it does not model. When it ends, everything is gone.`,
		Example: `  gwsync sandbox --path examples/cross-namespace
  gwsync sandbox -f manifests/ --backend shop/cart:80=http://127.0.0.1:3000`,
		Args: manifestArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, p) },
	}
	f.add(cmd.Flags())
	f.from.add(cmd.Flags())
	f.how.add(cmd.Flags())
	return cmd
}

// boxFlags say what the sandbox is, where it listens and what it serves.
type boxFlags struct {
	from sourceFlags
	how  renderFlags

	at       addresses
	dbLess   bool
	load     string
	backends []string
	dial     bool
	streams  []string
	ports    []string
}

func (f *boxFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.at.admin, "admin-listen", "127.0.0.1:8001", "`ADDRESS` of the Admin API; port 0 takes a free one")
	flags.StringVar(&f.at.proxy, "proxy-listen", "127.0.0.1:8000", "`ADDRESS` of the proxy for HTTP and gRPC; port 0 takes a free one")
	flags.StringVar(&f.at.secure, "proxy-ssl-listen", "127.0.0.1:8443",
		"`ADDRESS` of the proxy for HTTPS and gRPC over TLS; port 0 takes a free one")
	flags.StringArrayVar(&f.ports, "port-listen", nil,
		"`'PORT=ADDRESS [ssl]'` where the proxy listens for what comes to a port of the Gateways, as proxy_listen and\n"+
			"port_maps say in kong.conf; an address of the two above, or one more; may be repeated")
	flags.StringArrayVar(&f.streams, "stream-listen", nil,
		"`'ADDRESS [ssl] [udp]'` for streams of TCP, TLS (ssl) or UDP, as in kong.conf; may be repeated")
	flags.BoolVar(&f.dbLess, "db-less", false, "be a Kong without a database, configured by POST /config")
	flags.StringVar(&f.load, "load", "", "begin with the declarative configuration in this `FILE`")
	flags.BoolVar(&f.dial, "dial", false, "send requests to the backends themselves: no echo answers for those that --backend does not map")
	flags.StringArrayVar(&f.backends, "backend", nil,
		"`NAMESPACE/NAME:PORT=URL` of a real backend to send requests to; may be repeated")
}

// run serves until the command is interrupted.
func (f *boxFlags) run(cmd *cobra.Command, p process) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	if f.at.streams, err = parseStreamListen(f.streams); err != nil {
		return err
	}
	if f.at.fronts, err = parseFronts(f.ports); err != nil {
		return err
	}
	box, err := f.box(o.Target, p.stderr)
	if err != nil {
		return err
	}
	ready := func(at addresses) { at.print(p.stderr, o.Target.Flavor) }
	if !f.from.given(cmd.Flags()) {
		return box.serve(cmd.Context(), f.at, ready)
	}
	source, err := f.from.source(cmd.Flags(), p)
	if err != nil {
		return err
	}
	return preview{p: p, box: box, source: source, options: o}.run(cmd.Context(), f.at, ready)
}

// options returns those for rendering what the sandbox serves.
func (f *boxFlags) options() (render.Options, error) {
	o, err := f.how.options()
	if err == nil && slices.Contains(o.Target.Modules, kong.AnyModule) {
		err = usageError{errors.New("--lua-requires '*' is not supported by the sandbox, whose Lua runs as with untrusted_lua = sandbox"),
			"name the modules"}
	}
	o.Target.Flavor = cmp.Or(o.Target.Flavor, kong.TraditionalCompatible)
	return o, err
}

// box returns the embedded Kong, which says on w what goes wrong with traffic.
func (f *boxFlags) box(t render.Target, w io.Writer) (box, error) {
	mapped, err := backendMap(f.backends, t.Addresses)
	if err != nil {
		return box{}, err
	}
	traffic := proxy.Options{Backend: mapped, Log: func(message string) { fmt.Fprintln(w, diag.Printable(message)) }}
	if f.dial {
		traffic.Dial = (&net.Dialer{}).DialContext
	}
	b := newBox(sandbox.Config{Flavor: t.Flavor, DBLess: f.dbLess, SandboxRequires: t.Modules}, traffic)
	if f.load != "" {
		err = b.load(f.load)
	}
	return b, err
}

// box is an embedded Kong: Admin API and proxy.
type box struct {
	kong  *sandbox.Kong
	proxy *proxy.Proxy
}

func newBox(c sandbox.Config, o proxy.Options) box {
	k := sandbox.New(c)
	o.NodeID, o.SandboxRequires = k.NodeID(), c.SandboxRequires
	return box{kong: k, proxy: proxy.New(k.State, c.Flavor, o)}
}

// load puts a declarative configuration into the box.
func (b box) load(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	state, err := kong.Decode(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := b.kong.Load(state); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
