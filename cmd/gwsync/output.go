package main

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/render/diag"
)

// outputFlag adds -o, which says how to print. The first of the formats is the default.
func outputFlag(flags *pflag.FlagSet, to *string, formats ...string) {
	*to = formats[0]
	flags.VarP(&outputFormat{to, formats}, "output", "o", "print "+oneOf(formats))
}

// outputFormat is the value of -o.
type outputFormat struct {
	value   *string
	formats []string
}

func (f *outputFormat) String() string { return *f.value }

// Set implements pflag.Value.
func (f *outputFormat) Set(s string) error {
	if !slices.Contains(f.formats, s) {
		return errors.New("want " + oneOf(f.formats))
	}
	*f.value = s
	return nil
}

// Type implements pflag.Value.
func (f *outputFormat) Type() string { return "FORMAT" }

// head begins every document in JSON of gwsync's own: docs/output.md.
type head struct {
	// FormatVersion is "1.0": minor versions add names, see package report.
	FormatVersion string `json:"format_version"`
	// Command is the verb.
	Command string `json:"command"`
}

func headOf(command string) head { return head{"1.0", command} }

// failureJSON is why a verb failed, in its document.
type failureJSON struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func failureOf(err error) *failureJSON {
	return &failureJSON{Message: err.Error(), Hint: diag.HintOf(err)}
}

// placeJSON is where something stands.
type placeJSON struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Col  int    `json:"col,omitempty"`
}

// writeJSON writes the one document of an output in JSON.
func writeJSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(document)
}

// oneOf returns "a, b or c".
func oneOf(words []string) string { return listed(words, " or ") }

// andOf returns "a, b and c".
func andOf(words []string) string { return listed(words, " and ") }

func listed(words []string, conjunction string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + conjunction + words[last]
}
