package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/parallel"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// schemaCheck finds what Kong itself would refuse of rendered manifests, by the schemas of the Kong that gwsync knows.
type schemaCheck struct {
	*sandbox.Schemas
	result render.Result
	// custom are the plugins that the Kong has beside those that come with it.
	custom   []string
	findings diag.List
}

// refusable returns what Kong would refuse, and what of it cannot be told.
func refusable(r render.Result, t render.Target, custom []string) diag.List {
	c := schemaCheck{Schemas: sandbox.NewSchemas(cmp.Or(t.Flavor, kong.TraditionalCompatible)), result: r, custom: custom}
	used := map[diag.Object]bool{}
	for e := range r.State.Of(kong.Plugins) {
		used[e.Origin().Object] = true
	}
	for _, p := range r.Graph.Plugins {
		c.plugin(p, used[p.Object.Ref.Diag()])
	}
	c.scopes()
	parts := slices.Collect(slices.Chunk(slices.Collect(r.State.All()), 256))
	found := make([]diag.List, len(parts))
	parallel.Each(len(parts), func() func(int) {
		return func(i int) {
			for _, e := range parts[i] {
				found[i] = append(found[i], c.entity(e)...)
			}
		}
	})
	return append(c.findings, slices.Concat(found...)...)
}

// plugin looks at a KongPlugin or KongClusterPlugin. One that nothing uses keeps nobody from writing.
func (c *schemaCheck) plugin(p *bind.Plugin, used bool) {
	if p.Reason != "" || slices.Contains(c.custom, p.Spec.PluginName) {
		return
	}
	severity := diag.Error
	if !used {
		severity = diag.Warning
	}
	if !c.HasPlugin(p.Spec.PluginName) {
		c.add(diag.Warning, render.UnknownPlugin, p.Object, "plugin",
			fmt.Sprintf("an open-source Kong %s comes without a plugin %s, so that nobody looked at its configuration", sandbox.Version,
				p.Spec.PluginName),
			"if it is a plugin of your own, say --plugins bundled,"+p.Spec.PluginName)
		return
	}
	fields := map[string]any{"name": p.Spec.PluginName}
	if p.Config != nil {
		fields["config"] = p.Config
	}
	if len(p.Spec.Protocols) > 0 {
		fields["protocols"] = p.Spec.Protocols
	}
	problems, err := c.Check(kong.Plugins, fields)
	if err != nil {
		c.add(severity, bind.InvalidPluginConfig, p.Object, "config", "it is no configuration: "+err.Error(), "")
	}
	for _, problem := range problems {
		message := problem.Message
		if secret(p, problem.Path) {
			message = "not accepted (the reason is not shown, it may quote a Secret)"
		}
		c.add(severity, bind.InvalidPluginConfig, p.Object, cmp.Or(problem.Field, "config"),
			fmt.Sprintf("Kong's plugin %s refuses %s: %s", p.Spec.PluginName, cmp.Or(problem.Field, "it"), message), "")
	}
}

// scopes looks at what plugins are attached to: some, such as acme, are for all requests only. Rendering has left out those that are not
// for consumers.
func (c *schemaCheck) scopes() {
	row, _ := kong.Plugins.Row()
	refused := map[string][]sandbox.Problem{} // by name and scope: many plugins have the same
	for e := range c.result.State.Of(kong.Plugins) {
		if slices.Contains(c.custom, e.Name()) {
			continue
		}
		fields := map[string]any{"name": e.Name()}
		for _, ref := range row.Refs {
			if _, ok := e.Ref(ref.Field); ok {
				fields[ref.Field] = map[string]string{"id": anyID}
			}
		}
		key := fmt.Sprint(fields)
		problems, ok := refused[key]
		if !ok {
			problems, _ = c.Check(kong.Plugins, fields) // which encode
			refused[key] = problems
		}
		for _, p := range problems {
			if fields[p.Field] == nil || p.Field == "name" { // what the configuration lacks is said elsewhere
				continue
			}
			origin := e.Origin()
			c.findings = append(c.findings, diag.Finding{
				Severity: diag.Error, Code: bind.UnsupportedValue, Object: origin.Object, Field: origin.Field, Pos: origin.Pos,
				Message: fmt.Sprintf("Kong's plugin %s cannot be used on a %s", e.Name(), p.Field),
				Hint:    "make it a KongClusterPlugin with the label global: \"true\", if it is for all requests",
			})
		}
	}
}

// anyID stands for what is not looked at.
const anyID = "00000000-0000-4000-8000-000000000000"

// secret reports whether what Kong says of a place in the fields of a plugin may quote what a Secret holds.
func secret(p *bind.Plugin, path []string) bool {
	return slices.ContainsFunc(p.Secrets, func(place []string) bool {
		place = append([]string{"config"}, place...)
		n := min(len(place), len(path))
		return slices.Equal(place[:n], path[:n])
	})
}

// entity returns what Kong would refuse of an entity, unless that is a plugin. Of values nothing is said where there may be secrets.
func (c *schemaCheck) entity(e kong.Entity) (findings diag.List) {
	if e.Kind() == kong.Plugins {
		return nil
	}
	problems, err := c.Check(e.Kind(), e)
	origin := e.Origin()
	if err != nil {
		return nil
	}
	for _, problem := range problems {
		row, _ := e.Kind().Row()
		message := problem.Message
		if e.Kind().IsCredential() || len(problem.Path) > 0 && row.Secret(problem.Path[0]) {
			message = "not accepted"
		}
		findings = append(findings, diag.Finding{
			Severity: diag.Error, Code: bind.UnsupportedValue, Object: origin.Object, Field: origin.Field, Pos: origin.Pos,
			Message: fmt.Sprintf("Kong refuses %s of the %s that it becomes: %s", cmp.Or(problem.Field, "all"),
				strings.ReplaceAll(row.Singular, "_", " "),
				message),
		})
	}
	return findings
}

func (c *schemaCheck) add(s diag.Severity, code string, o manifest.Object, field, message, hint string) {
	c.findings = append(c.findings, diag.Finding{
		Severity: s, Code: code, Object: o.Ref.Diag(), Field: field, Pos: o.At(field), Message: message, Hint: hint,
	})
}
