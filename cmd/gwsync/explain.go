package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync"
)

func newExplain(p process) *cobra.Command {
	var from sourceFlags
	var how renderFlags
	cmd := &cobra.Command{
		Use:   "explain httproute/NAMESPACE/NAME",
		Short: "Say why a route is or is not bound",
		Long: `Say why a route is or is not bound: for each parentRef and listener, and for each backendRef, every check with its outcome,
the grant or listener that allowed it, and for a denial the smallest change of the manifests that would allow it.`,
		Example: "  gwsync explain httproute/test-source/echo --path examples/cross-namespace",
		Args:    oneRoute,
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := parseRoute(args[0])
			if err != nil {
				return err
			}
			source, err := from.source(cmd.Flags(), p)
			if err != nil {
				return err
			}
			o := render.Options{
				Manifest: manifest.Options{Namespace: how.namespace},
				Bind:     bind.Options{Controllers: how.controllers, ClassName: how.class},
			}
			result, err := renderSource(cmd.Context(), source, o)
			if err != nil {
				return err
			}
			e, ok := result.Graph.Explain(ref)
			if !ok {
				return unknownRoute(ref, result)
			}
			_, err = io.WriteString(p.stdout, e.Text())
			return err
		},
	}
	from.add(cmd.Flags())
	how.addBinding(cmd.Flags())
	return cmd
}

// parseRoute reads KIND/NAMESPACE/NAME.
func parseRoute(s string) (manifest.Ref, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return manifest.Ref{}, fmt.Errorf("%q is no route: want httproute/NAMESPACE/NAME", s)
	}
	switch strings.ToLower(parts[0]) {
	case "httproute", "httproutes", "httproute.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io":
		return manifest.Ref{Group: gatewayv1.GroupName, Kind: "HTTPRoute", Namespace: parts[1], Name: parts[2]}, nil
	}
	return manifest.Ref{}, fmt.Errorf("gwsync does not explain kind %q: want httproute", parts[0])
}

func unknownRoute(ref manifest.Ref, result render.Result) error {
	var names []string
	for _, r := range result.Graph.Routes {
		names = append(names, "httproute/"+r.Object.Ref.Namespace+"/"+r.Object.Ref.Name)
	}
	hint := "the manifests hold no HTTPRoute"
	if len(names) > 0 {
		hint = "there is " + strings.Join(slices.Compact(names[:min(len(names), 10)]), ", ")
	}
	return sync.WithHint(fmt.Errorf("%s is not among the manifests", ref), hint)
}
