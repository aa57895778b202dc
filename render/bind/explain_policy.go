package bind

import "fmt"

// explainPolicy tells for what a BackendTLSPolicy counts, and whether its certificates are usable.
func (c checker) explainPolicy(p *BackendTLSPolicy) Explanation {
	e := Explanation{Title: p.Object.Ref.String(), Pos: p.Object.At(""), OK: p.Reason+p.Unresolved == ""}
	for i := range p.Targets {
		t := &p.Targets[i]
		part := Explanation{
			Title: fmt.Sprintf("targetRef %d: %s", t.Index, t.Target), Pos: t.Pos,
			Checks: c.targetChecks(p, t), OK: t.Reason == "", Verdict: "it counts",
		}
		if t.Section != "" {
			part.Title += " port " + t.Section
		}
		if t.Reason != "" {
			part.Verdict = "it does not count: " + t.Reason
		}
		e.Parts, e.OK = append(e.Parts, part), e.OK && part.OK
	}
	e.Parts = append(e.Parts, Explanation{
		Title: "validation: hostname " + string(p.Spec.Spec.Validation.Hostname), Pos: p.Object.At("spec.validation"),
		Checks: c.validationChecks(p), OK: p.Unresolved == "" && p.Reason != Invalid,
	})
	switch {
	case p.Reason != "":
		e.Verdict = "not accepted: " + p.Reason
	case p.Unresolved != "":
		e.Verdict = "accepted, but not everything resolves: " + p.Unresolved
	default:
		e.Verdict = "accepted"
	}
	if e.Verdict += "; routes of "; len(p.Gateways) == 0 {
		e.Verdict += "no Gateway of ours lead to it"
	} else {
		e.Verdict += count(len(p.Gateways), "Gateway") + " lead to it"
	}
	return e
}
