package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
)

// customKinds are the kinds of entities that a KongCustomEntity can be: those of an open-source Kong that have no other resource.
func customKinds() []kong.Kind {
	return []kong.Kind{kong.ACLs, kong.BasicAuthCredentials, kong.HMACAuthCredentials, kong.JWTSecrets, kong.KeyAuthCredentials, kong.KeySets,
		kong.Keys, kong.OAuth2Credentials}
}

// customEntities renders the KongCustomEntities of this Kong: first those that others may refer to.
func (t *translator) customEntities() {
	type pair struct {
		manifest.Object
		*konghq.KongCustomEntity
	}
	var all []pair
	for o, c := range manifest.Of[konghq.KongCustomEntity](t.set) {
		if c.Spec.ControllerName != t.graph.IngressClass() {
			t.foreign(o, "spec.controllerName", c.Spec.ControllerName)
		} else if t.ours(o) {
			all = append(all, pair{o, c})
		}
	}
	rank := func(p pair) int {
		row, _ := kong.Kind(p.Spec.EntityType).Row()
		return row.Rank
	}
	slices.SortStableFunc(all, func(a, b pair) int { return rank(a) - rank(b) })
	named := map[kong.Key]string{}
	for _, p := range all {
		if field, err := t.customEntity(p.Object, p.KongCustomEntity, named); err != nil {
			t.report(unsupported(p.Object, field, err.Error()))
		}
	}
}

// customEntity adds the entity of a KongCustomEntity, and its id to those by name. The error is about the field.
func (t *translator) customEntity(o manifest.Object, c *konghq.KongCustomEntity, named map[kong.Key]string) (field string, err error) {
	kind := kong.Kind(c.Spec.EntityType)
	row, _ := kind.Row()
	if !slices.Contains(customKinds(), kind) {
		return "spec.type", fmt.Errorf("gwsync renders entities of type %s here: an open-source Kong has no others "+
			"without a resource of their own", strings.Join(names(customKinds()), ", "))
	}
	fields := maps.Clone(c.Spec.Fields)
	delete(fields, "id")
	for _, ref := range row.Refs {
		if fields[ref.Field], err = t.reference(ref, fields[ref.Field], named); err != nil {
			return "spec.fields." + ref.Field, err
		}
	}
	tags := t.tagsOf(o)
	if own, ok := items(fields["tags"]); ok {
		for _, tag := range own {
			tags = append(tags, fmt.Sprint(tag))
		}
	}
	origin := &kong.Origin{Object: o.Ref.Diag(), Field: "spec.fields", Pos: o.At("spec.fields")}
	if c.Spec.ParentRef != nil {
		return "spec.parentRef", t.attachedEntity(o, c, fields, tags, origin)
	}
	id, _ := c.Spec.Fields["id"].(string)
	if !kong.IsUUID(id) {
		id = kong.ID(kind, o.Ref.Namespace+"/"+o.Ref.Name)
	}
	if name, ok := fields["name"].(string); ok {
		named[kong.Key{Kind: kind, ID: name}] = id
	}
	t.add(kind, id, fields, tags, origin)
	return "", nil
}

// attachedEntity adds an entity of a KongCustomEntity for each KongConsumer that names its parent, a plugin, as the Ingress Controller
// does. The kinds that an open-source Kong has belong to nothing else.
func (t *translator) attachedEntity(o manifest.Object, c *konghq.KongCustomEntity, fields map[string]any, tags []string,
	origin *kong.Origin) error {
	kind, parent := kong.Kind(c.Spec.EntityType), c.Spec.ParentRef
	ref := manifest.Ref{Group: konghq.Group, Kind: cmp.Or(parent.Kind, "KongPlugin"), Name: parent.Name}
	if ref.Kind == "KongPlugin" {
		ref.Namespace = cmp.Or(parent.Namespace, o.Ref.Namespace)
	}
	switch {
	case !kind.IsCredential():
		return fmt.Errorf("%s belong to no plugin: write what they refer to under fields", kind)
	case ref.Kind != "KongPlugin" && ref.Kind != "KongClusterPlugin", cmp.Or(parent.Group, konghq.Group) != konghq.Group:
		return fmt.Errorf("it is no KongPlugin and no KongClusterPlugin")
	case ref.Namespace != "" && ref.Namespace != o.Ref.Namespace:
		return fmt.Errorf("%s is of another namespace: gwsync takes one of %s only", ref, o.Ref.Namespace)
	case fields["consumer"] != nil:
		return fmt.Errorf("the fields say whose the entity is, too: remove one of the two")
	}
	names := func(r bind.PluginRef) bool { return r.Target == ref }
	found := false
	for _, p := range t.people {
		if slices.ContainsFunc(t.graph.PluginRefs(p.object), names) {
			found = true
			one := maps.Clone(fields)
			one["consumer"] = p.entity.ID
			t.add(kind, kong.ID(kind, o.Ref.Namespace+"/"+o.Ref.Name+":"+p.entity.ID), one, slices.Clone(tags), origin)
		}
	}
	if !found {
		return fmt.Errorf("no KongConsumer names %s, so that the entity would be nobody's", ref)
	}
	return nil
}

// reference returns the id of the entity that a field refers to: by id, by name among those named, or by the name that its id derives from.
// It has to be one that is rendered.
func (t *translator) reference(ref kong.Ref, v any, named map[kong.Key]string) (any, error) {
	if v == nil {
		return nil, nil
	}
	m, _ := v.(map[string]any)
	id, _ := m["id"].(string)
	for _, name := range []string{"name", "username"} {
		if s, ok := m[name].(string); ok {
			id = cmp.Or(named[kong.Key{Kind: ref.Kind, ID: s}], kong.ID(ref.Kind, s))
		}
	}
	if id == "" {
		return nil, fmt.Errorf("it refers to one of the %s: want an id or a name", ref.Kind)
	}
	if _, ok := t.taken[kong.Key{Kind: ref.Kind, ID: strings.ToLower(id)}]; !ok {
		return nil, fmt.Errorf("it refers to one of the %s that is not among the manifests", ref.Kind)
	}
	return id, nil
}

func names(kinds []kong.Kind) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return out
}
