package report

import (
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// The part of SARIF that says what lint has to say.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string `json:"id"`
		HelpURI string `json:"helpUri"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPlace `json:"physicalLocation"`
	}
	sarifPlace struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
)

// project is where gwsync is at home.
const project = "https://github.com/gwsync/gwsync"

// SARIF writes the findings as SARIF 2.1.0, which GitHub's code scanning and editors read. A finding that has no file is said of the
// directory as a whole, since code scanning takes none without a place. Errors come first: it keeps a limited number.
//
// Sources: docs.oasis-open.org/sarif/sarif/v2.1.0; docs.github.com, "SARIF support for code scanning".
func SARIF(w io.Writer, l diag.List) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "gwsync", InformationURI: project, Rules: []sarifRule{}}
	prints := fingerprints{}
	for _, f := range gravestFirst(l) {
		result := sarifResult{
			RuleID: f.Code, Level: "note", Message: sarifText{sarifMessage(f)}, Locations: []sarifLocation{sarifLocationOf(f.Pos)},
			Fingerprints: map[string]string{"gwsync/v1": prints.of(f)},
		}
		if f.Severity != diag.Info {
			result.Level = f.Severity.String()
		}
		for _, p := range f.Related {
			result.Related = append(result.Related, sarifLocationOf(p))
		}
		run.Results = append(run.Results, result)
	}
	for _, code := range codesOf(l) {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules,
			sarifRule{code, project + "/blob/main/docs/findings.md#" + url.PathEscape(strings.ToLower(code))})
	}
	return encode(w, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// codesOf returns the codes of findings, sorted.
func codesOf(l diag.List) []string {
	var out []string
	for _, f := range l {
		out = append(out, f.Code)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// sarifMessage returns the message with its hint. It has no links, which SARIF writes as "[text](target)" in any text.
func sarifMessage(f diag.Finding) string {
	return strings.ReplaceAll(messageAndHint(f), "](", "] (")
}

func sarifLocationOf(p diag.Pos) sarifLocation {
	name := &url.URL{Path: path.Clean(p.File)} // "." for none
	out := sarifLocation{sarifPlace{Artifact: sarifArtifact{name.String()}}}
	if p.Line > 0 {
		out.Physical.Region = &sarifRegion{p.Line, p.Col}
	}
	return out
}

// fingerprints tell findings apart, also in another run, where they may have moved to another line.
type fingerprints map[string]int

// of returns what tells a finding from all others: what it is about, and which it is of those that are the same but for their place.
func (p fingerprints) of(f diag.Finding) string {
	key := digest(f.Code, f.Object.String(), f.Pos.File, f.Field, f.Message)
	p[key]++
	if n := p[key]; n > 1 {
		return digest(key, fmt.Sprint(n))
	}
	return key
}
