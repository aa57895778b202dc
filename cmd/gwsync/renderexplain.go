package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// writeExplanations prints for people what each entity comes from: the part of a manifest behind all of it, and below it those behind
// fields that come from elsewhere, too.
func writeExplanations(w io.Writer, l []render.Explanation) error {
	var b strings.Builder
	names := map[kong.Key]string{}
	for _, x := range l {
		names[x.Entity.Key()] = x.Entity.Name()
	}
	for i, x := range l {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n", diag.Printable(titleOf(x.Entity, names)))
		sources := telling(x)
		width := len("from")
		for _, s := range sources {
			width = max(width, len(s.Field))
		}
		line := func(name string, o kong.Origin) {
			fmt.Fprintf(&b, "  %-*s  %s\n", width, diag.Printable(name), diag.Printable(originText(o)))
		}
		line("from", x.Entity.Origin())
		last := ""
		for _, s := range sources {
			name := s.Field
			if name == last {
				name = ""
			}
			last = s.Field
			line(name, s.Origin)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// titleOf returns what an entity is called, and of a plugin what it is on.
func titleOf(e kong.Entity, names map[kong.Key]string) string {
	s := e.String()
	if e.Kind() != kong.Plugins {
		return s
	}
	for r, to := range e.Refs() {
		if name := names[to]; name != "" {
			s += " on " + r.Field + " " + name
		}
	}
	return s
}

// telling returns the sources of fields but for those that come from the very part that the entity comes from, and from no other.
func telling(x render.Explanation) []render.Source {
	elsewhere := map[string]bool{}
	for _, s := range x.Sources {
		elsewhere[s.Field] = elsewhere[s.Field] || s.Origin != x.Entity.Origin()
	}
	return slices.DeleteFunc(slices.Clone(x.Sources), func(s render.Source) bool { return !elsewhere[s.Field] })
}

// originText returns "HTTPRoute shop/cart, spec.rules[0]  cart.yaml:7:3".
func originText(o kong.Origin) string {
	s := o.Object.String()
	if s == "" {
		s = "gwsync itself"
	}
	if o.Field != "" {
		s += ", " + o.Field
	}
	if !o.Pos.IsZero() {
		s += "  " + o.Pos.String()
	}
	return s
}

// The JSON form of explanations.
type (
	explainedJSON struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
		Name string `json:"name,omitempty"`
		sourceJSON
		Fields []fieldJSON `json:"fields,omitempty"`
	}
	fieldJSON struct {
		Name    string       `json:"name"`
		Sources []sourceJSON `json:"sources"`
	}
	sourceJSON struct {
		Object string `json:"object,omitempty"`
		Field  string `json:"field,omitempty"`
		placeJSON
	}
)

func sourceOf(o kong.Origin) sourceJSON {
	return sourceJSON{Object: o.Object.String(), Field: o.Field, placeJSON: placeJSON(o.Pos)}
}

// writeExplanationsJSON prints one document: entities, each with its fields.
func writeExplanationsJSON(w io.Writer, l []render.Explanation) error {
	doc := struct {
		head
		Entities []explainedJSON `json:"entities"`
	}{headOf("render"), []explainedJSON{}}
	for _, x := range l {
		e := x.Entity
		out := explainedJSON{Kind: string(e.Kind()), ID: e.ID(), Name: e.Name(), sourceJSON: sourceOf(e.Origin())}
		for _, s := range x.Sources {
			i := slices.IndexFunc(out.Fields, func(f fieldJSON) bool { return f.Name == s.Field })
			if i < 0 {
				i, out.Fields = len(out.Fields), append(out.Fields, fieldJSON{Name: s.Field})
			}
			out.Fields[i].Sources = append(out.Fields[i].Sources, sourceOf(s.Origin))
		}
		doc.Entities = append(doc.Entities, out)
	}
	return writeJSON(w, doc)
}
