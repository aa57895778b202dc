package sync

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// RejectedError says that the Kong refuses entities. Nothing was written.
type RejectedError struct {
	// Rejections are never empty.
	Rejections []Rejection
}

// Rejection is one entity that the Kong refuses.
type Rejection struct {
	Entity kong.Entity
	// Reason is Kong's, without the entity's secrets: "host: required field missing".
	Reason string
	// Err is the answer.
	Err error
}

// CodeRejected is the code of the findings of [RejectedError.Findings].
const CodeRejected = "RejectedByKong"

// Error names the entities and Kong's reasons.
func (e *RejectedError) Error() string {
	all := make([]string, len(e.Rejections))
	for i, r := range e.Rejections {
		all[i] = describe(r.Entity) + ": " + r.Reason
	}
	// A manifest that many entities come from is refused for each of them.
	slices.Sort(all)
	return "kong refuses " + listed("entities", slices.Compact(all))
}

// Unwrap returns the answers.
func (e *RejectedError) Unwrap() []error {
	all := make([]error, len(e.Rejections))
	for i, r := range e.Rejections {
		all[i] = r.Err
	}
	return all
}

// Refused is always true: nothing was written.
func (e *RejectedError) Refused() bool { return true }

// Findings returns a finding for each entity, at the manifest that it comes from.
func (e *RejectedError) Findings() diag.List {
	var out diag.List
	for _, r := range e.Rejections {
		out = append(out, diag.Finding{
			Severity: diag.Error,
			Code:     CodeRejected,
			Object:   r.Entity.Origin().Object,
			Pos:      r.Entity.Origin().Pos,
			Message:  fmt.Sprintf("kong refuses the %s: %s", r.Entity, r.Reason),
		})
	}
	return out
}

// ConflictError says that a plan cannot be carried out, since entities that are not gwsync's stand in its way.
type ConflictError struct {
	// Conflicts are never empty.
	Conflicts []diff.Conflict
}

// Error says what stands in the way.
func (e *ConflictError) Error() string {
	all := make([]string, len(e.Conflicts))
	for i, c := range e.Conflicts {
		all[i] = c.String()
	}
	return listed("conflicts", all)
}

// Hint returns what to do about it.
func (e *ConflictError) Hint() string {
	const most = 5
	var flags []string
	is := map[diff.Reason]bool{}
	for _, c := range e.Conflicts {
		if p, ok := c.Adopt(); ok {
			flags = append(flags, "--adopt "+p.String())
		}
		is[c.Reason] = true
	}
	var hints []string
	if len(flags) > 0 {
		take := strings.Join(flags[:min(most, len(flags))], " ")
		if more := len(flags) - most; more > 0 {
			take += fmt.Sprintf(" and %d more (conflicts in -o json)", more)
		}
		if tag := e.sharedTag(); tag != "" {
			take += ", or all of them with --adopt-tag " + tag
		}
		hints = append(hints, "gwsync touches what does not carry its tags only where it is told to: "+take+
			"; else rename or delete it in Kong, or rename the object in the manifests")
		if owner := e.sharedOwner(); owner != "" {
			hints = append(hints, "all of it is instance "+owner+"'s: are --instance and --kong-addr right?")
		}
	}
	if is[diff.RecordTaken] || is[diff.LeaseTaken] {
		hints = append(hints, "rename it or delete it in Kong, or call the instance something else (--instance)")
	}
	if is[diff.ValueTaken] {
		hints = append(hints, "a Kong has such a value once: give one of the two another")
	}
	if is[diff.CredentialTaken] {
		hints = append(hints, "a credential of another consumer is not taken over: give ours another key or name, or delete theirs in Kong")
	}
	if is[diff.InUse] {
		hints = append(hints, "delete in Kong what refers to entities of ours, or keep those with --no-prune")
	}
	return strings.Join(hints, "; ")
}

// sharedOwner returns the instance that has all that is in the way; "" if no other one has, or not all of it.
func (e *ConflictError) sharedOwner() string {
	owner := diff.OwnedBy(e.Conflicts[0].Foreign)
	for _, c := range e.Conflicts {
		if o := diff.OwnedBy(c.Foreign); o != owner || o == diff.OwnedBy(c.Entity) {
			return ""
		}
	}
	return owner
}

// sharedTag returns a tag of all that could be taken over, if there are several and they have one: that of who manages them.
func (e *ConflictError) sharedTag() string {
	var shared []string
	n := 0
	for _, c := range e.Conflicts {
		if _, ok := c.Adopt(); !ok {
			continue
		}
		if diff.OwnedBy(c.Foreign) != "" {
			return ""
		}
		if n++; n == 1 {
			shared = slices.DeleteFunc(c.Foreign.Tags(), func(tag string) bool { return strings.HasPrefix(tag, "k8s-") })
		}
		shared = slices.DeleteFunc(shared, func(tag string) bool { return !c.Foreign.HasTag(tag) })
	}
	if n < 2 || len(shared) == 0 {
		return ""
	}
	return shared[0]
}

// StaleError says that another hand has changed what an apply is about, since it was compared or while it was being written.
type StaleError struct {
	// Changed are the entities that are not what they were; never empty.
	Changed []kong.Entity
}

// Error names the entities.
func (e *StaleError) Error() string {
	return "kong was changed by somebody else since it was compared: " + enumerate(e.Changed)
}

// Hint returns what to do about it.
func (e *StaleError) Hint() string { return compareAgain }

// compareAgain is what to do where somebody else may have written.
const compareAgain = "run it again to compare with what Kong holds now"

// PartialError says that an apply stopped after something was, or may have been, written.
type PartialError struct {
	Result Result
	// Err is why it stopped.
	Err error
	// Undo is why what was written could not be undone; nil if nobody wanted that.
	Undo error
}

// Error says how far it came, and why no further.
func (e *PartialError) Error() string {
	r := e.Result
	done, failed, skipped, undone := len(r.Done), len(r.Failed), len(r.Skipped), len(r.RolledBack)
	text := fmt.Sprintf("stopped with %d of %d changes made, %d failed and %d left", done, done+failed+skipped+undone, failed, skipped)
	if undone > 0 {
		text += fmt.Sprintf(", %d rolled back", undone)
	}
	text += ": " + e.Err.Error()
	if e.Undo != nil {
		text += "; rolling back failed: " + e.Undo.Error()
	}
	return text
}

// Unwrap returns why it stopped, and why that could not be undone.
func (e *PartialError) Unwrap() []error {
	if e.Undo == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Undo}
}

// Hint returns what to do about it.
func (e *PartialError) Hint() string {
	again := "run it again when the cause is gone: it goes on from what Kong holds then"
	if hint := diag.HintOf(e.Err); hint != "" && hint != compareAgain {
		return hint + "; " + again
	}
	return again
}

// most is how many entities an error names.
const most = 5

// listed says several texts on a line each, below how many of what there are; a single one it says as it is.
func listed(what string, texts []string) string {
	if len(texts) == 1 {
		return texts[0]
	}
	const lines = 20
	text := fmt.Sprintf("%d %s:", len(texts), what)
	for _, t := range texts[:min(lines, len(texts))] {
		text += "\n  " + t
	}
	if more := len(texts) - lines; more > 0 {
		text += fmt.Sprintf("\n  and %d more", more)
	}
	return text
}

// enumerate names entities as people know them, the first few of many.
func enumerate(entities []kong.Entity) string {
	var names []string
	for _, e := range entities[:min(most, len(entities))] {
		names = append(names, describe(e))
	}
	text := strings.Join(names, ", ")
	if more := len(entities) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// refused reports whether err stands for a request that has certainly changed nothing.
func refused(err error) bool {
	var r interface{ Refused() bool }
	return errors.As(err, &r) && r.Refused()
}

// describe names an entity as people know it, and where it comes from.
func describe(e kong.Entity) string {
	text := e.String()
	if pos := e.Origin().Pos.String(); pos != "" {
		text += " (" + pos + ")"
	}
	return text
}
