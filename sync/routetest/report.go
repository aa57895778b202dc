package routetest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// Failed counts the tests that did not pass.
func Failed(results []Result) int {
	n := 0
	for _, r := range results {
		if !r.Passed() {
			n++
		}
	}
	return n
}

// WriteText prints the results for people: what failed, and a line for everything with verbose; then a summary.
func WriteText(w io.Writer, results []Result, verbose bool) error {
	var b strings.Builder
	unchecked := 0
	for _, r := range results {
		unchecked += len(r.Unchecked)
		if r.Passed() && !verbose {
			continue
		}
		mark := "ok  "
		if !r.Passed() {
			mark = "FAIL"
		}
		fmt.Fprintf(&b, "%s  %s  %s\n", mark, diag.Printable(r.Test.Name), diag.Printable(r.Test.Pos.String()))
		for _, line := range r.lines() {
			fmt.Fprintf(&b, "      %s\n", diag.Printable(line))
		}
	}
	failed := Failed(results)
	fmt.Fprintf(&b, "%d passed, %d failed", len(results)-failed, failed)
	if unchecked > 0 {
		fmt.Fprintf(&b, "; %d expectations could not be checked", unchecked)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// lines says what a result has to say.
func (r Result) lines() []string {
	lines := r.Failures
	if r.Err != nil {
		lines = append(lines, r.Err.Error())
	}
	if len(r.Unchecked) > 0 {
		lines = append(lines, "not known here: "+strings.Join(r.Unchecked, ", "))
	}
	return lines
}

// The JUnit form: what CI systems read.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Failure *junitProblem `xml:"failure"`
		Error   *junitProblem `xml:"error"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit prints the results as JUnit's XML: a suite for each file.
func WriteJUnit(w io.Writer, results []Result) error {
	var all junitSuites
	for _, r := range results {
		file := r.Test.Pos.File
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != diag.Printable(file) {
			all.Suites = append(all.Suites, junitSuite{Name: diag.Printable(file)})
		}
		s := &all.Suites[len(all.Suites)-1]
		c := junitCase{
			Name: diag.Printable(r.Test.Name), Class: diag.Printable(file), File: diag.Printable(file), Line: r.Test.Pos.Line,
		}
		text := diag.Printable(strings.Join(r.lines(), "; "))
		switch {
		case r.Err != nil:
			s.Errors++
			c.Error = &junitProblem{diag.Printable(r.Err.Error()), text}
		case len(r.Failures) > 0:
			s.Failures++
			c.Failure = &junitProblem{diag.Printable(r.Failures[0]), text}
		default:
			c.Output = text
		}
		s.Tests++
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
