package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
)

func newPing(p process) *cobra.Command {
	var to kongFlags
	var output, flavor string
	cmd := &cobra.Command{
		Use:   "ping",
		Short: "Say whether Kong's Admin API answers, and what Kong it is",
		Long: `Say whether Kong's Admin API answers, and which Kong it is. If it does not answer, the error says what is in the way: the
address, TLS, the credentials or the workspace. ping reads one page and writes nothing.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return to.with(ctx, flavor, func(kong.Entity) bool { return false }, func(c *admin.Client) error {
				info, err := c.Info(ctx)
				if err != nil {
					return errors.Join(stopped(ctx, inTheWay(err)), printObstacle(p.stdout, output, c.Address(), err))
				}
				return printInfo(p.stdout, output, c.Address(), info)
			})
		},
	}
	to.add(cmd.Flags())
	cmd.Flags().StringVar(&flavor, "router-flavor", "",
		"`FLAVOR` of the router, for a Kong that does not tell: Konnect, or one of which you see a workspace only")
	outputFlag(cmd.Flags(), &output, "text", "json")
	return cmd
}

// inTheWay says of an error what is in the way.
func inTheWay(err error) error {
	if o := admin.ObstacleOf(err); o != "" {
		return fmt.Errorf("%s: %w", o, err)
	}
	return err
}

// printObstacle prints the JSON form of a Kong that does not answer as it should.
func printObstacle(w io.Writer, output, address string, err error) error {
	if output != "json" {
		return nil
	}
	return writeJSON(w, pinged{
		head: headOf("ping"), Result: "error", Target: address, Obstacle: string(admin.ObstacleOf(err)), Error: failureOf(err),
	})
}

// pinged is the JSON form of what ping learns.
type pinged struct {
	head
	Result       string       `json:"result"`
	Target       string       `json:"target"`
	Version      string       `json:"version,omitempty"`
	RouterFlavor string       `json:"router_flavor,omitempty"`
	Database     *bool        `json:"database,omitempty"`
	Settle       string       `json:"settle,omitempty"`
	Plugins      []string     `json:"plugins,omitempty"`
	Obstacle     string       `json:"obstacle,omitempty"`
	Error        *failureJSON `json:"error,omitempty"`
}

func printInfo(w io.Writer, output, address string, info sync.Info) error {
	out := pinged{
		head: headOf("ping"), Result: "ok", Target: address,
		Version: info.Version, RouterFlavor: string(info.Flavor), Database: &info.Database, Plugins: info.Plugins,
	}
	if info.Database {
		out.Settle = info.Settle.Round(time.Millisecond).String()
	}
	if output == "json" {
		return writeJSON(w, out)
	}
	kept := "without a database"
	if info.Database {
		kept = "with a database: its workers act on a write within " + out.Settle
	}
	what := "Kong " + diag.PrintableLines(info.Version)
	if info.Version == admin.KonnectVersion {
		what = "in Konnect"
	}
	_, err := fmt.Fprintf(w, "%s is %s, router_flavor %s, %s\n", diag.PrintableLines(address), what, info.Flavor, kept)
	return err
}
