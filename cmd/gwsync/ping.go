package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
)

func newPing(p process) *cobra.Command {
	var to kongFlags
	var output string
	cmd := &cobra.Command{
		Use:   "ping",
		Short: "Say whether Kong's Admin API answers, and what Kong it is",
		Long: `Say whether Kong's Admin API answers, and what Kong it is. If it does not, the error tells what is in the way: the address, TLS,
the credentials or the workspace. It reads one page and writes nothing.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := to.reader(func(kong.Entity) bool { return false })
			if err != nil {
				return err
			}
			info, err := c.Info(cmd.Context())
			if err != nil {
				return stopped(cmd.Context(), err)
			}
			return printInfo(p.stdout, output, c.Address(), info)
		},
	}
	to.add(cmd.Flags())
	outputFlag(cmd.Flags(), &output, "text", "json")
	return cmd
}

// pinged is the JSON form of what ping learns.
type pinged struct {
	Address      string   `json:"address"`
	Version      string   `json:"version"`
	RouterFlavor string   `json:"routerFlavor"`
	Database     bool     `json:"database"`
	Settle       string   `json:"settle,omitempty"`
	Plugins      []string `json:"plugins"`
}

func printInfo(w io.Writer, output, address string, info sync.Info) error {
	out := pinged{
		Address: address, Version: info.Version, RouterFlavor: string(info.Flavor), Database: info.Database, Plugins: info.Plugins,
	}
	if info.Database {
		out.Settle = info.Settle.Round(time.Millisecond).String()
	}
	if output == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(out)
	}
	kept := "without a database"
	if info.Database {
		kept = "with a database: its workers act on a write within " + out.Settle
	}
	_, err := fmt.Fprintf(w, "%s is Kong %s, router_flavor %s, %s\n", printable(address), printable(info.Version), info.Flavor, kept)
	return err
}
