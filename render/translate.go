package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// Translate returns the Kong configuration of a graph for a target, and findings about what cannot be said there. What is bound to
// no listener is left out. The state holds all that it refers to.
func Translate(g *bind.Graph, target Target) (kong.State, diag.List) {
	t := &translator{}
	return t.translate(g, target), t.findings
}

// translate fills the translator, which is empty but for where it is to note sources and the size of its parts, and returns the
// configuration.
func (t *translator) translate(g *bind.Graph, target Target) kong.State {
	if target.Flavor == "" {
		target.Flavor = kong.TraditionalCompatible
	}
	*t = translator{
		target: target, set: g.Set(), graph: g, composer: newComposer(target.Flavor), partSize: cmp.Or(t.partSize, defaultPartSize),
		taken: map[kong.Key]*kong.Origin{}, authorities: map[string]authority{}, personal: map[manifest.Ref]bool{},
		notes: newNotes(t.sources != nil),
	}
	t.placed = t.placing
	t.labelledCAs()
	t.vaults()
	t.consumers()
	t.warnOfPolicies()
	t.customEntities()
	t.taken = nil
	t.globals()
	t.unknownAnnotations()
	t.clients(g)
	rules := t.plan(g.Routes)
	t.refuseSharedPools()
	t.copyAside(rules)
	t.keepApart(rules)
	rules = append(rules, t.separate(g, rules)...)
	global := t.settleEverywhere()
	t.misdirected(g, rules)
	if target.Flavor == kong.Expressions {
		t.expressionRoutes(rules)
	} else {
		t.traditionalRoutes(rules)
	}
	t.streams(g)
	t.certificates(g)
	t.addGlobal(global)
	t.personalEverywhere()
	entities, findings := t.composer.all()
	t.report(findings...)
	state, err := kong.NewState(entities...)
	if err != nil {
		state, err = kong.NewState(t.distinct(entities)...)
	}
	if err != nil {
		t.report(diag.Finding{Severity: diag.Error, Code: NameCollision, Message: err.Error()})
	}
	return state
}

// plan returns the rules of all routes of requests, in the order in which they win where their matches are of equal precedence, and renders
// their Services.
func (t *translator) plan(all []*bind.Route) []*rule {
	routes := slices.DeleteFunc(slices.Clone(all), func(r *bind.Route) bool { return isStreamKind(r.Object.Ref.Kind) })
	slices.SortFunc(routes, func(a, b *bind.Route) int { return a.Object.Older(b.Object) })
	t.findContested(routes)
	planned := make([][]*rule, len(routes))
	t.inParts(len(routes), func(part *translator, i int) {
		planned[i] = part.rules(routes[i])
		for _, r := range planned[i] {
			r.upgradeToHTTPS()
		}
		part.services(planned[i])
	})
	return append(slices.Concat(planned...), t.unimplemented(all)...)
}

// translator collects what a graph becomes.
type translator struct {
	target Target
	graph  *bind.Graph
	// set are all objects of the manifests.
	set manifest.Set
	// composer makes the entities; nil for a part, see [translator.inParts].
	composer *composer
	// taken says which entities there are, and where they come from, as long as what is no route is translated.
	taken map[kong.Key]*kong.Origin
	// authorities are the CACertificates whose ids labelled objects say, by the digest of their certificate.
	authorities map[string]authority
	// everywhere are the plugins for all requests, see [translator.settleEverywhere]; closed says that one of them cannot be.
	everywhere []*plugin
	closed     bool
	// people are the consumers with plugins, personal the objects of these, and placed those that a route or a Service names, too.
	people           []consumer
	personal, placed map[manifest.Ref]bool
	// contested are the addresses of backends that Kong would verify in several ways.
	contested map[endpoint]bool
	// partSize is how many things a part looks at, see [translator.inParts].
	partSize int
	notes
}

func (t *translator) report(f ...diag.Finding) { t.findings = append(t.findings, f...) }

// made is what others need to know of an entity that was added: its canonical form is the composer's work. The zero made is none.
type made struct {
	kong.Key
	// name is what it is called, if it is one of a kind that plugins are for.
	name string
}

func (m made) isZero() bool { return m.ID == "" }

// add adds an entity that comes from a manifest, and takes hold of its fields and origin. Two objects that lead to one id are an error:
// their names run together. Of routes that is found out at the end, see [translator.distinct].
func (t *translator) add(k kong.Kind, id string, fields map[string]any, tags []string, origin *kong.Origin) made {
	return t.draft(draft{kind: k, id: strings.ToLower(id), fields: fields, origin: origin}, tags)
}

// addOnce adds an entity that several rules ask for alike, unless it is there.
func (t *translator) addOnce(k kong.Kind, id string, fields map[string]any, tags []string, origin *kong.Origin) made {
	d := draft{kind: k, id: strings.ToLower(id), fields: fields, origin: origin, once: true}
	if t.once[d.key()] {
		return made{d.key(), d.name()}
	}
	t.once[d.key()] = true
	return t.draft(d, tags)
}

func (t *translator) draft(d draft, tags []string) made {
	d.fields["tags"] = slices.Concat(tags, t.target.Tags)
	if first, ok := t.taken[d.key()]; ok {
		t.report(d.collides(*first))
		return made{}
	}
	if t.taken != nil {
		t.taken[d.key()] = d.origin
	}
	if t.composer != nil {
		t.composer.add(d)
	} else {
		t.drafts = append(t.drafts, d)
	}
	return made{d.key(), d.name()}
}

// name returns what a Route, Service or Consumer is called.
func (d draft) name() string {
	for _, field := range []string{"name", "username", "custom_id"} {
		if name, _ := d.fields[field].(string); name != "" {
			return name
		}
	}
	return d.id
}

// collides says that there is an entity of the draft's id already.
func (d draft) collides(first kong.Origin) diag.Finding {
	e, err := kong.New(d.kind, d.id, d.fields, *d.origin)
	if err != nil {
		return d.unsupported("", err.Error())
	}
	return collides(e, first)
}

// route adds a Route of a rule, under a name, with its plugins.
func (t *translator) route(r *rule, name string, fields map[string]any, origin *kong.Origin) {
	fields["name"] = name
	if r.service != nil {
		fields["service"] = kong.ID(kong.Services, r.service.name)
	}
	tags := r.allTags()
	e := t.add(kong.Routes, kong.ID(kong.Routes, name), fields, tags, origin)
	if e.isZero() {
		return
	}
	for _, p := range r.plugins {
		t.plugin(p, e, tags, origin)
	}
	t.personalRoute(r, e, origin)
}

// unsupported says that a field of an object asks for what the target cannot do.
func unsupported(o manifest.Object, field, message string) diag.Finding {
	return diag.Finding{
		Severity: diag.Error,
		Code:     bind.UnsupportedValue,
		Object:   o.Ref.Diag(),
		Pos:      o.At(field),
		Field:    field,
		Message:  message,
	}
}

func tooMany(m *match, limit int) diag.Finding {
	return diag.Finding{
		Severity: diag.Error,
		Code:     TooManyMatches,
		Object:   m.of.bound.Object.Ref.Diag(),
		Pos:      m.pos(),
		Field:    m.field(),
		Message:  fmt.Sprintf("more than %d matches compete here, which Kong cannot order", limit),
		Hint:     "give the routes distinct hostnames or paths",
	}
}

// annotationPrefix is that of the annotations which the Ingress Controller reads.
const annotationPrefix = "konghq.com/"

// annotation returns an annotation's value, the field where it stands, and whether it is there.
func annotation(annotations map[string]string, name string) (value, field string, ok bool) {
	if len(annotations) == 0 {
		return "", "", false // as of most objects, which are asked for many
	}
	if value, ok = annotations[annotationPrefix+name]; ok {
		field = annotationField(name)
	}
	return value, field, ok
}

// hasAnnotation reports whether an object has any of some annotations, as few have.
func hasAnnotation(o manifest.Object, names ...string) bool {
	for key := range o.Annotations() {
		if name, ok := strings.CutPrefix(key, annotationPrefix); ok && slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// annotationField returns the field where an annotation stands, or would.
func annotationField(name string) string {
	return "metadata.annotations[" + annotationPrefix + name + "]"
}

func invalidAnnotation(o manifest.Object, field, message string) diag.Finding {
	f := unsupported(o, field, message)
	f.Code = InvalidAnnotation
	return f
}

// userTags returns the tags that an annotation adds.
func (t *translator) userTags(o manifest.Object, annotations map[string]string) []string {
	value, field, _ := annotation(annotations, "tags")
	var tags []string
	for tag := range strings.SplitSeq(value, ",") {
		switch tag = strings.TrimSpace(tag); {
		case tag == "":
		case strings.ContainsAny(tag, "/") || strings.ContainsFunc(tag, func(r rune) bool { return r < ' ' || r == 0x7f }):
			t.report(invalidAnnotation(o, field, fmt.Sprintf("Kong has no tag %q: want printable characters except ',' and '/'", tag)))
		case strings.HasPrefix(tag, "gwsync") || strings.HasPrefix(tag, "managed-by:"):
			t.report(invalidAnnotation(o, field, fmt.Sprintf("tag %q is gwsync's own mark of ownership", tag)))
		default:
			tags = append(tags, tag)
		}
	}
	return tags
}
