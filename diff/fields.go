package diff

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// comparer finds the fields in which two entities differ. Secrets leave it as [Redacted] only.
type comparer struct {
	schemas       kong.Schemas
	before, after kong.Entity
	row           kong.Row
	path          []string
	out           []Field
}

// fields returns what differs between before and after, by path. Objects are compared by key at every depth, arrays
// element by element where that reads well (see elementwise), else as a whole. Arrays that Kong's table of kinds calls sets
// are always compared as a whole: their indices mean nothing.
func fields(schemas kong.Schemas, before, after kong.Entity) []Field {
	c := comparer{schemas: schemas, before: before, after: after}
	c.row, _ = either(before, after).Kind().Row()
	names := map[string]bool{}
	for name := range before.Fields() {
		names[name] = true
	}
	for name := range after.Fields() {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, _ := before.Field(name)
		now, _ := after.Field(name)
		c.enter(name, old, now)
	}
	return c.out
}

// enter compares the two values of a field, or element, of the current path.
func (c *comparer) enter(name string, old, now kong.Value) {
	c.path = append(c.path, name)
	c.compare(old, now)
	c.path = c.path[:len(c.path)-1]
}

func (c *comparer) compare(old, now kong.Value) {
	if equal(old, now) {
		return
	}
	if c.secret() || isPrivateKey(old) || isPrivateKey(now) {
		c.add(Field{Old: masked(old), New: masked(now), Secret: true})
		return
	}
	oldMap, oldIs := old.(map[string]kong.Value)
	nowMap, nowIs := now.(map[string]kong.Value)
	if (oldIs || old == nil) && (nowIs || now == nil) && len(oldMap)+len(nowMap) > 0 {
		for _, name := range unionKeys(oldMap, nowMap) {
			c.enter(name, oldMap[name], nowMap[name])
		}
		return
	}
	oldList, oldIs := old.([]any)
	nowList, nowIs := now.([]any)
	if oldIs && nowIs && !c.isSet() && elementwise(oldList, nowList) {
		for i := range oldList {
			c.enter(strconv.Itoa(i), oldList[i], nowList[i])
		}
		return
	}
	c.add(Field{Old: c.redact(old), New: c.redact(now)})
}

func (c *comparer) add(f Field) {
	f.Path = pointer(c.path)
	c.out = append(c.out, f)
}

// elementwise reports whether two arrays differ element by element rather than by elements that come, go or move: they are of
// one length, and all that differs are a single element or elements with parts of their own.
func elementwise(old, now []any) bool {
	if len(old) != len(now) {
		return false
	}
	simple := 0
	for i := range old {
		switch old[i].(type) {
		case []any, map[string]kong.Value:
			continue
		}
		if !equal(old[i], now[i]) {
			simple++
		}
	}
	return simple <= 1
}

func (c *comparer) isSet() bool { return len(c.path) == 1 && slices.Contains(c.row.Sets, c.path[0]) }

// secret reports whether the value at the current path must not be shown, by what either side is: a plugin's schema
// depends on its name.
func (c *comparer) secret() bool {
	return c.row.Secret(c.path[0]) || c.schemas.Secret(c.after, c.path...) || c.schemas.Secret(c.before, c.path...)
}

// redact returns v with every secret inside masked.
func (c *comparer) redact(v kong.Value) kong.Value {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = c.redactChild(strconv.Itoa(i), v[i])
		}
		return out
	case map[string]kong.Value:
		out := make(map[string]kong.Value, len(v))
		for name := range v {
			out[name] = c.redactChild(name, v[name])
		}
		return out
	}
	return v
}

func (c *comparer) redactChild(name string, v kong.Value) kong.Value {
	c.path = append(c.path, name)
	defer func() { c.path = c.path[:len(c.path)-1] }()
	if c.secret() || isPrivateKey(v) {
		return masked(v)
	}
	return c.redact(v)
}

// isPrivateKey reports whether the value is PEM text with a private key, wherever somebody put it.
func isPrivateKey(v kong.Value) bool {
	s, _ := v.(string)
	return strings.Contains(s, "PRIVATE KEY-----")
}

func masked(v kong.Value) kong.Value {
	if v == nil {
		return nil
	}
	return Redacted
}

func unionKeys(a, b map[string]kong.Value) []string {
	keys := slices.AppendSeq(make([]string, 0, len(a)+len(b)), maps.Keys(a))
	keys = slices.AppendSeq(keys, maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// equal compares canonical values. Unlike reflect.DeepEqual it needs no bookkeeping for cycles: there are none.
func equal(a, b kong.Value) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case map[string]kong.Value:
		b, ok := b.(map[string]kong.Value)
		return ok && maps.EqualFunc(a, b, equal)
	}
	switch b.(type) {
	case []any, map[string]kong.Value:
		return false
	}
	return a == b
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// pointer returns the path as a JSON pointer.
func pointer(path []string) string {
	var b strings.Builder
	for _, name := range path {
		b.WriteByte('/')
		b.WriteString(pointerEscapes.Replace(name))
	}
	return b.String()
}
