package sync

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// alike returns a text that is the same for entities of which a Kong takes either all or none, judged by itself: they differ at most by
// ids, by whom they refer to, and by names, tags, hosts and paths that are beyond doubt. It is empty for an entity like no other.
func alike(e kong.Entity) string {
	const id = "00000000-0000-4000-8000-000000000000"
	fields := maps.Collect(e.Fields())
	for ref := range e.Refs() {
		if !ref.Many {
			fields[ref.Field] = map[string]any{"id": id}
		}
	}
	fields["tags"] = slices.DeleteFunc(e.Tags(), isHarmless)
	for name := range e.Fields() {
		switch {
		case name == "name" && e.Kind() != kong.Plugins, name == "instance_name", name == "host":
			if isHarmless(e.Text(name)) {
				fields[name] = "x"
			}
		case (name == "hosts" || name == "paths") && e.Kind() == kong.Routes:
			fields[name] = harmlessAs(e.Strings(name))
		case name == "expression" && !strings.Contains(e.Text(name), `\`):
			fields[name] = literal.ReplaceAllString(e.Text(name), `"x"`)
		}
	}
	plain, err := kong.New(e.Kind(), id, fields, kong.Origin{})
	if err != nil {
		return "" // not reached: all values are an entity's
	}
	return string(plain.AppendJSON([]byte(e.Kind())))
}

// isHarmless reports whether a text is good as a name, a tag and a host, whatever Kong's rules for these are.
func isHarmless(s string) bool { return harmlessText.MatchString(s) && len(s) < 64 }

var (
	harmlessText = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?([.:][a-z]([a-z0-9-]*[a-z0-9])?|[.:][0-9]+)*$`)
	// harmlessPath is a plain path without anything to normalise.
	harmlessPath = regexp.MustCompile(`^(/[a-zA-Z0-9_-]+)+/?$`)
	// literal is a text in an expression that is as good as any other, also as a regular expression.
	literal = regexp.MustCompile(`"[a-zA-Z0-9./_-]*"`)
)

// harmlessAs returns the list with another text for each harmless one; two stay two.
func harmlessAs(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		switch out[i] = s; {
		case harmlessPath.MatchString(s):
			out[i] = fmt.Sprint("/x", i)
		case isHarmless(s) && !strings.Contains(s, ":"):
			out[i] = fmt.Sprint("x", i)
		}
	}
	return out
}
