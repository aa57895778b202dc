package route

import (
	"strconv"

	"github.com/gwsync/gwsync/render/kong"
)

// splitNamespace is the UUID under which Kong derives the ids of the parts of a route.
const splitNamespace = "7f145bf9-0dce-4f91-98eb-debbce4b9f6b"

// Split returns the parts that Kong splits a classic route into, so that each has one priority: one for all regex paths, and one
// for each length of prefixes, in the order of the first path of each. A route that needs no splitting is its own only part.
//
// The parts have ids of their own, by which ties between routes are decided.
//
// Source: Kong 3.9.3, kong/router/transform.lua, split_routes_and_services_by_path.
func Split(r kong.Entity) []kong.Entity {
	if _, ok := r.Field("expression"); ok {
		return []kong.Entity{r}
	}
	var groups [][]string
	index := map[int]int{} // by length, 0 for regexes
	for _, p := range r.Strings("paths") {
		length := len(p)
		if isRegexPath(p) {
			length = 0
		}
		i, ok := index[length]
		if !ok {
			i = len(groups)
			index[length] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], p)
	}
	if len(groups) < 2 {
		return []kong.Entity{r}
	}
	out := make([]kong.Entity, 0, len(groups))
	for i, paths := range groups {
		part, err := r.With("paths", paths)
		if err != nil { // the same paths were in a canonical entity
			return []kong.Entity{r}
		}
		out = append(out, part.WithID(kong.UUID5(splitNamespace, r.ID()+"#"+strconv.Itoa(i+1))))
	}
	return out
}
