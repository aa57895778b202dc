package diff

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Approval is what somebody has looked at and agreed to: the JSON report of a diff, as far as it says what would be written, and where. It
// holds no secret, so that it also does not tell one new secret from another.
type Approval struct {
	FormatVersion string `json:"format_version"`
	// Result is the report's; "error" is nothing that can be approved.
	Result string `json:"result"`
	// Target is the Kong as reports call it, and Instance whose entities the plan is about.
	Target   string `json:"target"`
	Instance string `json:"instance"`
	// Revision is the commit that was rendered, "" if that was not known. Another one may come to the same plan.
	Revision string           `json:"revision"`
	PlanID   string           `json:"plan_id"`
	Changes  []approvedChange `json:"changes"`
}

// approvedChange is a change in its JSON form.
type approvedChange struct {
	Op     string          `json:"op"`
	Kind   kong.Kind       `json:"kind"`
	Name   string          `json:"name"`
	ID     string          `json:"id"`
	Fields []approvedField `json:"fields"`
}

type approvedField struct {
	Path string     `json:"path"`
	Old  kong.Value `json:"old"`
	New  kong.Value `json:"new"`
}

// ReadApproval reads the JSON report of a diff. Whatever else is in it is ignored.
func ReadApproval(r io.Reader) (Approval, error) {
	var a Approval
	if err := json.NewDecoder(r).Decode(&a); err != nil {
		return Approval{}, fmt.Errorf("not the JSON report of a diff: %w", err)
	}
	switch major, _, _ := strings.Cut(a.FormatVersion, "."); {
	case a.FormatVersion == "" || a.PlanID == "":
		return Approval{}, errors.New("not the JSON report of a diff")
	case major != "1":
		return Approval{}, fmt.Errorf("its format_version is %s, which this version of gwsync does not know", a.FormatVersion)
	case a.Result == "error":
		return Approval{}, errors.New("it is the report of a diff that failed, which cannot be approved")
	}
	return a, nil
}

// Approve returns the approval of a plan that was shown.
func Approve(p Plan) (Approval, error) {
	text, err := marshal(p.Changes())
	if err != nil {
		return Approval{}, err
	}
	a := Approval{PlanID: p.ID().String()}
	return a, json.Unmarshal(text, &a.Changes)
}

// Differences says what a plan would do that the approval does not say, and the other way round, a line for each; nothing if the plan is
// the one that was approved. It shows no secret.
func (a Approval) Differences(p Plan) ([]string, error) {
	now, err := Approve(p)
	if err != nil || now.PlanID == a.PlanID {
		return nil, err
	}
	approved := map[string]approvedChange{}
	for _, c := range a.Changes {
		approved[c.key()] = c
	}
	var out []string
	for _, c := range now.Changes {
		was, ok := approved[c.key()]
		delete(approved, c.key())
		if !ok {
			out = append(out, "not approved: "+c.String())
		} else if paths := c.differing(was); len(paths) > 0 {
			out = append(out, "approved otherwise: "+c.String()+" ("+strings.Join(paths, ", ")+")")
		}
	}
	for _, c := range a.Changes {
		if _, gone := approved[c.key()]; gone {
			out = append(out, "approved, but not to be done any more: "+c.String())
		}
	}
	for _, c := range p.Conflicts() {
		out = append(out, c.String())
	}
	if len(out) == 0 {
		out = append(out, "the conflicts with what is not ours are others")
	}
	return out, nil
}

func (c approvedChange) key() string { return c.Op + " " + string(c.Kind) + " " + c.ID }

// String returns "update routes NAME", as [Change.String] does.
func (c approvedChange) String() string { return c.Op + " " + string(c.Kind) + " " + c.Name }

// differing returns the paths of the fields that are not the same in both.
func (c approvedChange) differing(was approvedChange) []string {
	fields := map[string]approvedField{}
	for _, f := range was.Fields {
		fields[f.Path] = f
	}
	var out []string
	for _, f := range c.Fields {
		if old, ok := fields[f.Path]; !ok || !equal(old.Old, f.Old) || !equal(old.New, f.New) {
			out = append(out, f.Path)
		}
		delete(fields, f.Path)
	}
	for _, f := range was.Fields {
		if _, gone := fields[f.Path]; gone {
			out = append(out, f.Path)
		}
	}
	slices.Sort(out)
	return out
}
