package main

import (
	"io"

	"github.com/gwsync/gwsync/render/bind"
)

// printJSON prints one document: objects, each with its checks and parts, and codes.
func (e *explainer) printJSON(w io.Writer) error {
	doc := struct {
		head
		Objects []explanationJSON `json:"objects"`
		Codes   []codeJSON        `json:"codes"`
	}{headOf("explain"), []explanationJSON{}, []codeJSON{}}
	for _, o := range e.objects {
		doc.Objects = append(doc.Objects, explanationOf(o))
	}
	for _, c := range e.codes {
		doc.Codes = append(doc.Codes, codeJSON{c.Code, c.Severity, c.Text})
	}
	return writeJSON(w, doc)
}

type codeJSON struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
}

type explanationJSON struct {
	Title string `json:"title"`
	placeJSON
	OK      bool              `json:"ok"`
	Verdict string            `json:"verdict,omitempty"`
	Checks  []checkJSON       `json:"checks,omitempty"`
	Parts   []explanationJSON `json:"parts,omitempty"`
}

type checkJSON struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail"`
	placeJSON
	Hint string `json:"hint,omitempty"`
}

func explanationOf(e bind.Explanation) explanationJSON {
	out := explanationJSON{Title: e.Title, placeJSON: placeJSON(e.Pos), OK: e.OK, Verdict: e.Verdict}
	for _, c := range e.Checks {
		out.Checks = append(out.Checks, checkJSON{c.Name, c.Passed, c.Reason, c.Detail, placeJSON(c.Pos), c.Fix})
	}
	for _, p := range e.Parts {
		out.Parts = append(out.Parts, explanationOf(p))
	}
	return out
}
