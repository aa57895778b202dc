package render

import (
	"maps"
	"slices"
	"strings"
)

// transformerVerbs returns what the transformer plugins do, in the order in which they do it.
//
// Source: Kong 3.9.3, kong/plugins/request-transformer/access.lua, kong/plugins/response-transformer/header_transformer.lua.
func transformerVerbs() []string { return []string{"remove", "rename", "replace", "add", "append"} }

// contradictPairs reports the headers and parameters to which a transformer plugin would do something else than one after the other would:
// what it has to begin with, and what another asks of it. Kong has them as lists of "NAME:VALUE", of which the last counts, or the first.
// Of the values nothing is said, which may be secret.
func contradictPairs(config map[string]any, second *plugin, report func(string)) {
	if second.name != "request-transformer" && second.name != "response-transformer" {
		return
	}
	for _, section := range []string{"headers", "querystring", "body", "json"} {
		before, after := pairsOf(config, section), pairsOf(second.config, section)
		for _, name := range slices.Sorted(maps.Keys(after)) {
			if contradict(before[name], after[name]) {
				report(section + " " + name)
			}
		}
	}
}

// pair is what a verb says of a name: its number among [transformerVerbs], and the value.
type pair struct {
	verb  int
	value string
}

// pairsOf returns what a plugin does to the names of a section. Names of headers are in lower case.
func pairsOf(config map[string]any, section string) map[string][]pair {
	out := map[string][]pair{}
	for verb, name := range transformerVerbs() {
		sections, _ := config[name].(map[string]any)
		list, _ := items(sections[section])
		for _, item := range list {
			text, _ := item.(string)
			name, value, _ := strings.Cut(text, ":")
			if section == "headers" {
				name = strings.ToLower(name)
			}
			out[name] = append(out[name], pair{verb, value})
		}
	}
	return out
}

// contradict reports whether verbs for one name differ in what they set it to, or would be done in another order than they are asked for.
func contradict(before, after []pair) bool {
	last := len(transformerVerbs()) - 1 // append, which takes any number of values
	for _, a := range before {
		for _, b := range after {
			switch {
			case a.verb == b.verb && a.verb != last && a.value != b.value:
				return true
			case a.verb > b.verb && (a.verb == last || a.value != b.value):
				return true
			}
		}
	}
	return false
}
