package git

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"

	"github.com/gwsync/gwsync/sync"
)

// local is a repository in a directory. It is read in place: nothing is copied, and any commit in it can be read.
type local struct{ storage *filesystem.Storage }

// openLocal opens a repository: bare, with a work tree, or a linked work tree of another one.
func openLocal(name string) (*local, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such directory")
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, errors.New("not a directory")
	}
	files, err := gitDir(name)
	if err != nil {
		return nil, err
	}
	storage := filesystem.NewStorageWithOptions(files, cache.NewObjectLRUDefault(), filesystem.Options{
		KeepDescriptors:      true,
		LargeObjectThreshold: maxObject,
		AlternatesFS:         directory("/"),
	})
	// Open refuses what it cannot read, such as SHA-256 repositories; the storage is all that is needed of it.
	if _, err := gogit.Open(harmless{storage}, nil); err != nil {
		err = errors.Join(err, storage.Close())
		if errors.Is(err, gogit.ErrRepositoryNotExists) {
			return nil, sync.WithHint(errors.New("not a git repository"), insteadOf(name))
		}
		return nil, err
	}
	return &local{storage}, nil
}

// harmless is a repository without those of its extensions that change nothing about reading its commits, since go-git refuses all:
// `git sparse-checkout` sets worktreeConfig, and `git clone --filter` partialClone.
//
// Source: git, Documentation/config/extensions.adoc.
type harmless struct{ *filesystem.Storage }

// Config returns the repository's configuration without these extensions.
func (h harmless) Config() (*config.Config, error) {
	c, err := h.Storage.Config()
	if err != nil || !c.Raw.HasSection("extensions") {
		return c, err
	}
	for _, name := range []string{"worktreeConfig", "partialClone", "preciousObjects"} {
		c.Raw.Section("extensions").RemoveOption(name)
	}
	return c, nil
}

// insteadOf is the hint on a directory that is no repository: it may be one of a repository's.
func insteadOf(name string) string {
	const plain = "read a plain directory with --path"
	dir, err := filepath.Abs(name)
	if err != nil {
		return plain
	}
	for root := filepath.Dir(dir); ; root = filepath.Dir(root) {
		if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
			below, _ := filepath.Rel(root, dir) // root is above dir
			return "it is a part of the repository " + root + ": --repo " + root + " --repo-path " + filepath.ToSlash(below)
		}
		if root == filepath.Dir(root) {
			return plain
		}
	}
}

// gitDir returns the directory in which a repository keeps its objects and refs; see gitrepository-layout(5).
func gitDir(name string) (billy.Filesystem, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	inner := filepath.Join(name, ".git")
	if info, err := os.Stat(inner); err != nil {
		return directory(name), nil // bare
	} else if info.IsDir() {
		return directory(inner), nil
	}
	dir, err := pointer(inner, "gitdir: ")
	if err != nil {
		return nil, err
	}
	common, err := pointer(filepath.Join(dir, "commondir"), "")
	if errors.Is(err, fs.ErrNotExist) {
		return directory(dir), nil
	}
	if err != nil {
		return nil, err
	}
	return dotgit.NewRepositoryFilesystem(directory(dir), directory(common)), nil
}

func directory(name string) billy.Filesystem { return osfs.New(name, osfs.WithBoundOS()) }

// pointer reads a file that holds the name of a directory.
func pointer(file, prefix string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	name, ok := strings.CutPrefix(strings.TrimSpace(string(data)), prefix)
	if !ok {
		return "", fmt.Errorf("%s does not name a directory", file)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(file), name)
	}
	return name, nil
}

func (l *local) refs(context.Context) (refs, error) {
	all := refs{byName: map[string]plumbing.Hash{}}
	iter, err := l.storage.IterReferences()
	if err != nil {
		return refs{}, err
	}
	err = iter.ForEach(func(ref *plumbing.Reference) error {
		at := ref
		if ref.Type() == plumbing.SymbolicReference {
			// One that leads nowhere names no commit.
			found, err := storer.ResolveReference(l.storage, ref.Target())
			if err != nil {
				return nil
			}
			at = found
		}
		all.byName[ref.Name().String()] = at.Hash()
		return nil
	})
	if err != nil {
		return refs{}, err
	}
	if head, err := storer.ResolveReference(l.storage, plumbing.HEAD); err == nil {
		all.head = head.Hash()
	}
	return all, nil
}

func (l *local) commits(_ context.Context, prefix string) ([]plumbing.Hash, error) {
	whole, err := hex.DecodeString(prefix[:len(prefix)&^1])
	if err != nil {
		return nil, err
	}
	objects, err := l.storage.HashesWithPrefix(whole)
	if err != nil {
		return nil, err
	}
	var found []plumbing.Hash
	for _, h := range objects {
		if !strings.HasPrefix(h.String(), prefix) {
			continue
		}
		if _, err := readObject(l.storage, plumbing.CommitObject, h); err == nil {
			found = append(found, h)
		}
	}
	return found, nil
}

func (l *local) load(_ context.Context, h plumbing.Hash) error {
	_, err := readObject(l.storage, plumbing.AnyObject, h)
	return notFound(h, err)
}

func (l *local) objects() storer.EncodedObjectStorer { return l.storage }

func (l *local) history(context.Context) (storer.EncodedObjectStorer, error) { return l.storage, nil }

func (l *local) whole(context.Context) (storer.EncodedObjectStorer, error) { return l.storage, nil }

func (l *local) Close() error { return l.storage.Close() }
