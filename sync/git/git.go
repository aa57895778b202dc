package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync"
)

// DefaultTimeout is how long reading a repository may take if [Config] does not say.
const DefaultTimeout = 5 * time.Minute

// Config says what to read.
type Config struct {
	// URL of the repository; see the package comment.
	URL string
	// Ref is a branch, tag or commit; "" is the default branch.
	Ref string
	// Path is a directory or file within the repository, with forward slashes; "" and "." are all of it.
	Path string
	// Timeout ends a clone that hangs; 0 means [DefaultTimeout].
	Timeout time.Duration
	Auth    Auth
}

// New returns the source that c describes. Nothing is read until Fetch; what can be known to be wrong before is an error here.
func New(c Config) (sync.Source, error) {
	at, err := parseURL(c.URL)
	if err != nil {
		return nil, err
	}
	s := &source{at: at, ref: c.Ref, path: path.Clean(c.Path), timeout: c.Timeout, auth: c.Auth}
	if !fs.ValidPath(s.path) {
		return nil, sync.WithHint(fmt.Errorf("%q is not a path within a repository", c.Path),
			"write it from the repository's root, such as deploy/prod")
	}
	if s.timeout == 0 {
		s.timeout = DefaultTimeout
	}
	return s, nil
}

type source struct {
	at      address
	ref     string
	path    string
	timeout time.Duration
	auth    Auth
}

// Fetch reads the commit that the ref names now.
func (s *source) Fetch(ctx context.Context) (sync.Snapshot, error) {
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	snapshot, err := s.fetch(limited)
	switch {
	case err == nil:
		return snapshot, nil
	case ctx.Err() != nil:
		return sync.Snapshot{}, fmt.Errorf("%s: %w", s.at, ctx.Err())
	case limited.Err() != nil:
		return sync.Snapshot{}, fmt.Errorf("%s: gave up after %s: %w", s.at, s.timeout, limited.Err())
	}
	return sync.Snapshot{}, s.explain(err)
}

func (s *source) fetch(ctx context.Context) (_ sync.Snapshot, err error) {
	repo, err := s.open(ctx)
	if err != nil {
		return sync.Snapshot{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, repo.Close())
		}
	}()
	named, err := resolve(ctx, repo, s.ref)
	if err != nil {
		return sync.Snapshot{}, err
	}
	if err := repo.load(ctx, named); err != nil {
		return sync.Snapshot{}, err
	}
	commit, err := commitAt(repo.objects(), named)
	if err != nil {
		return sync.Snapshot{}, err
	}
	files := newTree(repo.objects(), commit.TreeHash)
	if err := files.measure(s.path); err != nil {
		return sync.Snapshot{}, err
	}
	return sync.Snapshot{
		Inputs:   []manifest.Input{{FS: files, Path: s.path}},
		Revision: commit.Hash.String(),
		Closer:   repo,
	}, nil
}

// repository is where commits are found: on a server, or in a directory.
type repository interface {
	// refs returns the names that the repository gives to commits.
	refs(ctx context.Context) (refs, error)
	// commits returns the commits whose SHA begins with prefix, in lower case.
	commits(ctx context.Context, prefix string) ([]plumbing.Hash, error)
	// load makes the commit or tag h, and the tree below it, readable from objects. It wraps [plumbing.ErrObjectNotFound] if there is no h.
	load(ctx context.Context, h plumbing.Hash) error
	objects() storer.EncodedObjectStorer
	// history returns where the commits of all branches and tags can be read.
	history(ctx context.Context) (storer.EncodedObjectStorer, error)
	// whole is history with the files.
	whole(ctx context.Context) (storer.EncodedObjectStorer, error)
	Close() error
}

func (s *source) open(ctx context.Context) (repository, error) {
	if s.at.scheme == "file" {
		return openLocal(s.at.path)
	}
	return openRemote(ctx, s.at, s.auth)
}

// maxTags is how many tags of tags are followed.
const maxTags = 8

// commitAt returns the commit h, or the one that the annotated tag h names.
func commitAt(objects storer.EncodedObjectStorer, h plumbing.Hash) (*object.Commit, error) {
	for range maxTags {
		o, err := readObject(objects, plumbing.AnyObject, h)
		if err != nil {
			return nil, fmt.Errorf("object %s: %w", h, err)
		}
		switch o.Type() {
		case plumbing.CommitObject:
			return object.DecodeCommit(objects, o)
		case plumbing.TagObject:
			tag, err := object.DecodeTag(objects, o)
			if err != nil {
				return nil, fmt.Errorf("tag %s: %w", h, err)
			}
			h = tag.Target
		default:
			return nil, fmt.Errorf("%s is a %s, not a commit", h, o.Type())
		}
	}
	return nil, fmt.Errorf("more than %d tags of tags", maxTags)
}

// maxObject is the largest file, tree or commit that is read, in bytes.
const maxObject = 32 << 20

var errTooLarge = fmt.Errorf("larger than %d MiB", maxObject>>20)

// readObject returns an object, unless it is larger than [maxObject].
func readObject(objects storer.EncodedObjectStorer, t plumbing.ObjectType, h plumbing.Hash) (plumbing.EncodedObject, error) {
	o, err := objects.EncodedObject(t, h)
	if err != nil {
		return nil, err
	}
	if o.Size() > maxObject {
		return nil, errTooLarge
	}
	return o, nil
}
