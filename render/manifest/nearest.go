package manifest

import (
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// nearest returns the candidate that name is most likely a misspelling of, or "": the one that differs only in case, else
// the one that takes the fewest edits, at most one in three characters. Among equals the first wins.
func nearest(name string, candidates []string) string {
	if len(name) > 64 {
		return ""
	}
	best, least := "", max(1, (len(name)+1)/3)+1
	for _, c := range candidates {
		if strings.EqualFold(c, name) {
			return c
		}
		if max(len(name)-len(c), len(c)-len(name)) >= least {
			continue // so many insertions alone
		}
		if d := diag.Distance(strings.ToLower(name), strings.ToLower(c)); d < least && d < len(c) {
			best, least = c, d
		}
	}
	return best
}
