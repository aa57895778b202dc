package report

import (
	"net/url"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// Report is what a verb has to report. Fields that a verb knows nothing of stay zero.
type Report struct {
	// Command is the verb: "diff".
	Command string
	// Target is the Kong, as the user named it. A password in a URL is not shown.
	Target string
	// Instance is whose entities are compared.
	Instance string
	// Revision is the commit that the manifests come from.
	Revision string
	Plan     diff.Plan
	// Base is the commit that was applied last, "" if it is not known; NoBase is why the plan's changes have no causes, "" if they have.
	Base, NoBase string
	// Drift leaves out of the text what the manifests alone have changed.
	Drift bool
	// Blames are the commits that changed last what changed entities come from, by entity; nil if that was not asked for.
	Blames   map[kong.Key]Blame
	Findings diag.List
	// Applied, Failed, Skipped and RolledBack are how far an apply came with the changes of the plan.
	Applied, Failed, Skipped, RolledBack []diff.Change
	// Err is why the verb failed. If it has a method Hint() string, that says what to do about it.
	Err error
}

// Blame is the commit that changed a manifest last, where a change comes from.
type Blame struct {
	Commit string `json:"commit"`
	Author string `json:"author"`
	Email  string `json:"email,omitempty"`
	// Date is a time by RFC 3339.
	Date    string `json:"date"`
	Subject string `json:"subject,omitempty"`
	// Oldest says that it may have been an earlier commit, which the clone does not hold.
	Oldest bool `json:"oldest,omitempty"`
}

// result says in one word how the verb ended.
func (r Report) result() string {
	switch {
	case r.Err != nil || r.Findings.HasErrors() || len(r.Plan.Conflicts()) > 0:
		return "error"
	case r.Plan.Empty():
		return "no-changes"
	}
	return "changes"
}

// target returns the target without its password.
func (r Report) target() string { return Address(r.Target) }

// Address returns the URL of a target as reports show it: without its password.
func Address(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return "(not a URL)"
	}
	return u.Redacted()
}
