package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gwsync/gwsync/render/manifest"
)

// Dir returns the source for `--path NAME`: the manifests in a directory and below it.
//
// Nothing outside of the directory is ever read. A symlink within it is followed, one that leads out is refused when it is
// read, and so is what is neither a file nor a directory, such as a named pipe. If NAME itself is a symlink it is followed:
// the user said so.
//
// Findings show files as the user would type them: `--path examples/basic` gives "examples/basic/route.yaml", and "." no prefix.
func Dir(name string) Source { return dir(name) }

type dir string

// Fetch opens the directory. The files are read when the snapshot is, so they are those of that moment.
func (d dir) Fetch(ctx context.Context) (Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return Snapshot{}, err
	}
	info, err := os.Stat(string(d))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Snapshot{}, fmt.Errorf("%s: no such directory", d)
	case err == nil && !info.IsDir():
		return Snapshot{}, WithHint(fmt.Errorf("%s is a file, not a directory", d), "read a single file with: -f "+string(d))
	}
	input, closer, err := openDir(string(d))
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{Inputs: []manifest.Input{input}, Closer: closer}, nil
}

// openDir opens a directory as an input.
func openDir(name string) (manifest.Input, io.Closer, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return manifest.Input{}, nil, fmt.Errorf("%s: %w", name, cause(err))
	}
	return manifest.Input{FS: confined{root, root.FS().(rootFS)}, Path: ".", Prefix: shown(name)}, root, nil
}

// shown returns a path as findings show it; "" for the current directory.
func shown(name string) string {
	name = filepath.ToSlash(filepath.Clean(name))
	if name == "." {
		return ""
	}
	return name
}

// cause takes the name of the system call, and the path as the system saw it, off an error: the user's name is put there instead.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// rootFS is what [os.Root.FS] promises to implement, without what opens files.
type rootFS interface {
	fs.ReadDirFS
	fs.StatFS
	fs.ReadLinkFS
}

// confined is a directory whose files can be read, and nothing else. That nothing outside is reached is [os.Root]'s work; here
// are refused the things that would make a reader wait forever, and symlinks that lead nowhere or out are named as such.
type confined struct {
	root *os.Root
	rootFS
}

// Open opens a file or directory.
func (c confined) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	const noWaiting = syscall.O_NONBLOCK // for the writer of a pipe, nor does os try whether it would have to
	f, err := c.root.OpenFile(name, os.O_RDONLY|noWaiting, 0)
	if err != nil {
		return nil, cmp.Or(c.explain(name), err)
	}
	info, err := f.Stat()
	if err == nil && !readable(info) {
		err = unreadable(name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return openFile{f, info}, nil
}

// openFile is a file that was looked at when it was opened.
type openFile struct {
	*os.File
	info fs.FileInfo
}

// Stat returns what was seen.
func (f openFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// explain says why name cannot be opened; nil if that is not known.
func (c confined) explain(name string) error {
	info, err := c.Stat(name)
	switch {
	case err == nil && !readable(info):
		return unreadable(name)
	case err == nil:
		return nil
	}
	if target, linkErr := c.ReadLink(name); linkErr == nil {
		return &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("symlink to %s: %w", target, cause(err))}
	}
	return &fs.PathError{Op: "open", Path: name, Err: cause(err)}
}

func readable(info fs.FileInfo) bool { return info.IsDir() || info.Mode().IsRegular() }

func unreadable(name string) error {
	return &fs.PathError{Op: "open", Path: name, Err: errors.New("neither a file nor a directory")}
}
