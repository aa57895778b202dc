package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

func newSandbox(p process) *cobra.Command {
	var admin, traffic, flavor string
	var dbLess bool
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve an embedded Kong to try things on",
		Long: `Serve an embedded Kong in memory: Admin API and HTTP proxy, to try gwsync without a Kong. Requests that a route sends to a
backend are answered by an echo that says which backend it stands for, with the request as the backend would have got it.

It models an open-source Kong 3.9.3 and refuses what it does not model; it holds nothing after it ends.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := kong.ParseFlavor(flavor)
			if err != nil {
				return fmt.Errorf("--router-flavor: %w", err)
			}
			box := newBox(sandbox.Config{Flavor: f, DBLess: dbLess})
			return box.serve(cmd.Context(), admin, traffic, func(admin, proxy string) {
				fmt.Fprintf(p.stderr, "Kong %s (%s) listens: Admin API on %s, proxy on %s\n", sandbox.Version, f, admin, proxy)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&admin, "admin-listen", "127.0.0.1:8001", "`ADDRESS` of the Admin API; port 0 takes a free one")
	flags.StringVar(&traffic, "proxy-listen", "127.0.0.1:8000", "`ADDRESS` of the proxy; port 0 takes a free one")
	flags.BoolVar(&dbLess, "db-less", false, "be a Kong without a database, configured by POST /config")
	flags.StringVar(&flavor, "router-flavor", string(kong.TraditionalCompatible), "expressions or traditional_compatible")
	return cmd
}

// box is an embedded Kong: Admin API and proxy.
type box struct {
	kong  *sandbox.Kong
	proxy http.Handler
}

func newBox(c sandbox.Config) box {
	k := sandbox.New(c)
	return box{kong: k, proxy: proxy.New(k.State, c.Flavor, proxy.Options{NodeID: k.NodeID()})}
}

// serve listens until ctx ends. It calls ready with both addresses once they can be used.
func (b box) serve(ctx context.Context, admin, traffic string, ready func(admin, proxy string)) error {
	g, ctx := errgroup.WithContext(ctx)
	urls := make([]string, 2)
	for i, s := range []struct {
		name, address string
		handler       http.Handler
	}{{"Admin API", admin, b.kong.Admin()}, {"proxy", traffic, b.proxy}} {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.address)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		urls[i] = "http://" + l.Addr().String()
		server := &http.Server{Handler: s.handler, ReadHeaderTimeout: time.Minute, DisableGeneralOptionsHandler: true}
		g.Go(func() error {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			return server.Close()
		})
	}
	ready(urls[0], urls[1])
	return g.Wait()
}
