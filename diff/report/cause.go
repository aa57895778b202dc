package report

import (
	"fmt"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
)

// cause says of an entity that comes or goes what another hand has done with it. Of one that changes, the fields say so.
func (p *printer) cause(c diff.Change) string {
	text := ""
	switch cause := c.Cause(); {
	case c.Op == diff.Create && cause == diff.Drift:
		text = "[drift] it was deleted in Kong"
	case c.Op == diff.Delete && cause == diff.Drift:
		text = "[drift] it was made in Kong"
	case c.Op == diff.Delete && cause == diff.Contested:
		text = "[contested] it was changed in Kong"
	default:
		return ""
	}
	return "  " + p.paint(yellow, text)
}

// drifted says how much of a plan undoes what another hand has done.
func (p *printer) drifted() string {
	causes, ok := p.report.Plan.Causes()
	if !ok || causes.Drift+causes.Contested == 0 {
		return ""
	}
	return fmt.Sprintf(" Changed in Kong since commit %s was applied: %d, and in the manifests too: %d.",
		short(p.report.Base), causes.Drift+causes.Contested, causes.Contested)
}

// concludeDrift writes the last lines of a report about drift.
func (p *printer) concludeDrift() {
	plan := p.report.Plan
	causes, based := plan.Causes()
	if !based && plan.Empty() {
		begin := "No drift: "
		if len(plan.Attachments()) > 0 {
			begin = "No drift of our own entities: "
		}
		p.line(begin + p.kong() + " holds what the manifests say." + p.attached())
		return
	}
	if !based {
		p.line("")
		p.line(fmt.Sprintf("Differences from the manifests: %d. Who made them is not known: %s.",
			plan.Counts().Total(), diag.Printable(p.report.NoBase)) + p.attached())
		return
	}
	drift := causes.Drift + causes.Contested
	if drift > 0 {
		p.line("")
	}
	text := fmt.Sprintf("Drift since commit %s: %d", short(p.report.Base), drift)
	if causes.Contested > 0 {
		text += fmt.Sprintf(", of which changed in the manifests too: %d", causes.Contested)
	}
	p.line(text + fmt.Sprintf(". Pending changes: %d.", causes.Pending) + p.attached())
}

// attached says how much another hand has put on entities of ours.
func (p *printer) attached() string {
	n := len(p.report.Plan.Attachments())
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" Attached to our entities by others: %d, which apply leaves as they are.", n)
}

// short returns the beginning of a commit that people recognise it by.
func short(commit string) string {
	const digits = 12
	return diag.Printable(commit[:min(len(commit), digits)])
}
