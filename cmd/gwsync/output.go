package main

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"
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
