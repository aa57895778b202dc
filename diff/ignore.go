package diff

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// Rule says which field of which entities is somebody else's to say once they are there, such as an autoscaler's. An entity that is made
// gets what the manifests say; from then on the field keeps the value that it has in Kong: a difference in it is no difference, and
// a write for another reason repeats it.
//
// The targets of an upstream are a field of it, "/targets": where it has any, none is added, changed or removed.
//
// No rule may open a route, or lose what is ours. So there is none for whole entities, for what they are called, tagged and refer to, for
// what a route matches, for whether a service or plugin is enabled, and none for all of a plugin's configuration; see [Rule.Validate].
type Rule struct {
	Pattern
	// Field is a JSON pointer (RFC 6901) from the top of the entity to the field, which is all below it, too: "/config/limit". A part that
	// is an asterisk stands for any name or index.
	Field string
	// Tag is a tag that the entities carry, as the manifests come to or as in Kong; "" for any.
	Tag string
}

// tagMark stands before the tag of a rule.
const tagMark = " tag="

// ParseRule reads KIND/NAME/FIELD, such as "plugins/*/config/limit" or "upstreams/shop.*/targets", and after that, if the rule is for
// entities with a tag, " tag=TAG". As in a JSON pointer, ~1 stands for a slash in a name, and ~0 for a tilde. The rule is valid.
func ParseRule(text string) (Rule, error) {
	text, tag, _ := strings.Cut(text, tagMark)
	parts := strings.SplitN(text, "/", 3)
	if len(parts) < 3 || slices.Contains(parts, "") {
		return Rule{}, fmt.Errorf("%q: want KIND/NAME/FIELD, such as plugins/*/config/limit", text)
	}
	r := Rule{Pattern: Pattern{kindNamed(parts[0]), unescape(parts[1])}, Field: "/" + parts[2], Tag: tag}
	return r, r.Validate()
}

// String returns what [ParseRule] reads.
func (r Rule) String() string {
	text := string(r.Kind) + "/" + pointerEscapes.Replace(r.Name) + r.Field
	if r.Tag != "" {
		text += tagMark + r.Tag
	}
	return text
}

// Validate returns an error that says what about the rule cannot be had.
func (r Rule) Validate() error {
	row, known := r.Kind.Row()
	parts := r.path()
	name := parts[0]
	problem := ""
	switch {
	case !known:
		problem = "there is no kind " + strconv.Quote(string(r.Kind)) + ": want one such as services, routes, plugins, upstreams"
	case r.Name == "":
		problem = "it names no entity: * is for all of the kind"
	case !strings.HasPrefix(r.Field, "/") || slices.Contains(parts, ""):
		problem = "its field is no JSON pointer such as /config/limit"
	case r.Kind == kong.Plugins && (name != "config" || len(parts) < 2 || parts[1] == "*"):
		problem = "of a plugin only a field of its configuration can be left alone, such as /config/limit, so that no route loses a plugin"
	case name == "*":
		problem = "it needs the name of a field"
	case name == "id" || name == "tags":
		problem = name + " says whose an entity is, and cannot be left alone"
	case name == row.Name || slices.Contains(row.Unique, name):
		problem = name + " is what the entity is known by, and cannot be left alone"
	case slices.ContainsFunc(row.Refs, func(ref kong.Ref) bool { return ref.Field == name }):
		problem = name + " refers to another entity, and cannot be left alone"
	case r.Kind == kong.Routes && slices.Contains(matchers, name) || r.Kind == kong.Services && name == "enabled":
		problem = name + " decides which requests get through, and gwsync changes it itself while plugins change: it cannot be left alone"
	case r.Kind == kong.BasicAuthCredentials && name == "password", r.Kind == kong.OAuth2Credentials && name == "client_secret":
		problem = "kong keeps a digest of it, so that it cannot be repeated"
	}
	if problem != "" {
		return fmt.Errorf("%s: %s", r, problem)
	}
	return nil
}

func (r Rule) path() []string {
	parts := strings.Split(strings.TrimPrefix(r.Field, "/"), "/")
	for i := range parts {
		parts[i] = unescape(parts[i])
	}
	return parts
}

// applies reports whether the rule is for an entity, by the name and tags that it has or had.
func (r Rule) applies(desired, live kong.Entity) bool {
	return (r.Matches(desired) || r.Matches(live)) && (r.Tag == "" || desired.HasTag(r.Tag) || live.HasTag(r.Tag))
}

// nested returns the kind of which a rule leaves alone all entities of a parent: the targets of an upstream.
func (r Rule) nested() (kong.Kind, bool) {
	row, _ := r.Kind.Row()
	child, _ := kong.Kind(strings.TrimPrefix(r.Field, "/")).Row()
	return child.Kind, child.Parent != "" && child.Parent == row.Singular
}

// ignorer has the desired entities say what is in Kong, where it is not theirs to say.
type ignorer struct {
	live    kong.State
	schemas kong.Schemas
	rules   map[kong.Kind][]int
	all     []Rule
	used    []bool
	// alone are the upstreams whose targets are left alone.
	alone map[kong.Key]bool
}

// ignore applies the rules to the desired entities, before they are compared.
func (p *Plan) ignore(a *aligner, o Options) error {
	if len(o.Ignore) == 0 {
		return nil
	}
	g := ignorer{live: p.live, schemas: o.Schemas, all: o.Ignore, used: make([]bool, len(o.Ignore)),
		rules: map[kong.Kind][]int{}, alone: map[kong.Key]bool{}}
	for i, r := range o.Ignore {
		if err := r.Validate(); err != nil {
			return fmt.Errorf("ignore rule %w", err)
		}
		g.rules[r.Kind] = append(g.rules[r.Kind], i)
	}
	for i, e := range a.aligned {
		var err error
		if a.aligned[i], err = g.entity(e); err != nil {
			return fmt.Errorf("%s: ignored fields: %w", title(e), err)
		}
	}
	g.leaveAlone(p, a)
	for i, r := range o.Ignore {
		if !g.used[i] {
			p.unused = append(p.unused, r)
		}
	}
	return nil
}

// entity returns a desired entity with what it has in Kong where a rule says so.
func (g *ignorer) entity(e kong.Entity) (kong.Entity, error) {
	rules := g.rules[e.Kind()]
	if len(rules) == 0 {
		return e, nil
	}
	live, exists := g.live.Get(e.Key())
	resolved := false
	for _, i := range rules {
		r := g.all[i]
		if !r.applies(e, live) {
			continue
		}
		if _, nested := r.nested(); nested {
			g.used[i], g.alone[e.Key()] = true, true
			continue
		}
		if !resolved {
			// Under the names that fields have now: a rule knows no deprecated ones.
			var err error
			if live, err = g.schemas.Resolve(live); err == nil {
				e, err = g.schemas.Resolve(e)
			}
			if err != nil {
				return kong.Entity{}, err
			}
			resolved = true
		}
		path := r.path()
		want, _ := e.Field(path[0])
		have, _ := live.Field(path[0])
		if !g.has(e, path, want, have) {
			continue
		}
		g.used[i] = true
		if !exists {
			continue
		}
		var err error
		if e, err = e.With(path[0], left(want, have, path[1:])); err != nil {
			return kong.Entity{}, err
		}
	}
	return e, nil
}

// has reports whether there is such a field: in either value, or by Kong's schema.
func (g *ignorer) has(e kong.Entity, path []string, want, have kong.Value) bool {
	return reaches(want, path[1:]) || reaches(have, path[1:]) || g.schemas.Knows(e, path...)
}

// reaches reports whether there is anything at a path.
func reaches(v kong.Value, path []string) bool {
	if len(path) == 0 {
		return v != nil
	}
	switch v := v.(type) {
	case map[string]kong.Value:
		for name, below := range v {
			if (path[0] == "*" || path[0] == name) && reaches(below, path[1:]) {
				return true
			}
		}
	case []any:
		for i, below := range v {
			if (path[0] == "*" || path[0] == strconv.Itoa(i)) && reaches(below, path[1:]) {
				return true
			}
		}
	}
	return false
}

// left returns the wanted value with what is at a path as it is in the value that Kong has.
func left(want, have kong.Value, path []string) kong.Value {
	if len(path) == 0 {
		return have
	}
	wantList, isList := want.([]any)
	haveList, both := have.([]any)
	if isList && both {
		out := slices.Clone(wantList)
		for i := range min(len(out), len(haveList)) {
			if path[0] == "*" || path[0] == strconv.Itoa(i) {
				out[i] = left(out[i], haveList[i], path[1:])
			}
		}
		return out
	}
	wantMap, isMap := want.(map[string]kong.Value)
	haveMap, both := have.(map[string]kong.Value)
	if !isMap && want != nil || !both && have != nil {
		return want // of another shape: nothing in it is at the path
	}
	out := maps.Clone(wantMap)
	for _, name := range unionKeys(wantMap, haveMap) {
		if path[0] != "*" && path[0] != name {
			continue
		}
		if v := left(wantMap[name], haveMap[name], path[1:]); v != nil {
			if out == nil {
				out = map[string]kong.Value{}
			}
			out[name] = v
		} else {
			delete(out, name)
		}
	}
	if out == nil {
		return nil
	}
	return out
}

// leaveAlone replaces the desired entities that belong to one whose are left alone by those that there are, if there are any.
func (g *ignorer) leaveAlone(p *Plan, a *aligner) {
	if len(g.alone) == 0 {
		return
	}
	there := map[kong.Key]bool{}
	for e := range p.live.All() {
		if row, _ := e.Kind().Row(); row.Parent != "" {
			to, _ := e.Ref(row.Parent)
			there[to] = g.alone[to]
		}
	}
	g.alone = there
	a.aligned = slices.DeleteFunc(a.aligned, g.isAlone)
	a.conflicts = slices.DeleteFunc(a.conflicts, func(c Conflict) bool { return g.isAlone(c.Entity) })
	for e := range p.live.All() {
		if g.isAlone(e) && p.owner.owns(e) {
			p.stay(a, e, ignored)
		}
	}
}

// isAlone reports whether an entity belongs to one of which such entities are left alone.
func (g *ignorer) isAlone(e kong.Entity) bool {
	row, _ := e.Kind().Row()
	to, ok := e.Ref(row.Parent)
	return row.Parent != "" && ok && g.alone[to]
}

// Findings returns a warning for each rule that makes no difference, whatever Kong holds.
func (p Plan) Findings() diag.List {
	var out diag.List
	for _, r := range p.unused {
		out = append(out, diag.Finding{
			Severity: diag.Warning, Code: IgnoreMatchesNothing,
			Message: "the ignore rule " + r.String() + " matches nothing",
			Hint:    "nothing that the manifests come to has this name, or none has the field: gwsync render shows both",
		})
	}
	return out
}
