package diff

import (
	"fmt"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Adoption says which entities of others may become ours. Those are taken over that a desired entity matches, by name or id: they are
// updated in place, keep their id, and carry our tags instead of those of whoever had them. What belongs to them and is not desired, such
// as a plugin on a route, stays what it is; see [Plan.Leftovers]. The zero Adoption takes over nothing.
//
// What another instance of gwsync owns is only taken over where it is named in full, or the instance is, by its tag "gwsync:INSTANCE".
type Adoption struct {
	// Names are kinds and names.
	Names []Pattern
	// Tags select the entities that carry one of them, such as "managed-by-ingress-controller".
	Tags []string
}

// Selects reports whether an entity that is not ours may become it.
func (a Adoption) Selects(e kong.Entity) bool {
	if len(a.Names)+len(a.Tags) == 0 {
		return false
	}
	instance := OwnedBy(e)
	for _, p := range a.Names {
		if p.Matches(e) && (instance == "" || !strings.Contains(p.Name, "*")) {
			return true
		}
	}
	for _, tag := range a.Tags {
		if e.HasTag(tag) && (instance == "" || tag == instancePrefix+instance) {
			return true
		}
	}
	return false
}

// Pattern selects entities of a kind by their names, or by an id.
type Pattern struct {
	Kind kong.Kind
	// Name is a name or an id; an asterisk stands for any text, the empty one included.
	Name string
}

// ParsePattern reads KIND/NAME, such as "services/shop" or "routes/shop.*". A kind may be in the singular: "service/shop".
func ParsePattern(text string) (Pattern, error) {
	kind, name, ok := strings.Cut(text, "/")
	if !ok || kind == "" || name == "" {
		return Pattern{}, fmt.Errorf("%q: want KIND/NAME, such as services/shop", text)
	}
	return Pattern{Kind: kindNamed(kind), Name: name}, nil
}

// kindNamed returns the kind that is called by its name, in the singular, or as in the paths of the Admin API.
func kindNamed(name string) kong.Kind {
	for _, row := range kong.Rows() {
		if name == row.Singular || name == row.Path {
			return row.Kind
		}
	}
	return kong.Kind(name)
}

// PatternOf returns the pattern that only e matches: by its name, if that is unique and can be typed as it is, else by its id.
func PatternOf(e kong.Entity) Pattern {
	const marks = "-._:~"
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(marks, r)
	}
	row, _ := e.Kind().Row()
	if name := e.Text(row.Name); row.Name != "" && name != "" && !strings.ContainsFunc(name, odd) {
		return Pattern{e.Kind(), name}
	}
	return Pattern{e.Kind(), e.ID()}
}

// String returns KIND/NAME.
func (p Pattern) String() string { return string(p.Kind) + "/" + p.Name }

// Matches reports whether an entity is of the pattern's kind and has its name, or its id.
func (p Pattern) Matches(e kong.Entity) bool {
	return e.Kind() == p.Kind && (wild(p.Name, e.Name()) || p.Name == e.ID())
}

// wild reports whether s is what the pattern says, in which an asterisk stands for any text.
func wild(pattern, s string) bool {
	first, rest, found := strings.Cut(pattern, "*")
	s, ok := strings.CutPrefix(s, first)
	if !ok || !found {
		return ok && s == ""
	}
	for {
		part, more, another := strings.Cut(rest, "*")
		if !another {
			return strings.HasSuffix(s, part)
		}
		_, after, ok := strings.Cut(s, part)
		if !ok {
			return false
		}
		s, rest = after, more
	}
}
