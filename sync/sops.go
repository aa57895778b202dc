package sync

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"strings"

	"github.com/gwsync/gwsync/render/manifest"
)

// SOPS decrypts a text by running the program sops, which finds its keys by itself, as on the command line. It is for [Decrypted].
func SOPS(ctx context.Context, text []byte, isJSON bool) ([]byte, error) {
	kind := "yaml"
	if isJSON {
		kind = "json"
	}
	cmd := exec.CommandContext(ctx, "sops", "--decrypt", "--input-type", kind, "--output-type", kind, "/dev/stdin")
	var out, problem bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), &out, &problem
	err := cmd.Run()
	switch said := strings.Join(strings.Fields(problem.String()), " "); {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("it is encrypted, and the program sops is not there to decrypt it")
	case err != nil && said != "":
		return nil, fmt.Errorf("sops cannot decrypt it: %s", said)
	case err != nil:
		return nil, fmt.Errorf("sops cannot decrypt it: %w", err)
	}
	return out.Bytes(), nil
}

// decrypting is a tree whose encrypted manifests are read decrypted.
type decrypting struct {
	fs.FS
	decrypt func(text []byte, isJSON bool) ([]byte, error)
}

// ReadDir is as of the tree itself.
func (d decrypting) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(d.FS, name) }

// Stat is as of the tree itself: the size is the encrypted file's.
func (d decrypting) Stat(name string) (fs.FileInfo, error) { return fs.Stat(d.FS, name) }

// Lstat is as of the tree itself.
func (d decrypting) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(d.FS, name) }

// ReadLink is as of the tree itself.
func (d decrypting) ReadLink(name string) (string, error) { return fs.ReadLink(d.FS, name) }

// Open opens a file. One that is encrypted is decrypted now.
func (d decrypting) Open(name string) (fs.File, error) {
	f, err := d.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > manifest.MaxFileSize {
		return f, nil //nolint:nilerr // whoever reads it gets the error
	}
	text, err := io.ReadAll(io.LimitReader(f, manifest.MaxFileSize+1))
	if err == nil && isEncrypted(text, path.Ext(name) == ".json") {
		if text, err = d.decrypt(text, path.Ext(name) == ".json"); err != nil {
			err = &fs.PathError{Op: "decrypt", Path: name, Err: err}
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &opened{File: f, text: bytes.NewReader(text), size: int64(len(text))}, nil
}

// opened is a file with another text.
type opened struct {
	fs.File
	text *bytes.Reader
	size int64
}

// Read reads the text.
func (o *opened) Read(b []byte) (int, error) { return o.text.Read(b) }

// Stat has the size of the text.
func (o *opened) Stat() (fs.FileInfo, error) {
	info, err := o.File.Stat()
	return sized{info, o.size}, err
}

type sized struct {
	fs.FileInfo
	size int64
}

// Size is that of the text.
func (s sized) Size() int64 { return s.size }

// isEncrypted reports whether SOPS has encrypted a text: it puts its own key at the top level.
func isEncrypted(text []byte, isJSON bool) bool {
	if !isJSON {
		return bytes.HasPrefix(text, []byte("sops:")) || bytes.Contains(text, []byte("\nsops:"))
	}
	var top map[string]json.RawMessage
	return json.Unmarshal(text, &top) == nil && bytes.HasPrefix(top["sops"], []byte("{"))
}
