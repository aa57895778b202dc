package diff

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Cause says who made a difference: it takes the state that was applied last to tell. The zero Cause is that nobody knows.
type Cause uint8

// The causes.
const (
	// Pending: the manifests have changed since the last apply.
	Pending Cause = iota + 1
	// Drift: Kong was changed by another hand since, and the manifests were not.
	Drift
	// Contested: both were changed since, and not to the same.
	Contested
)

// String returns "pending", "drift", "contested", or "" for the zero Cause.
func (c Cause) String() string {
	switch c {
	case Pending:
		return "pending"
	case Drift:
		return "drift"
	case Contested:
		return "contested"
	}
	return ""
}

// CauseCounts is how many changes there are of each cause. One with fields of several counts for the gravest: Contested before Drift
// before Pending.
type CauseCounts struct{ Pending, Drift, Contested int }

// Causes returns how many changes there are of each cause; ok is false for a plan that was computed without a base.
func (p Plan) Causes() (counts CauseCounts, ok bool) {
	for _, c := range p.changes {
		switch c.Cause() {
		case Pending:
			counts.Pending++
		case Drift:
			counts.Drift++
		case Contested:
			counts.Contested++
		}
	}
	return counts, p.based
}

// Cause returns the gravest of the causes of the change's fields.
func (c Change) Cause() Cause {
	var out Cause
	for _, f := range c.Fields {
		out = max(out, f.Cause)
	}
	return out
}

// attribute says of each change whether the manifests made it or another hand, by what the manifests came to at the last apply.
func (p *Plan) attribute(base kong.State, schemas kong.Schemas) error {
	a, err := align(p.live, base, p.owner.settled())
	if err != nil {
		return fmt.Errorf("state of the commit that was applied last: %w", err)
	}
	applied := make(map[kong.Key]kong.Entity, len(a.aligned))
	for _, e := range a.aligned {
		applied[e.Key()] = e
	}
	for i, c := range p.changes {
		was, ok := applied[c.Entity().Key()]
		if ok {
			if was, err = schemas.Fill(was); err != nil {
				return fmt.Errorf("defaults of %s: %w", title(was), err)
			}
		}
		if c.Before, err = schemas.Resolve(c.Before); err != nil {
			return fmt.Errorf("shorthands of %s: %w", title(c.Before), err)
		}
		now := c.After
		if c.Op == Update {
			if now, err = schemas.Fill(now); err != nil {
				return fmt.Errorf("defaults of %s: %w", title(now), err)
			}
		}
		for j := range c.Fields {
			p.changes[i].Fields[j].Cause = cause(c, c.Fields[j].Path, was, now)
		}
	}
	p.based = true
	return nil
}

// cause tells who changed one field since the last apply, of which was is the entity, zero if there was none.
func cause(c Change, path string, was, now kong.Entity) Cause {
	switch {
	case c.Op == Create && was.IsZero():
		return Pending
	case c.Op == Create:
		return Drift // it was applied and is gone; what the manifests say of it now comes with it
	case was.IsZero() && c.Adopted:
		return Pending
	case was.IsZero():
		return Drift // somebody made it under our tags
	case c.Op == Delete && c.Before.Equal(was):
		return Pending
	case c.Op == Delete:
		return Contested
	}
	old, then, next := valueAt(c.Before, path), valueAt(was, path), valueAt(now, path)
	switch {
	case equal(old, then):
		return Pending
	case equal(next, then):
		return Drift
	}
	return Contested
}

// valueAt returns the value at a JSON pointer of an entity, nil if there is none.
func valueAt(e kong.Entity, path string) kong.Value {
	names := strings.Split(strings.TrimPrefix(path, "/"), "/")
	v, _ := e.Field(unescape(names[0]))
	for _, name := range names[1:] {
		switch in := v.(type) {
		case map[string]kong.Value:
			v = in[unescape(name)]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

func unescape(name string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(name) }
