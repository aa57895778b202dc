package sync

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

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
	return manifest.Input{FS: confined{root.FS().(rootFS)}, Path: ".", Prefix: shown(name)}, root, nil
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

// rootFS is what [os.Root.FS] promises to implement.
type rootFS interface {
	fs.ReadFileFS
	fs.ReadDirFS
	fs.StatFS
	fs.ReadLinkFS
}

// confined is a directory whose files can be read, and nothing else. That nothing outside is reached is [os.Root]'s work; here
// are refused the things that would make a reader wait forever, and symlinks that lead nowhere or out are named as such.
type confined struct{ rootFS }

// Open opens a file or directory.
func (c confined) Open(name string) (fs.File, error) {
	if err := c.check(name); err != nil {
		return nil, err
	}
	return c.rootFS.Open(name)
}

// ReadFile reads a file.
func (c confined) ReadFile(name string) ([]byte, error) {
	if err := c.check(name); err != nil {
		return nil, err
	}
	return c.rootFS.ReadFile(name)
}

// check says why name cannot be opened; nil if it can.
func (c confined) check(name string) error {
	info, err := c.Stat(name)
	if err == nil {
		if !info.IsDir() && !info.Mode().IsRegular() {
			return &fs.PathError{Op: "open", Path: name, Err: errors.New("neither a file nor a directory")}
		}
		return nil
	}
	if target, linkErr := c.ReadLink(name); linkErr == nil {
		return &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("symlink to %s: %w", target, cause(err))}
	}
	return &fs.PathError{Op: "open", Path: name, Err: cause(err)}
}
