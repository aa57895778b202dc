package git

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/sync"
)

// Blame returns which commits changed places last; see [sync.History]. From a server it fetches the whole history.
//
// Unlike git blame it asks for blocks, not lines: a line that is taken out of one is a change of it. It follows a file that was renamed by
// what is in it, and finds the side of a merge that made the change. It ends at the first commit that answers, so that what was changed
// of late is found soon.
func (s *source) Blame(ctx context.Context, commit, since string, places []diag.Pos) (map[diag.Pos]sync.Blame, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	repo, err := s.open(ctx)
	if err != nil {
		return nil, s.explain(err)
	}
	found, err := blameAll(ctx, repo, commit, since, places)
	if err = errors.Join(err, repo.Close()); err != nil {
		return nil, s.explain(err)
	}
	return found, nil
}

func blameAll(ctx context.Context, repo repository, commit, since string, places []diag.Pos) (map[diag.Pos]sync.Blame, error) {
	if len(places) == 0 {
		return nil, nil
	}
	objects, err := repo.whole(ctx)
	if err != nil {
		return nil, err
	}
	old, err := ancestors(ctx, objects, since)
	if err != nil {
		return nil, err
	}
	byFile := map[string][]diag.Pos{}
	for _, p := range places {
		byFile[p.File] = append(byFile[p.File], p)
	}
	found := map[diag.Pos]sync.Blame{}
	for file, places := range byFile {
		b := blamer{ctx: ctx, objects: objects, found: found, old: old}
		if err := b.file(plumbing.NewHash(commit), file, places); err != nil {
			return nil, fmt.Errorf("who changed %s: %w", file, err)
		}
	}
	return found, nil
}

// ancestors returns a commit and all that went into it, as far as the clone goes back; none without a commit.
func ancestors(ctx context.Context, objects storer.EncodedObjectStorer, commit string) (map[plumbing.Hash]bool, error) {
	out := map[plumbing.Hash]bool{}
	if commit == "" {
		return out, nil
	}
	for todo := []plumbing.Hash{plumbing.NewHash(commit)}; len(todo) > 0 && ctx.Err() == nil; {
		h := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if out[h] {
			continue
		}
		out[h] = true
		c, err := object.GetCommit(objects, h)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		todo = append(todo, c.ParentHashes...)
	}
	return out, ctx.Err()
}

// blamer finds the commits that changed places in one file.
type blamer struct {
	ctx     context.Context
	objects storer.EncodedObjectStorer
	found   map[diag.Pos]sync.Blame
	old     map[plumbing.Hash]bool // commits that do not count
	queue   []*suspect
}

// suspect is a commit in whose version of the file the places are as they were asked for.
type suspect struct {
	commit *object.Commit
	path   string
	blob   plumbing.Hash // zero where there is no such file
	lines  []string
	blocks []block
}

// block is a place in one version of the file, and what it is asked for as. That of the whole file has no line.
type block struct {
	asked diag.Pos
	line  int
	text  string
}

func (b *blamer) file(tip plumbing.Hash, path string, places []diag.Pos) error {
	commit, err := object.GetCommit(b.objects, tip)
	if err != nil {
		return notFound(tip, err)
	}
	s := &suspect{commit: commit, path: path}
	if err := b.read(s); err != nil {
		return err
	}
	for _, p := range places {
		text := strings.Join(sync.Block(s.lines, p.Line, p.Col), "\n")
		if p.Line == 0 || text != "" {
			s.blocks = append(s.blocks, block{p, p.Line, text})
		}
	}
	b.push(s)
	for len(b.queue) > 0 {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		s := b.pop()
		s.blocks = slices.DeleteFunc(s.blocks, func(bl block) bool { _, done := b.found[bl.asked]; return done })
		if len(s.blocks) == 0 || b.old[s.commit.Hash] {
			continue
		}
		if err := b.visit(s); err != nil {
			return err
		}
	}
	return nil
}

// push adds a suspect, or what is asked of it to one that is there.
func (b *blamer) push(s *suspect) {
	for _, other := range b.queue {
		if other.commit.Hash == s.commit.Hash && other.path == s.path {
			other.blocks = append(other.blocks, s.blocks...)
			return
		}
	}
	b.queue = append(b.queue, s)
}

// pop takes the newest suspect.
func (b *blamer) pop() *suspect {
	newest := slices.MinFunc(b.queue, func(s, t *suspect) int {
		return cmp.Or(t.commit.Committer.When.Compare(s.commit.Committer.When), strings.Compare(s.commit.Hash.String(), t.commit.Hash.String()))
	})
	b.queue = slices.DeleteFunc(b.queue, func(s *suspect) bool { return s == newest })
	return newest
}

// visit passes each block on to the parents that have it, or finds that the commit has changed it.
func (b *blamer) visit(s *suspect) error {
	var parents []*suspect
	for _, h := range s.commit.ParentHashes {
		p, err := b.parent(s, h)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			b.blame(s, s.blocks, true)
			return nil
		}
		if err != nil {
			return err
		}
		parents = append(parents, p)
	}
	versions := make([]version, len(parents))
	for i, p := range parents {
		versions[i] = compare(p, s)
	}
	for _, bl := range s.blocks {
		b.pass(s, bl, parents, versions)
	}
	for _, p := range parents {
		if len(p.blocks) > 0 {
			b.push(p)
		}
	}
	return nil
}

// pass passes one block on.
func (b *blamer) pass(s *suspect, bl block, parents []*suspect, versions []version) {
	for i, v := range versions {
		if before, ok := v.before(bl); ok && before.text == bl.text {
			parents[i].blocks = append(parents[i].blocks, before)
			return
		}
	}
	// A merge that made nothing new of what its parents have: one of them has the change, and the newer counts.
	if len(parents) < 2 || !merged(bl, versions) {
		b.blame(s, []block{bl}, false)
		return
	}
	for i, v := range versions {
		if before, ok := v.before(bl); ok {
			parents[i].blocks = append(parents[i].blocks, before)
		}
	}
}

// merged reports whether every line of a block is in that of one of the parents.
func merged(bl block, versions []version) bool {
	there, some := map[string]bool{}, false
	for _, v := range versions {
		if before, ok := v.before(bl); ok {
			some = true
			for line := range strings.SplitSeq(before.text, "\n") {
				there[line] = true
			}
		}
	}
	for line := range strings.SplitSeq(bl.text, "\n") {
		if !there[line] {
			return false
		}
	}
	return some
}

func (b *blamer) blame(s *suspect, blocks []block, oldest bool) {
	subject, _, _ := strings.Cut(s.commit.Message, "\n")
	for _, bl := range blocks {
		b.found[bl.asked] = sync.Blame{
			Commit: s.commit.Hash.String(), Author: s.commit.Author.Name, Email: s.commit.Author.Email, Time: s.commit.Author.When,
			Subject: strings.TrimSpace(subject), Oldest: oldest,
		}
	}
}
