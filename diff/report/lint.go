package report

import (
	"encoding/json"
	"io"

	"github.com/gwsync/gwsync/render/diag"
)

// Lint is what a look at manifests alone has to report.
type Lint struct {
	// Objects counts the objects that were looked at by kind, and Skipped those of kinds that gwsync has no use for.
	Objects, Skipped map[string]int
	// Files is the number of files that hold the objects.
	Files    int
	Findings diag.List
	// Err is why the look failed, or was not to everybody's liking. If it has a method Hint() string, that says what to do about it.
	Err error
}

type lintDocument struct {
	FormatVersion string         `json:"format_version"`
	Command       string         `json:"command"`
	Result        string         `json:"result"`
	Summary       lintSummary    `json:"summary"`
	Objects       map[string]int `json:"objects"`
	Skipped       map[string]int `json:"skipped"`
	Findings      []findingJSON  `json:"findings"`
	Error         *failure       `json:"error,omitempty"`
}

type lintSummary struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Infos    int `json:"infos"`
	Files    int `json:"files"`
}

// FindingsJSON writes one JSON document: format_version "1.0"; result "ok", or "error" if Err says so; findings of all severities;
// objects and skipped, the numbers of objects by kind; and summary.files, the number of files that hold the objects.
func FindingsJSON(w io.Writer, l Lint) error {
	d := lintDocument{
		FormatVersion: formatVersion,
		Command:       "lint",
		Result:        "ok",
		Summary: lintSummary{
			Errors: l.Findings.Count(diag.Error), Warnings: l.Findings.Count(diag.Warning), Infos: l.Findings.Count(diag.Info), Files: l.Files,
		},
		Objects:  l.Objects,
		Skipped:  l.Skipped,
		Findings: findingsOf(l.Findings),
	}
	if l.Err != nil {
		d.Result, d.Error = "error", &failure{Message: l.Err.Error(), Hint: diag.HintOf(l.Err)}
	}
	return encode(w, d)
}

// encode writes one JSON document, indented.
func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func findingsOf(l diag.List) []findingJSON {
	out := []findingJSON{}
	for _, f := range l.Sorted() {
		out = append(out, findingOf(f))
	}
	return out
}
