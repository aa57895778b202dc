package report

import (
	"bytes"
	"encoding/json"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
)

// blame says which commit is behind a change.
func (p *printer) blame(c diff.Change) string {
	b, ok := p.report.Blames[c.Entity().Key()]
	if !ok {
		return ""
	}
	const day = len("2006-01-02")
	text := "  " + short(b.Commit) + " by " + diag.Printable(b.Author) + " on " + diag.Printable(b.Date[:min(day, len(b.Date))])
	if b.Oldest {
		text += ", or earlier than the clone goes back"
	}
	if b.Subject != "" {
		text += ": " + diag.Printable(b.Subject)
	}
	return p.paint(dim, text)
}

// changeJSON is a change with the commit behind it.
type changeJSON struct {
	diff.Change
	blame *Blame
}

// MarshalJSON returns the change with one more name, blame, if it is known.
func (c changeJSON) MarshalJSON() ([]byte, error) {
	change, err := c.Change.MarshalJSON()
	if err != nil || c.blame == nil {
		return change, err
	}
	var b bytes.Buffer
	b.Write(bytes.TrimSuffix(change, []byte("}")))
	b.WriteString(`,"blame":`)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c.blame); err != nil {
		return nil, err
	}
	return append(bytes.TrimSuffix(b.Bytes(), []byte("\n")), '}'), nil
}

func (r Report) changes() []changeJSON {
	out := make([]changeJSON, len(r.Plan.Changes()))
	for i, c := range r.Plan.Changes() {
		out[i].Change = c
		if b, ok := r.Blames[c.Entity().Key()]; ok {
			out[i].blame = &b
		}
	}
	return out
}
