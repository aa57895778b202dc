package git

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Open opens a file or directory.
func (t *tree) Open(name string) (fs.File, error) {
	n, err := t.find(name, true)
	if err != nil {
		return nil, t.failed("open", name, err)
	}
	if n.mode == filemode.Dir || n.mode == filemode.Submodule {
		entries, err := t.entries(n)
		if err != nil {
			return nil, t.failed("open", name, err)
		}
		return &openDir{info: t.describe(name, n, 0), left: entries}, nil
	}
	data, err := t.content(n)
	if err != nil {
		return nil, t.failed("open", name, err)
	}
	return &openFile{bytes.NewReader(data), t.describe(name, n, int64(len(data)))}, nil
}

// ReadFile returns what is in a file.
func (t *tree) ReadFile(name string) ([]byte, error) {
	n, err := t.find(name, true)
	if err != nil {
		return nil, t.failed("open", name, err)
	}
	data, err := t.content(n)
	if err != nil {
		return nil, t.failed("read", name, err)
	}
	return data, nil
}

// ReadDir lists a directory.
func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := t.find(name, true)
	if err != nil {
		return nil, t.failed("open", name, err)
	}
	entries, err := t.entries(n)
	if err != nil {
		return nil, t.failed("read", name, err)
	}
	return entries, nil
}

// Stat describes a file or directory, or what a symlink leads to.
func (t *tree) Stat(name string) (fs.FileInfo, error) { return t.stat("stat", name, true) }

// Lstat describes a file, directory or symlink.
func (t *tree) Lstat(name string) (fs.FileInfo, error) { return t.stat("lstat", name, false) }

func (t *tree) stat(op, name string, follow bool) (fs.FileInfo, error) {
	n, err := t.find(name, follow)
	if err != nil {
		return nil, t.failed(op, name, err)
	}
	size, err := t.size(n)
	if err != nil {
		return nil, t.failed(op, name, err)
	}
	return t.describe(name, n, size), nil
}

// ReadLink returns where a symlink leads.
func (t *tree) ReadLink(name string) (string, error) {
	n, err := t.find(name, false)
	if err == nil && n.mode != filemode.Symlink {
		err = fs.ErrInvalid
	}
	if err != nil {
		return "", t.failed("readlink", name, err)
	}
	target, err := t.target(n)
	if err != nil {
		return "", t.failed("readlink", name, err)
	}
	return target, nil
}

// failed returns the error of an operation on a path. Where that is a symlink, it says where to.
func (t *tree) failed(op, name string, err error) error {
	if n, linkErr := t.find(name, false); linkErr == nil && n.mode == filemode.Symlink {
		if data, linkErr := t.content(n); linkErr == nil && len(data) <= maxLink {
			err = fmt.Errorf("symlink to %q: %w", data, err)
		}
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

var lfsPointer = []byte("version https://git-lfs.github.com/spec/v1\n")

// content returns what is in a file, or a symlink's target. The caller may change it.
func (t *tree) content(n node) ([]byte, error) {
	if n.mode == filemode.Dir {
		return nil, errIsDir
	}
	if n.mode == filemode.Submodule {
		return nil, errSubmodule
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	o, err := t.object(plumbing.BlobObject, n.hash)
	if err != nil {
		return nil, err
	}
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	data := make([]byte, o.Size())
	_, err = io.ReadFull(r, data)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, lfsPointer) {
		return nil, errLFS
	}
	return data, nil
}

// size returns how many bytes a file, or a symlink's target, has; 0 for the rest.
func (t *tree) size(n node) (int64, error) {
	if n.mode == filemode.Dir || n.mode == filemode.Submodule {
		return 0, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	size, err := t.objects.EncodedObjectSize(n.hash)
	if err == nil {
		return size, nil
	}
	o, err := t.object(plumbing.BlobObject, n.hash)
	if err != nil {
		return 0, err
	}
	return o.Size(), nil
}

func (t *tree) entries(dir node) ([]fs.DirEntry, error) {
	nodes, err := t.list(dir)
	if err != nil {
		return nil, err
	}
	entries := make([]fs.DirEntry, len(nodes))
	for i, n := range nodes {
		entries[i] = entry{t, n}
	}
	return entries, nil
}

// describe returns the description of a node that was reached by a path.
func (t *tree) describe(name string, n node, size int64) info {
	n.name = path.Base(name)
	return info{n, size}
}

// entry is a node in a listing.
type entry struct {
	tree *tree
	node node
}

func (e entry) Name() string      { return e.node.name }
func (e entry) IsDir() bool       { return e.Type().IsDir() }
func (e entry) Type() fs.FileMode { return info{node: e.node}.Mode().Type() }

func (e entry) Info() (fs.FileInfo, error) {
	size, err := e.tree.size(e.node)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: e.node.name, Err: err}
	}
	return info{e.node, size}, nil
}

// info describes a node. Git keeps no times of files.
type info struct {
	node node
	size int64
}

func (i info) Name() string       { return i.node.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.Mode().IsDir() }
func (i info) Sys() any           { return nil }

// Mode returns what the node is; nothing can be written. A submodule is a directory, as in a checkout, that cannot be read.
func (i info) Mode() fs.FileMode {
	switch i.node.mode {
	case filemode.Dir, filemode.Submodule:
		return fs.ModeDir | 0o555
	case filemode.Symlink:
		return fs.ModeSymlink | 0o777
	case filemode.Executable:
		return 0o555
	default:
		return 0o444
	}
}

type openFile struct {
	*bytes.Reader
	info info
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

type openDir struct {
	info info
	left []fs.DirEntry
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }

func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.Name(), Err: errIsDir}
}

// ReadDir returns the next n entries, or all that are left if n <= 0.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.left)
	} else if len(d.left) == 0 {
		return nil, io.EOF
	}
	next := d.left[:min(n, len(d.left))]
	d.left = d.left[len(next):]
	return next, nil
}
