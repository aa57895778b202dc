package status

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/manifest"
)

// words are what the Graph has to say of one object. They are looked up when something is wrong: most objects need none.
type words struct {
	graph  *bind.Graph
	ref    manifest.Ref
	looked bool
	said   bind.Explanation
}

func (w writer) words(r manifest.Ref) *words { return &words{graph: w.Graph, ref: r} }

func (w *words) explanation() bind.Explanation {
	if !w.looked {
		w.said, _ = w.graph.Brief(w.ref)
		w.looked = true
	}
	return w.said
}

// own returns the explanation without its parts.
func (w *words) own() bind.Explanation { return bind.Explanation{Checks: w.explanation().Checks} }

// part returns the explanation of the i-th part.
func (w *words) part(i int) bind.Explanation {
	if parts := w.explanation().Parts; i < len(parts) {
		return parts[i]
	}
	return bind.Explanation{}
}

// most is how many things a message lists.
const most = 4

// sentence joins what is wrong, and counts what is too much.
func sentence(wrong []string) string {
	wrong = distinct(wrong)
	text := strings.Join(wrong[:min(most, len(wrong))], "; ")
	if more := len(wrong) - most; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

func distinct(in []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range in {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

// denials returns what e says of checks that did not pass for one of the reasons, in order, each with the parts that it is within. Of
// the checks of one thing the first tells enough.
func denials(e bind.Explanation, reasons ...string) []string {
	for _, c := range e.Checks {
		if !c.Passed && slices.Contains(reasons, c.Reason) {
			return []string{c.Detail}
		}
	}
	var out []string
	for _, p := range e.Parts {
		for _, d := range denials(p, reasons...) {
			out = append(out, place(p)+": "+d)
		}
	}
	return out
}

// place names a part within what it is a part of: "rule 0 (login)", "backendRef 1", "listener https".
func place(e bind.Explanation) string {
	name, _, _ := strings.Cut(e.Title, ": ")
	if rest, is := strings.CutPrefix(name, "listener "); is {
		name, _, _ = strings.Cut(rest, " (")
		return "listener " + name
	}
	return name
}

// longest is how long a message may be (metav1.Condition), in bytes to be safe.
const longest = 32768

func limited(message string) string {
	if len(message) <= longest {
		return message
	}
	cut := longest - len("...")
	for !utf8.RuneStart(message[cut]) {
		cut--
	}
	return message[:cut] + "..."
}
