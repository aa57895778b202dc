package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/cmd/gwsync/internal/config"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/sandbox"
)

func newDemo(p process) *cobra.Command {
	var path, flavor string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole job on an embedded Kong",
		Long: `Show the whole job on an embedded, empty Kong: explain how each route is bound, diff, apply, diff again, and ask the proxy
for each route. Each step is a gwsync command, printed as you would type it.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := kong.ParseFlavor(flavor)
			if err != nil {
				return fmt.Errorf("--router-flavor: %w", err)
			}
			result, err := renderSource(cmd.Context(), sync.Dir(path), render.Options{Target: render.Target{Flavor: f}})
			if err != nil {
				return err
			}
			return withSandbox(cmd.Context(), sandbox.Config{Flavor: f}, func(admin, proxy string) error {
				d := demo{p: p, path: path, flavor: flavor, admin: admin, proxy: proxy}
				return d.run(cmd.Context(), result.Graph.Routes)
			})
		},
	}
	cmd.Flags().StringVar(&path, "path", "examples/cross-namespace", "`DIR` of the manifests to show it on")
	cmd.Flags().StringVar(&flavor, "router-flavor", string(kong.TraditionalCompatible),
		"`FLAVOR` of the router: expressions or traditional_compatible")
	return cmd
}

// demo plays commands as a user would type them.
type demo struct {
	p            process
	path, flavor string
	admin, proxy string
}

func (d demo) run(ctx context.Context, routes []*bind.Route) error {
	for _, r := range routes {
		if err := d.command(ctx, "How is the route bound?", "explain", argument(r.Object.Ref)); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		title string
		args  []string
	}{
		{"What would change in Kong, which is empty?", []string{"diff"}},
		{"Change it.", []string{"apply", "--yes"}},
		{"What is left to change?", []string{"diff"}},
	} {
		if err := d.command(ctx, step.title, append(step.args, "--kong-addr", d.admin)...); err != nil {
			return err
		}
	}
	for _, c := range callsOf(routes) {
		if err := d.request(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// command runs gwsync with the arguments and the path.
func (d demo) command(ctx context.Context, title string, args ...string) error {
	args = append(args, "--path", d.path)
	fmt.Fprintf(d.p.stdout, "# %s\n$ gwsync %s\n", title, strings.Join(args, " "))
	p := d.p
	p.stderr = d.p.stdout
	p.stdin = strings.NewReader("")
	p.getenv, p.environ = d.getenv, nil
	if code := run(ctx, append(args, "--config="), p); code != exitOK {
		return codedError{code: code}
	}
	fmt.Fprintln(d.p.stdout)
	return nil
}

// getenv leaves out what would change the commands behind the user's back: the flags of the environment.
func (d demo) getenv(name string) string {
	if strings.HasPrefix(name, config.Prefix) {
		return ""
	}
	return d.p.getenv(name)
}

// request makes a call, as a user would with curl.
func (d demo) request(ctx context.Context, c call) error {
	if c.secure || c.regex != "" {
		return nil
	}
	if c.grpc != "" {
		return d.command(ctx, "What becomes of a call?", "trace", "--router-flavor", d.flavor, "--grpc", c.grpc,
			"http://"+cmp.Or(c.host, "localhost"))
	}
	req, err := http.NewRequestWithContext(ctx, c.method, d.proxy+c.path, nil)
	if err != nil {
		return err
	}
	req.Host = c.host
	for _, h := range c.headers {
		req.Header.Set(h[0], h[1])
	}
	fmt.Fprintf(d.p.stdout, "# Ask Kong's proxy; an echo answers in the backend's place.\n$ %s\n", c.curl(d.proxy))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	const limit = 1 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err != nil {
		return err
	}
	fmt.Fprintf(d.p.stdout, "%s %s\n%s\n\n", resp.Proto, resp.Status, strings.TrimSpace(string(body)))
	return nil
}
