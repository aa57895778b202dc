package git

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// parent returns the file as it was in a parent of a commit, under the name that it had there.
func (b *blamer) parent(of *suspect, h plumbing.Hash) (*suspect, error) {
	commit, err := object.GetCommit(b.objects, h)
	if err != nil {
		return nil, err
	}
	p := &suspect{commit: commit, path: of.path}
	if commit.TreeHash == of.commit.TreeHash {
		p.blob, p.lines = of.blob, of.lines
		return p, nil
	}
	if p.blob, err = b.blobAt(commit, p.path); err != nil {
		return nil, err
	}
	if p.blob == of.blob {
		p.lines = of.lines
		return p, nil
	}
	if p.blob.IsZero() {
		if err := b.renamed(of, p); err != nil {
			return nil, err
		}
	}
	return p, b.read(p)
}

// read reads the lines of the file, of which there are none if there is no such file.
func (b *blamer) read(s *suspect) (err error) {
	if s.blob.IsZero() {
		if s.blob, err = b.blobAt(s.commit, s.path); err != nil || s.blob.IsZero() {
			return err
		}
	}
	s.lines, err = b.linesOf(s.blob)
	return err
}

func (b *blamer) linesOf(h plumbing.Hash) ([]string, error) {
	o, err := readObject(b.objects, plumbing.BlobObject, h)
	if err != nil {
		return nil, err
	}
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	return strings.Split(string(text), "\n"), nil
}

// blobAt returns the blob of a file in a commit, zero if there is none.
func (b *blamer) blobAt(c *object.Commit, path string) (plumbing.Hash, error) {
	h := c.TreeHash
	names := strings.Split(path, "/")
	for i, name := range names {
		tree, err := object.GetTree(b.objects, h)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		at := slices.IndexFunc(tree.Entries, func(e object.TreeEntry) bool { return e.Name == name })
		if at < 0 {
			return plumbing.ZeroHash, nil
		}
		e := tree.Entries[at]
		if isDir := e.Mode == filemode.Dir; isDir == (i == len(names)-1) || !isDir && !e.Mode.IsFile() || e.Mode == filemode.Symlink {
			return plumbing.ZeroHash, nil
		}
		h = e.Hash
	}
	return h, nil
}

// mostRenamed is how many files that a commit removes are looked at for the one that it renamed.
const mostRenamed = 200

// renamed finds what the file was called in a parent: a file that the commit removed, and that has most of its lines.
func (b *blamer) renamed(of, p *suspect) error {
	if of.blob.IsZero() {
		return nil
	}
	before, err := p.commit.Tree()
	if err != nil {
		return err
	}
	after, err := of.commit.Tree()
	if err != nil {
		return err
	}
	changes, err := object.DiffTreeContext(b.ctx, before, after)
	if err != nil {
		return err
	}
	best, most := object.ChangeEntry{}, 0.5
	looked := 0
	for _, c := range changes {
		gone := c.To.Name == "" && c.From.TreeEntry.Mode.IsFile()
		if !gone || looked == mostRenamed {
			continue
		}
		looked++
		if c.From.TreeEntry.Hash == of.blob {
			best = c.From
			break
		}
		lines, err := b.linesOf(c.From.TreeEntry.Hash)
		if err != nil {
			return err
		}
		if share := similarity(lines, of.lines); share > most {
			best, most = c.From, share
		}
	}
	if best.Name != "" {
		p.path, p.blob = best.Name, best.TreeEntry.Hash
	}
	return nil
}

// similarity returns which share of the lines of the longer of two texts the other has, too.
func similarity(a, b []string) float64 {
	count := map[string]int{}
	for _, line := range a {
		count[line]++
	}
	both := 0
	for _, line := range b {
		if count[line] > 0 {
			count[line]--
			both++
		}
	}
	return float64(both) / float64(max(len(a), len(b)))
}
