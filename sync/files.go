package sync

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/manifest"
)

// maxFile is how many bytes of a named file, or of standard input, are read; more is an error.
const maxFile = 64 << 20

// Files returns the source for `-f NAME`, which may be given several times. A name is
//
//   - a file, whatever its extension, and wherever it is: the user named it. It may be a pipe, as in `-f <(kustomize build)`;
//   - a directory, which is read with all below it and is not left, as [Dir] does;
//   - "-", standard input: findings name it so.
//
// It is kubectl's -f but for two things: directories are read recursively without -R, as --path does, and URLs are refused.
func Files(names []string, stdin io.Reader) Source { return &files{names: names, stdin: stdin} }

type files struct {
	names []string
	stdin io.Reader
	// piped is what came from standard input, which can be read only once; nil until then.
	piped []byte
}

// Fetch reads the files. It is not to be called twice at the same time.
func (f *files) Fetch(ctx context.Context) (Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return Snapshot{}, err
	}
	var (
		inputs []manifest.Input
		opened closers
	)
	for _, name := range f.names {
		input, closer, err := f.open(ctx, name)
		if err != nil {
			return Snapshot{}, errors.Join(err, opened.Close())
		}
		inputs = append(inputs, input)
		if closer != nil {
			opened = append(opened, closer)
		}
	}
	return Snapshot{Inputs: inputs, Closer: opened}, nil
}

// open returns one name as an input, with what is to be closed, if anything.
func (f *files) open(ctx context.Context, name string) (manifest.Input, io.Closer, error) {
	if name == "-" {
		if f.piped == nil {
			data, err := readAll(ctx, f.stdin)
			if err != nil {
				return manifest.Input{}, nil, fmt.Errorf("standard input: %w", err)
			}
			f.piped = data
		}
		return single("-", "", f.piped), nil, nil
	}
	if strings.Contains(name, "://") {
		return manifest.Input{}, nil, WithHint(errors.New("-f reads files and directories, not URLs"),
			"read a git repository with --repo, or pipe what was downloaded into: -f -")
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return manifest.Input{}, nil, fmt.Errorf("%s: no such file or directory", name)
	case err != nil:
		return manifest.Input{}, nil, fmt.Errorf("%s: %w", name, cause(err))
	case info.IsDir():
		return openDir(name)
	}
	data, err := readFile(ctx, name)
	if err != nil {
		return manifest.Input{}, nil, fmt.Errorf("%s: %w", name, cause(err))
	}
	prefix, base := path.Split(shown(name))
	if prefix != "/" {
		prefix = strings.TrimSuffix(prefix, "/")
	}
	return single(base, prefix, data), nil, nil
}

func readFile(ctx context.Context, name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(ctx, f)
}

// readAll reads r to its end, up to [maxFile]. When ctx ends, it does not wait for a reader that blocks, such as a terminal.
func readAll(ctx context.Context, r io.Reader) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
		done <- result{data, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case got := <-done:
		if got.err == nil && len(got.data) > maxFile {
			return nil, fmt.Errorf("larger than %d MiB", maxFile>>20)
		}
		return got.data, got.err
	}
}

// closers closes all of several things.
type closers []io.Closer

func (c closers) Close() error {
	var errs []error
	for _, each := range c {
		errs = append(errs, each.Close())
	}
	return errors.Join(errs...)
}

// single returns an input of one file, held in memory.
func single(name, prefix string, data []byte) manifest.Input {
	return manifest.Input{FS: memory{name, data}, Path: name, Prefix: prefix}
}

// memory is a file system of one file and no directory: who reads it knows the name.
type memory struct {
	name string
	data []byte
}

// Open opens the file.
func (m memory) Open(name string) (fs.File, error) {
	if name != m.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return memoryFile{bytes.NewReader(m.data), m}, nil
}

type memoryFile struct {
	*bytes.Reader
	file memory
}

func (f memoryFile) Stat() (fs.FileInfo, error) { return memoryInfo{f.file}, nil }
func (f memoryFile) Close() error               { return nil }

type memoryInfo struct{ file memory }

func (i memoryInfo) Name() string       { return i.file.name }
func (i memoryInfo) Size() int64        { return int64(len(i.file.data)) }
func (i memoryInfo) Mode() fs.FileMode  { return 0o444 }
func (i memoryInfo) ModTime() time.Time { return time.Time{} }
func (i memoryInfo) IsDir() bool        { return false }
func (i memoryInfo) Sys() any           { return nil }
