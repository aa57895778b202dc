package git

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	gwsync "github.com/gwsync/gwsync/sync"
)

// Limits on a commit's tree, so that no repository can keep a reader busy forever: a few trees that hold each other many times
// are small in git and endless as paths.
const (
	maxPaths = 1 << 20 // files and directories below what is read
	maxDepth = 256     // directories in one another
	maxLinks = 40      // symlinks followed for one path, as Linux has it
	maxLink  = 4096    // bytes in a symlink's target
)

var (
	errEscapes    = errors.New("leads out of the repository")
	errLoop       = errors.New("too many levels of symlinks")
	errNotDir     = errors.New("not a directory")
	errIsDir      = errors.New("is a directory")
	errNotFetched = gwsync.WithHint(errors.New("is not in the clone, or "+errTooLarge.Error()),
		"clone without --filter, or read a checkout with --path")
	errSubmodule = gwsync.WithHint(errors.New("is a submodule, which is not followed"),
		"name a directory without it by --repo-path, or read a checkout with --path")
	errLFS = gwsync.WithHint(errors.New("is kept in Git LFS, which is not read"), "read a checkout with --path")
)

// tree is the tree of a commit as a file system: an [fs.StatFS], [fs.ReadDirFS], [fs.ReadFileFS] and [fs.ReadLinkFS]. It is
// safe for concurrent use.
type tree struct {
	root node

	// mu guards what is below: go-git's storages are not safe for concurrent use.
	mu      sync.Mutex
	objects storer.EncodedObjectStorer
	dirs    map[plumbing.Hash][]node
}

// node is a name in a directory.
type node struct {
	name string
	mode filemode.FileMode
	hash plumbing.Hash
}

func newTree(objects storer.EncodedObjectStorer, root plumbing.Hash) *tree {
	return &tree{root: node{name: ".", mode: filemode.Dir, hash: root}, objects: objects, dirs: map[plumbing.Hash][]node{}}
}

// list returns what is in the directory n, sorted by name.
func (t *tree) list(n node) ([]node, error) {
	switch n.mode {
	case filemode.Dir:
	case filemode.Submodule:
		return nil, errSubmodule
	default:
		return nil, errNotDir
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if nodes, ok := t.dirs[n.hash]; ok {
		return nodes, nil
	}
	o, err := t.object(plumbing.TreeObject, n.hash)
	if err != nil {
		return nil, err
	}
	decoded, err := object.DecodeTree(t.objects, o)
	if err != nil {
		return nil, err
	}
	nodes, err := sorted(decoded.Entries)
	if err != nil {
		return nil, err
	}
	t.dirs[n.hash] = nodes
	return nodes, nil
}

// sorted checks a tree's entries and sorts them by name: git sorts directories as if their names ended in a slash.
func sorted(entries []object.TreeEntry) ([]node, error) {
	nodes := make([]node, len(entries))
	for i, e := range entries {
		if !allowed(e.Name) {
			return nil, fmt.Errorf("holds the name %q, which is refused", e.Name)
		}
		nodes[i] = node{e.Name, e.Mode, e.Hash}
	}
	slices.SortFunc(nodes, byName)
	for i := 1; i < len(nodes); i++ {
		if nodes[i].name == nodes[i-1].name {
			return nil, fmt.Errorf("holds the name %q twice", nodes[i].name)
		}
	}
	return nodes, nil
}

func byName(a, b node) int { return strings.Compare(a.name, b.name) }

// allowed reports whether a name in a tree is one that git would check out, and that can be printed.
func allowed(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.EqualFold(name, ".git") &&
		!strings.Contains(name, "/") && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// object returns an object of this tree. The caller holds mu.
func (t *tree) object(kind plumbing.ObjectType, h plumbing.Hash) (plumbing.EncodedObject, error) {
	o, err := readObject(t.objects, kind, h)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, errNotFetched
	}
	return o, err
}

// find walks down from the root along a path. Symlinks on the way are followed, and at its end too if follow is set.
func (t *tree) find(name string, follow bool) (node, error) {
	if !fs.ValidPath(name) {
		return node{}, fs.ErrInvalid
	}
	var (
		at   = []node{t.root} // the directories from the root to where we are
		rest = strings.Split(name, "/")
	)
	for links := 0; len(rest) > 0; {
		elem := rest[0]
		rest = rest[1:]
		nodes, err := t.list(at[len(at)-1])
		if err != nil {
			return node{}, err
		}
		switch elem {
		case "", ".":
			continue
		case "..":
			if at = at[:len(at)-1]; len(at) == 0 {
				return node{}, errEscapes
			}
			continue
		}
		i, ok := slices.BinarySearchFunc(nodes, node{name: elem}, byName)
		if !ok {
			return node{}, fs.ErrNotExist
		}
		if n := nodes[i]; n.mode != filemode.Symlink || !follow && len(rest) == 0 {
			at = append(at, n)
			continue
		}
		if links++; links > maxLinks {
			return node{}, errLoop
		}
		target, err := t.target(nodes[i])
		if err != nil {
			return node{}, err
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at[len(at)-1], nil
}

// target returns where a symlink leads: a path relative to the directory that it is in.
func (t *tree) target(n node) (string, error) {
	data, err := t.content(n)
	if err != nil {
		return "", err
	}
	target := string(data)
	switch {
	case len(target) == 0 || len(target) > maxLink || strings.Contains(target, "\x00"):
		return "", fs.ErrInvalid
	case path.IsAbs(target):
		return "", errEscapes
	}
	return target, nil
}

// measure finds what will be read, and refuses it if reading would not end.
func (t *tree) measure(name string) error {
	top, err := t.find(name, true)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s in the repository", name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if top.mode != filemode.Dir {
		return nil
	}
	if name == "." {
		name = ""
	}
	_, err = t.count(name, top, map[plumbing.Hash]int{}, maxDepth)
	return err
}

// count returns how many paths there are below a directory, which is looked into once however often it occurs.
func (t *tree) count(name string, dir node, known map[plumbing.Hash]int, depth int) (int, error) {
	if n, ok := known[dir.hash]; ok {
		return n, nil
	}
	if depth == 0 {
		return 0, fmt.Errorf("%s: more than %d directories in one another", name, maxDepth)
	}
	nodes, err := t.list(dir)
	if err != nil {
		return 0, fmt.Errorf("directory %q: %w", name, err)
	}
	total := len(nodes)
	for _, n := range nodes {
		if n.mode != filemode.Dir {
			continue
		}
		below, err := t.count(path.Join(name, n.name), n, known, depth-1)
		if err != nil {
			return 0, err
		}
		if total += below; total > maxPaths {
			return 0, gwsync.WithHint(fmt.Errorf("more than %d files", maxPaths), "name the directory with the manifests by --repo-path")
		}
	}
	known[dir.hash] = total
	return total, nil
}
