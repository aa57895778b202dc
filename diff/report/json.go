package report

import (
	"io"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
)

// formatVersion is that of the JSON document: minor versions add names, and readers have to ignore those that they do not
// know; a major version may change anything.
const formatVersion = "1.0"

type document struct {
	FormatVersion string          `json:"format_version"`
	Command       string          `json:"command"`
	Result        string          `json:"result"`
	Target        string          `json:"target,omitempty"`
	Instance      string          `json:"instance,omitempty"`
	Revision      string          `json:"revision,omitempty"`
	Base          string          `json:"base,omitempty"`
	NoBase        string          `json:"no_base,omitempty"`
	Causes        *causes         `json:"causes,omitempty"`
	PlanID        string          `json:"plan_id"`
	Summary       summary         `json:"summary"`
	Changes       []changeJSON    `json:"changes"`
	Conflicts     []diff.Conflict `json:"conflicts"`
	Leftovers     []leftoverJSON  `json:"leftovers,omitempty"`
	Findings      []findingJSON   `json:"findings"`
	Failed        []diff.Write    `json:"failed,omitempty"`
	Skipped       []diff.Write    `json:"skipped,omitempty"`
	RolledBack    []diff.Write    `json:"rolled_back,omitempty"`
	Error         *failure        `json:"error,omitempty"`
}

type summary struct {
	Create     int `json:"create"`
	Update     int `json:"update"`
	Delete     int `json:"delete"`
	Conflicts  int `json:"conflicts"`
	Attached   int `json:"attached,omitempty"`
	Errors     int `json:"errors"`
	Warnings   int `json:"warnings"`
	Applied    int `json:"applied"`
	Failed     int `json:"failed"`
	Skipped    int `json:"skipped"`
	RolledBack int `json:"rolled_back"`
}

// causes are there if the commit that was applied last is known.
type causes struct {
	Pending   int `json:"pending"`
	Drift     int `json:"drift"`
	Contested int `json:"contested"`
}

type failure struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

type place struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Col  int    `json:"col,omitempty"`
}

type findingJSON struct {
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Object   string `json:"object,omitempty"`
	place
	Field   string  `json:"field,omitempty"`
	Message string  `json:"message"`
	Hint    string  `json:"hint,omitempty"`
	Related []place `json:"related,omitempty"`
}

// JSON writes the report as one JSON document: format_version "1.0"; result "no-changes", "changes" or "error"; what the text
// report says, and more, in full: all fields that are created or deleted.
func JSON(w io.Writer, r Report) error {
	return encode(w, r.document())
}

func (r Report) document() document {
	d := document{
		FormatVersion: formatVersion,
		Command:       r.Command,
		Result:        r.result(),
		Target:        r.target(),
		Instance:      r.Instance,
		Revision:      r.Revision,
		Base:          r.Base,
		NoBase:        r.NoBase,
		PlanID:        r.Plan.ID().String(),
		Summary:       r.summary(),
		Changes:       r.changes(),
		Conflicts:     append([]diff.Conflict{}, r.Plan.Conflicts()...),
		Leftovers:     leftoversOf(r.Plan),
		Findings:      findingsOf(r.Findings),
	}
	if counts, ok := r.Plan.Causes(); ok {
		d.Causes = &causes{counts.Pending, counts.Drift, counts.Contested}
	}
	d.Failed, d.Skipped, d.RolledBack = writesOf(r.Failed), writesOf(r.Skipped), writesOf(r.RolledBack)
	if r.Err != nil {
		d.Error = &failure{Message: r.Err.Error(), Hint: diag.HintOf(r.Err)}
	}
	return d
}

// writesOf names changes without their fields, which are among the changes of the plan.
func writesOf(changes []diff.Change) []diff.Write {
	var out []diff.Write
	for _, c := range changes {
		out = append(out, diff.Write{Op: c.Op, Entity: c.Entity()})
	}
	return out
}

func (r Report) summary() summary {
	c := r.Plan.Counts()
	return summary{
		Create:     c.Create,
		Update:     c.Update,
		Delete:     c.Delete,
		Conflicts:  len(r.Plan.Conflicts()),
		Attached:   len(r.Plan.Attachments()),
		Errors:     r.Findings.Count(diag.Error),
		Warnings:   r.Findings.Count(diag.Warning),
		Applied:    len(r.Applied),
		Failed:     len(r.Failed),
		Skipped:    len(r.Skipped),
		RolledBack: len(r.RolledBack),
	}
}

func findingOf(f diag.Finding) findingJSON {
	out := findingJSON{
		Severity: f.Severity.String(),
		Code:     f.Code,
		Object:   f.Object.String(),
		place:    place(f.Pos),
		Field:    f.Field,
		Message:  f.Message,
		Hint:     f.Hint,
	}
	for _, p := range f.Related {
		out.Related = append(out.Related, place(p))
	}
	return out
}
