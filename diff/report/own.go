package report

import (
	"fmt"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// adopted says of an entity that is taken over whose it was.
func (p *printer) adopted(c diff.Change) string {
	if !c.Adopted {
		return ""
	}
	text := "[adopted: it was not ours]"
	if instance := diff.OwnedBy(c.Before); instance != "" {
		text = "[adopted from instance " + diag.Printable(instance) + "]"
	}
	return "  " + p.paint(yellow, text)
}

// takenOver says how many entities a plan takes over.
func (p *printer) takenOver() string {
	n := 0
	for _, c := range p.report.Plan.Changes() {
		if c.Adopted {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" Taken over from others: %d.", n)
}

// mostNotDesired is how many entities are named that carry a tag by which others are taken over, and are not themselves.
const mostNotDesired = 10

// leftovers writes a line for each entity that stays though no manifest asks for it, and that has to do with what changes: those of
// others that belong to ours only where that is new, or where drift is looked for.
func (p *printer) leftovers() {
	notDesired := 0
	for _, l := range p.report.Plan.Leftovers() {
		if l.Reason == diff.Attached && !l.Adopted && !p.report.Drift {
			continue
		}
		if l.Reason == diff.NotDesired {
			if notDesired++; notDesired > mostNotDesired {
				continue
			}
		}
		p.line(p.paint(dim, "= "+p.title(l.Entity)+"  "+p.stays(l)))
	}
	if more := notDesired - mostNotDesired; more > 0 {
		p.line(p.paint(dim, fmt.Sprintf("= and %d more that are not ours, and no manifest asks for", more)))
	}
}

// stays says why an entity stays, and what it does.
func (p *printer) stays(l diff.Leftover) string {
	switch l.Reason {
	case diff.NotPruned:
		return "no manifest asks for it: it stays (--no-prune)"
	case diff.Shared:
		return "no manifest asks for it, but others refer to it: it stays"
	case diff.NotDesired:
		return "not ours, and no manifest asks for it: it stays as it is"
	case diff.Attached:
	}
	of := diag.Printable(l.Of.String())
	switch kind := l.Entity.Kind(); {
	case kind == kong.Plugins:
		return "not ours, and no manifest asks for it: it stays, and acts on the requests of " + of
	case kind == kong.Routes:
		return "not ours, and no manifest asks for it: it stays, and leads to " + of + " past the plugins of our routes"
	case kind == kong.Targets:
		return "not ours, and no manifest asks for it: it stays, and gets requests of " + of
	case kind.IsCredential():
		return "not ours, and no manifest asks for it: it stays, and is one of " + of
	}
	return "not ours, and no manifest asks for it: it stays with " + of
}

// leftoverJSON is a part of the document.
type leftoverJSON struct {
	Kind   kong.Kind           `json:"kind"`
	Name   string              `json:"name"`
	ID     string              `json:"id"`
	Reason diff.LeftoverReason `json:"reason"`
	Of     string              `json:"of,omitempty"`
	Owner  string              `json:"owner,omitempty"`
}

func leftoversOf(p diff.Plan) []leftoverJSON {
	var out []leftoverJSON
	for _, l := range p.Leftovers() {
		e := l.Entity
		j := leftoverJSON{Kind: e.Kind(), Name: e.Name(), ID: e.ID(), Reason: l.Reason}
		if !l.Of.IsZero() {
			j.Of = l.Of.Key().String()
		}
		j.Owner = diff.OwnedBy(e)
		out = append(out, j)
	}
	return out
}
