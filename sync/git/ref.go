package git

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/sync"
)

// refs are the names that a repository gives to commits and tags.
type refs struct {
	// head is the default branch's commit; zero if the branch does not exist.
	head plumbing.Hash
	// byName has the full names: "refs/heads/main".
	byName map[string]plumbing.Hash
}

// tips returns what branches and tags are at, each once, in order.
func (r refs) tips() []plumbing.Hash {
	var all []plumbing.Hash
	for name, h := range r.byName {
		if strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/") {
			all = append(all, h)
		}
	}
	plumbing.HashesSort(all)
	return slices.Compact(all)
}

const (
	fullSHA = 40
	minSHA  = 4
)

// resolve finds the commit, or the annotated tag, that the user named.
func resolve(ctx context.Context, repo repository, name string) (plumbing.Hash, error) {
	sha := shaPrefix(name)
	if len(sha) == fullSHA {
		return plumbing.NewHash(sha), nil
	}
	all, err := repo.refs(ctx)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if name == "" || name == "HEAD" {
		if all.head.IsZero() {
			return plumbing.ZeroHash, sync.WithHint(errors.New("the repository has no default branch"), suggest("", all))
		}
		return all.head, nil
	}
	if h, err := all.find(name); err != nil || !h.IsZero() {
		return h, err
	}
	if sha != "" {
		found, err := repo.commits(ctx, sha)
		switch {
		case err != nil:
			return plumbing.ZeroHash, err
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return plumbing.ZeroHash, sync.WithHint(fmt.Errorf("%d commits begin with %s", len(found), name), "write more of the SHA")
		}
	}
	return plumbing.ZeroHash, sync.WithHint(fmt.Errorf("there is no branch, tag or commit %q", name), suggest(name, all))
}

// shaPrefix returns name as the beginning of a SHA, in lower case; "" if it cannot be one.
func shaPrefix(name string) string {
	if len(name) < minSHA || len(name) > fullSHA || strings.Trim(name, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return strings.ToLower(name)
}

// find returns what a name stands for, zero if for nothing: the places are those of gitrevisions(7).
func (r refs) find(name string) (plumbing.Hash, error) {
	var (
		found plumbing.Hash
		first string
	)
	for _, prefix := range []string{"", "refs/", "refs/heads/", "refs/tags/"} {
		full := prefix + name
		h, ok := r.byName[full]
		switch {
		case !ok || h == found:
		case first != "":
			return plumbing.ZeroHash, sync.WithHint(fmt.Errorf("%q is both %s and %s, and they differ", name, first, full),
				"write the name in full: "+first)
		default:
			found, first = h, full
		}
	}
	return found, nil
}

// maxSuggestions is how many names an error proposes.
const maxSuggestions = 3

// suggest returns a hint with the branches and tags that are most like name, or simply some, branches first.
func suggest(name string, all refs) string {
	var short []string
	for _, prefix := range []string{"refs/heads/", "refs/tags/"} {
		for _, full := range slices.Sorted(maps.Keys(all.byName)) {
			if s, ok := strings.CutPrefix(full, prefix); ok && diag.IsPrintable(s) {
				short = append(short, s)
			}
		}
	}
	near := slices.DeleteFunc(slices.Clone(short), func(s string) bool { return !alike(name, s) })
	switch {
	case len(short) == 0:
		return "the repository is empty"
	case len(near) > 0:
		return "did you mean " + strings.Join(near[:min(len(near), maxSuggestions)], ", ") + "?"
	case len(short) > maxSuggestions:
		return fmt.Sprintf("it has %s and %d more", strings.Join(short[:maxSuggestions], ", "), len(short)-maxSuggestions)
	default:
		return "it has " + strings.Join(short, ", ")
	}
}

// alike reports whether one name may have been meant by the other.
func alike(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a == "" || b == "" {
		return false
	}
	most := 1 + min(len(a), len(b))/4
	return strings.Contains(a, b) || strings.Contains(b, a) || max(len(a), len(b))-min(len(a), len(b)) <= most && diag.Distance(a, b) <= most
}
