// Package diag holds what gwsync has to say about the user's manifests, as values.
//
// Every stage of the pipeline returns a [List] of findings next to its result. No stage prints, logs or stops at the
// first problem: a broken document does not hide what is wrong with the others. Only the command line and
// diff/report turn findings into text.
//
// A [Finding] says what is wrong in the user's own names, where ([Pos]: file, line and column), for which object, under
// a stable code that scripts may rely on, and what to do about it (Hint).
//
// What findings say is often made of names that anybody may have chosen: [Printable] makes such text fit for a terminal.
// [Distance] tells which name was probably meant, for hints.
package diag

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Severity says how much a finding matters. The zero value is Info.
type Severity uint8

// The severities, least first.
const (
	// Info is worth knowing and never a reason to stop.
	Info Severity = iota
	// Warning is probably not what the user meant, but has one clear meaning.
	Warning
	// Error stops `gwsync apply` before the first write.
	Error
)

// String returns the severity's name in lower case.
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return "severity " + strconv.Itoa(int(s))
}

// Pos is a place in a manifest. Line and Col start at 1 and count lines and characters; 0 means unknown.
type Pos struct {
	// File is the path as the user named it, with forward slashes; "-" is standard input.
	File string
	Line int
	Col  int
}

// IsZero reports whether nothing is known of the place.
func (p Pos) IsZero() bool { return p == Pos{} }

// String returns "file:line:col", leaving out what is unknown.
func (p Pos) String() string {
	s := p.File
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
		if p.Col > 0 {
			s += ":" + strconv.Itoa(p.Col)
		}
	}
	return s
}

// Compare orders places by file, line and column.
func (p Pos) Compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// Object names a Kubernetes object. Namespace is empty for cluster-scoped kinds.
type Object struct {
	Kind, Namespace, Name string
}

// String returns "Kind namespace/name", or "Kind name" without a namespace; the zero Object is "".
func (o Object) String() string {
	switch {
	case o == Object{}:
		return ""
	case o.Namespace == "":
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// Finding is one thing to say about the manifests.
type Finding struct {
	Severity Severity
	// Code is stable and documented: a Gateway API condition reason where there is one ("RefNotPermitted"), else a name of
	// gwsync's own in the same style.
	Code   string
	Object Object
	Pos    Pos
	// Field is the path within the object, as kubectl spells it: "spec.rules[0].backendRefs[1]".
	Field string
	// Message says what is wrong: lower case, no final period, one line.
	Message string
	// Hint says what to do next. It may span lines, for example to show the manifest that is missing.
	Hint string
	// Related are other places that take part, such as the first of two objects of one name.
	Related []Pos
}

// List is a list of findings in no particular order; see [List.Sorted].
type List []Finding

// Count returns how many findings have severity s.
func (l List) Count(s Severity) int {
	n := 0
	for _, f := range l {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// AtLeast returns the findings whose severity is s or graver.
func (l List) AtLeast(s Severity) List {
	var out List
	for _, f := range l {
		if f.Severity >= s {
			out = append(out, f)
		}
	}
	return out
}

// HasErrors reports whether any finding is an [Error].
func (l List) HasErrors() bool { return l.Count(Error) > 0 }

// Sorted returns the findings by place, then code, field, object and message, without exact repetitions. It does not change l.
func (l List) Sorted() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, compare)
	return slices.CompactFunc(out, func(a, b Finding) bool {
		return a.Severity == b.Severity && a.Hint == b.Hint && compare(a, b) == 0
	})
}

func compare(a, b Finding) int {
	if c := cmp.Or(a.Pos.Compare(b.Pos), strings.Compare(a.Code, b.Code), strings.Compare(a.Field, b.Field)); c != 0 {
		return c
	}
	if a.Object != b.Object { // seldom at one place, and the names are yet to be made
		if c := strings.Compare(a.Object.String(), b.Object.String()); c != 0 {
			return c
		}
	}
	return strings.Compare(a.Message, b.Message)
}
