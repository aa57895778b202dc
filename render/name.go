package render

import (
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// Names and tags are those of Kong's Ingress Controller (internal/dataplane/translator/subtranslator/httproute.go,
// internal/util/k8s_tags.go), less the uid that only a cluster knows.

// serviceName names the Service of a route's rules, the first of which is rule.
func serviceName(route manifest.Ref, rule int) string {
	return strings.ToLower(route.Kind) + "." + route.Namespace + "." + route.Name + "." + strconv.Itoa(rule)
}

// routeName names the Route of one match. With router flavor expressions there is one for each hostname, "" for any.
func routeName(route manifest.Ref, rule, match int) string {
	return serviceName(route, rule) + "." + strconv.Itoa(match)
}

func hostRouteName(route manifest.Ref, hostname string, rule, match int) string {
	if hostname == "" {
		hostname = "_"
	}
	hostname = strings.ReplaceAll(hostname, "*", "_")
	return strings.ToLower(route.Kind) + "." + route.Namespace + "." + route.Name + "." + hostname + "." +
		strconv.Itoa(rule) + "." + strconv.Itoa(match)
}

// suffix tells the Route of a match from those of others of that index.
func (m *match) suffix() string {
	if m.implied {
		return ".preflight"
	}
	return ""
}

// pluginID derives a plugin's id from its name and the entities that it is attached to.
func pluginID(plugin string, on []made) string {
	name := plugin
	for _, e := range on {
		row, _ := e.Kind.Row()
		name += ":" + row.Singular + "/" + e.name
	}
	return kong.ID(kong.Plugins, name)
}

// objectTags says which object an entity comes from, in the form by which the Ingress Controller maps Kong's errors back.
func objectTags(r manifest.Ref) []string { return versionTags(r, "v1") }

// tagsOf returns the tags of an entity that comes from an object of a kind of Kong's own, or of the core group: those that say so, and the
// user's.
func (t *translator) tagsOf(o manifest.Object) []string {
	return append(versionTags(o.Ref, o.Version), t.userTags(o, o.Annotations())...)
}

func versionTags(r manifest.Ref, version string) []string {
	tags := append(make([]string, 0, 5), "k8s-name:"+r.Name, "k8s-kind:"+r.Kind, "k8s-version:"+version)
	if r.Namespace != "" {
		tags = append(tags, "k8s-namespace:"+r.Namespace)
	}
	if r.Group != "" {
		tags = append(tags, "k8s-group:"+r.Group)
	}
	return tags
}
