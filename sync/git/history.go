package git

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"github.com/gwsync/gwsync/sync"
)

// skew is by how much the clocks of those who commit are taken to differ at most.
const skew = 7 * 24 * time.Hour

// At returns the source of the same path at another commit; see [sync.History].
func (s *source) At(commit string) sync.Source {
	other := *s
	other.ref = commit
	return &other
}

// Precedes reports whether a commit is an ancestor of a later one; see [sync.History]. From a server it fetches commits without their
// files, where the server can do that.
func (s *source) Precedes(ctx context.Context, commit, later string) (bool, error) {
	if commit == later {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	repo, err := s.open(ctx)
	if err != nil {
		return false, s.explain(err)
	}
	found, err := precedes(ctx, repo, plumbing.NewHash(commit), plumbing.NewHash(later))
	if err = errors.Join(err, repo.Close()); err != nil {
		return false, s.explain(err)
	}
	return found, nil
}

func precedes(ctx context.Context, repo repository, commit, later plumbing.Hash) (bool, error) {
	objects, err := repo.history(ctx)
	if err != nil {
		return false, err
	}
	sought, err := object.GetCommit(objects, commit)
	if err != nil {
		return false, notFound(commit, err)
	}
	tip, err := object.GetCommit(objects, later)
	if err != nil {
		return false, notFound(later, err)
	}
	// Newest first: what is older than the commit by more than clocks go wrong has it behind.
	oldest := sought.Committer.When.Add(-skew)
	found := false
	err = object.NewCommitIterCTime(tip, nil, nil).ForEach(func(c *object.Commit) error {
		if found = c.Hash == commit; found {
			return storer.ErrStop
		}
		if c.Committer.When.Before(oldest) {
			return storer.ErrStop
		}
		return ctx.Err()
	})
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return false, fmt.Errorf("the history of %s is not complete, as in a shallow clone", later)
	}
	return found, err
}
