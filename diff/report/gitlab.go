package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/gwsync/gwsync/render/diag"
)

// The parts of a report on code quality.
type (
	gitlabIssue struct {
		Description string      `json:"description"`
		CheckName   string      `json:"check_name"`
		Fingerprint string      `json:"fingerprint"`
		Severity    string      `json:"severity"`
		Location    gitlabPlace `json:"location"`
	}
	gitlabPlace struct {
		Path  string      `json:"path"`
		Lines gitlabLines `json:"lines"`
	}
	gitlabLines struct {
		Begin int `json:"begin"`
	}
)

// GitLab writes the findings as a report on code quality, which GitLab shows in merge requests, at their lines. A finding that has no file
// is said of the directory as a whole.
//
// Source: docs.gitlab.com, "Code Quality", "Code Quality report format".
func GitLab(w io.Writer, l diag.List) error {
	issues := []gitlabIssue{}
	prints := fingerprints{}
	for _, f := range gravestFirst(l) {
		issues = append(issues, gitlabIssue{
			Description: diag.Printable(f.Message), CheckName: f.Code, Fingerprint: prints.of(f), Severity: gitlabSeverity(f.Severity),
			Location: gitlabPlace{cmp.Or(f.Pos.File, "."), gitlabLines{max(f.Pos.Line, 1)}},
		})
	}
	return encode(w, issues)
}

func gitlabSeverity(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "critical"
	case diag.Warning:
		return "minor"
	case diag.Info:
	}
	return "info"
}

// digest returns a digest of words, whatever is in them.
func digest(words ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", words))
	return hex.EncodeToString(sum[:])
}
