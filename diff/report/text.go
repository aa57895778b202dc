package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// TextOptions are how [Text] looks.
type TextOptions struct {
	// Color marks what is added, changed and removed with ANSI colors. Without it the text has no escape sequence.
	Color bool
}

// Text writes the plan for people: for each entity that changes one line, with where it comes from, and below it the
// fields that differ. Of a new entity it shows what it is for; [JSON] has all of it. Findings and the error are not in it, for
// they belong elsewhere: see [Findings].
func Text(w io.Writer, r Report, o TextOptions) error {
	p := printer{report: r, color: o.Color}
	for _, c := range p.ordered(r.Plan.Changes()) {
		if !r.Drift || c.Cause() != diff.Pending {
			p.change(c)
		}
	}
	p.leftovers()
	for _, c := range r.Plan.Conflicts() {
		p.line(p.paint(red, "! "+diag.Printable(c.String())) + p.origin(c.Entity))
	}
	p.conclude()
	_, err := w.Write(p.out.Bytes())
	return err
}

// printer writes the text of one report.
type printer struct {
	report Report
	color  bool
	out    bytes.Buffer
}

func (p *printer) line(s string) { p.out.WriteString(s + "\n") }

// kong names the Kong that was compared.
func (p *printer) kong() string {
	if p.report.Target == "" {
		return "Kong"
	}
	return diag.Printable(p.report.target())
}

// conclude writes the last line, which says what the plan comes to.
func (p *printer) conclude() {
	plan := p.report.Plan
	if p.report.Drift {
		p.concludeDrift()
		return
	}
	if plan.Empty() {
		p.line("No changes: " + p.kong() + " holds what the manifests say.")
		return
	}
	p.line("")
	if n := len(plan.Conflicts()); n > 0 {
		p.line(fmt.Sprintf("Plan: %v; it cannot be applied, for entities that are not ours are in the way: %d.", plan, n))
		return
	}
	p.line(fmt.Sprintf("Plan: %v.", plan) + p.takenOver() + p.drifted())
	if p.report.Base != "" && p.report.NoBase != "" {
		p.line("Who made the differences is not known: " + diag.Printable(p.report.NoBase) + ".")
	}
}

// change writes one entity.
func (p *printer) change(c diff.Change) {
	sign, color := "~", yellow
	switch c.Op {
	case diff.Create:
		sign, color = "+", green
	case diff.Update:
	case diff.Delete:
		sign, color = "-", red
	}
	p.line(p.paint(color, sign+" "+p.title(c.Entity())) + p.origin(c.Entity()) + p.blame(c) + p.adopted(c) + p.cause(c))
	for _, f := range c.Fields {
		if r := p.report; r.Drift && f.Cause == diff.Pending {
			continue
		}
		if c.Op == diff.Update || c.Op == diff.Create && isTelling(c.After.Kind(), f.Name()) {
			p.field(c, f)
		}
	}
}

// title returns what the entity is called: its kind, its name, and what it belongs to where names repeat.
func (p *printer) title(e kong.Entity) string {
	row, _ := e.Kind().Row()
	s := e.String()
	words := map[string]string{"upstream": " of ", "consumer": " for ", "route": " on route ", "service": " on service "}
	for r, to := range e.Refs() {
		if before := words[r.Field]; before != "" && (e.Kind() == kong.Plugins || e.Kind() == kong.Targets || row.Rank == 1) {
			s += before + p.name(to)
		}
	}
	return diag.Printable(s)
}

// name returns the name of an entity that another refers to.
func (p *printer) name(k kong.Key) string {
	for _, s := range []kong.State{p.report.Plan.Desired(), p.report.Plan.Live()} {
		if e, ok := s.Get(k); ok {
			return e.Name()
		}
	}
	return k.ID
}

func (p *printer) origin(e kong.Entity) string {
	pos := e.Origin().Pos
	pos.Col = 0
	if pos.IsZero() {
		return ""
	}
	return p.paint(dim, "  ("+diag.Printable(pos.String())+")")
}

// telling are the fields that say what a new entity is for. Of a kind that is not here all are shown.
var telling = map[kong.Kind][]string{
	kong.CACertificates: {},
	kong.Certificates:   {},
	kong.Consumers:      {"custom_id"},
	kong.Plugins:        {"config", "enabled"},
	kong.Routes:         {"service", "expression", "priority", "hosts", "paths", "methods", "headers", "snis", "destinations", "sources"},
	kong.Services:       {"host", "port", "protocol", "path", "enabled"},
	kong.SNIs:           {"certificate"},
	kong.Targets:        {"weight"},
	kong.Upstreams:      {"algorithm", "host_header"},
}

func isTelling(k kong.Kind, name string) bool {
	fields, known := telling[k]
	if !known {
		return name != "tags" && name != "name"
	}
	return slices.Contains(fields, name)
}

// field writes one field that differs.
func (p *printer) field(c diff.Change, f diff.Field) {
	label := "    " + fieldName(f.Path) + ": "
	if c.Op == diff.Update && f.Cause > diff.Pending {
		label = "    " + p.paint(yellow, "["+f.Cause.String()+"] ") + strings.TrimLeft(label, " ")
	}
	switch {
	case f.Secret && f.Old != nil && f.New != nil:
		p.line(label + "(secret, changed)")
	case f.New == nil && p.block(label, f, f.Old, "-", red), f.Old == nil && p.block(label, f, f.New, "+", green):
	case f.New == nil:
		p.line(label + p.paint(red, p.value(c, f, f.Old)) + " -> (not set)")
	case f.Old == nil && c.Op == diff.Create:
		p.line(label + p.value(c, f, f.New))
	case f.Old == nil:
		p.line(label + "(not set) -> " + p.paint(green, p.value(c, f, f.New)))
	default:
		p.values(label, c, f)
	}
}

// values writes a value that changed: what differs in it if it is long, else both.
func (p *printer) values(label string, c diff.Change, f diff.Field) {
	const short = 40
	old, now := p.value(c, f, f.Old), p.value(c, f, f.New)
	if len(old)+len(now) > short && !isReference(c, f) && p.inline(label, f.Old, f.New) {
		return
	}
	p.line(label + p.paint(red, old) + " -> " + p.paint(green, now))
}

// fieldName returns a JSON pointer as people write it: config.add.headers[0].
func fieldName(path string) string {
	var b strings.Builder
	for i, name := range strings.Split(path, "/")[1:] {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		switch {
		case i > 0 && isIndex(name):
			b.WriteString("[" + name + "]")
			continue
		case i > 0:
			b.WriteByte('.')
		}
		b.WriteString(diag.Printable(name))
	}
	return strings.TrimSuffix(b.String(), ".id") // a reference is shown by its name
}

func isIndex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
