package sync

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/manifest"
)

// chdir makes a directory with files in it the current one: they are "name" or "name -> target".
func chdir(t *testing.T, files ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, file := range files {
		name, target, link := strings.Cut(file, " -> ")
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		if link {
			err = os.Symlink(target, name)
		} else {
			err = os.WriteFile(name, []byte("text of "+name), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// place is what a user notices of an input: how findings show its files, and what is in one.
type place struct{ Prefix, Path, Content string }

func fetch(t *testing.T, s Source) ([]manifest.Input, error) {
	t.Helper()
	snapshot, err := s.Fetch(t.Context())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := snapshot.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return snapshot.Inputs, nil
}

// read returns a file of an input, or the input's own path if that is a file.
func read(t *testing.T, in manifest.Input, file string) place {
	t.Helper()
	if in.Path != "." {
		file = in.Path
	}
	data, err := fs.ReadFile(in.FS, file)
	if err != nil {
		t.Fatal(err)
	}
	return place{in.Prefix, in.Path, string(data)}
}

func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

func TestDir(t *testing.T) {
	chdir(t, "a.yaml", "examples/x/a.yaml", "link -> examples/x")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]place{
		".":                  {"", ".", "text of a.yaml"},
		"./":                 {"", ".", "text of a.yaml"},
		"examples/x":         {"examples/x", ".", "text of examples/x/a.yaml"},
		"./examples//x/":     {"examples/x", ".", "text of examples/x/a.yaml"},
		"link":               {"link", ".", "text of examples/x/a.yaml"},
		here + "/examples/x": {filepath.ToSlash(here) + "/examples/x", ".", "text of examples/x/a.yaml"},
	} {
		inputs, err := fetch(t, Dir(name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff([]place{want}, []place{read(t, inputs[0], "a.yaml")}); diff != "" || len(inputs) != 1 {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Findings name files as the user would type them.
func TestFindings(t *testing.T) {
	chdir(t, "secret.yaml", "examples/x/broken.yaml", "examples/x/out.yaml -> ../../secret.yaml")
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("examples/x/broken.yaml", "a: [")
	for name, source := range map[string]Source{
		"--path": Dir("examples/x"),
		"-f":     Files([]string{"examples/x/broken.yaml", "-", "examples/x"}, strings.NewReader("b: [")),
	} {
		inputs, err := fetch(t, source)
		if err != nil {
			t.Fatal(err)
		}
		_, findings, err := manifest.Load(inputs, manifest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range findings {
			got = append(got, f.Pos.File)
		}
		slices.Sort(got)
		want := []string{"examples/x/broken.yaml", "examples/x/out.yaml"}
		if name == "-f" {
			want = append([]string{"-"}, want...)
		}
		if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDirRefuses(t *testing.T) {
	chdir(t, "a.yaml")
	for name, want := range map[string][2]string{
		"none":   {"none: no such directory", ""},
		"a.yaml": {"a.yaml is a file, not a directory", "read a single file with: -f a.yaml"},
	} {
		_, err := fetch(t, Dir(name))
		if err == nil || err.Error() != want[0] || hint(err) != want[1] {
			t.Errorf("%s: got %v, hint %q; want %s", name, err, hint(err), want)
		}
	}
}

func TestDirIsNotLeft(t *testing.T) {
	chdir(t, "secret.yaml", "in/a.yaml", "in/sub/b.yaml",
		"in/out.yaml -> ../secret.yaml", "in/outdir -> ..", "in/gone.yaml -> none.yaml", "in/ok.yaml -> sub/b.yaml", "in/loop.yaml -> loop.yaml")
	inputs, err := fetch(t, Dir("in"))
	if err != nil {
		t.Fatal(err)
	}
	files := inputs[0].FS
	for name, want := range map[string]string{
		"out.yaml":           "open out.yaml: symlink to ../secret.yaml: path escapes from parent",
		"outdir/secret.yaml": "path escapes from parent",
		"gone.yaml":          "open gone.yaml: symlink to none.yaml: no such file or directory",
		"loop.yaml":          "open loop.yaml: symlink to loop.yaml: too many levels of symbolic links",
		"../secret.yaml":     "invalid",
		"none.yaml":          "no such file or directory",
	} {
		got, err := fs.ReadFile(files, name)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v; want %s", name, got, err, want)
		}
		if _, err := files.Open(name); err == nil {
			t.Errorf("%s: could be opened", name)
		}
	}
	if got, err := fs.ReadFile(files, "ok.yaml"); err != nil || string(got) != "text of in/sub/b.yaml" {
		t.Errorf("a symlink within: got %q, %v", got, err)
	}
}

func TestDirIsFS(t *testing.T) {
	chdir(t, "a.yaml", "sub/b.yaml", "link.yaml -> sub/b.yaml")
	inputs, err := fetch(t, Dir("."))
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(inputs[0].FS, "a.yaml", "sub/b.yaml", "link.yaml"); err != nil {
		t.Error(err)
	}
}

// A reader of a pipe would wait for somebody to write to it.
func TestDirHasNoPipes(t *testing.T) {
	chdir(t)
	// What is true of pipes is true of sockets, and those Go can make on all systems.
	listener, err := net.Listen("unix", "pipe.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	inputs, err := fetch(t, Dir("."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadFile(inputs[0].FS, "pipe.yaml"); err == nil || err.Error() != "open pipe.yaml: neither a file nor a directory" {
		t.Errorf("got %v", err)
	}
}

func TestFiles(t *testing.T) {
	chdir(t, "a.yaml", "sub/b.json", "sub/deeper/c.yaml", "work/here", "link.yaml -> sub/b.json")
	t.Chdir("work")
	names := []string{"../a.yaml", "-", "../sub", "../sub/b.json", "here", "../link.yaml"}
	inputs, err := fetch(t, Files(names, strings.NewReader("piped")))
	if err != nil {
		t.Fatal(err)
	}
	var got []place
	for _, in := range inputs {
		got = append(got, read(t, in, "deeper/c.yaml"))
	}
	want := []place{
		{"..", "a.yaml", "text of a.yaml"},
		{"", "-", "piped"},
		{"../sub", ".", "text of sub/deeper/c.yaml"},
		{"../sub", "b.json", "text of sub/b.json"},
		{"", "here", "text of work/here"},
		{"..", "link.yaml", "text of sub/b.json"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	info, err := fs.Stat(inputs[0].FS, "a.yaml")
	if err != nil || info.Name() != "a.yaml" || info.Size() != int64(len("text of a.yaml")) || !info.Mode().IsRegular() {
		t.Errorf("stat: got %v, %v", info, err)
	}
}

// `gwsync watch -f -` reads again what it has read.
func TestFilesAgain(t *testing.T) {
	s := Files([]string{"-"}, strings.NewReader("piped"))
	for range 2 {
		inputs, err := fetch(t, s)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, inputs[0], ""); got.Content != "piped" {
			t.Errorf("got %q", got.Content)
		}
	}
}

func TestFilesRefuses(t *testing.T) {
	chdir(t, "a.yaml")
	for name, want := range map[string][2]string{
		"none.yaml": {"none.yaml: no such file or directory", ""},
		"https://example.com/x": {
			"-f reads files and directories, not URLs", "read a git repository with --repo, or pipe what was downloaded into: -f -",
		},
	} {
		_, err := fetch(t, Files([]string{"a.yaml", name}, strings.NewReader("")))
		if err == nil || err.Error() != want[0] || hint(err) != want[1] {
			t.Errorf("%s: got %v, hint %q; want %s", name, err, hint(err), want)
		}
	}
	_, err := fetch(t, Files([]string{"-"}, zeros{}))
	if err == nil || err.Error() != "standard input: larger than 64 MiB" {
		t.Errorf("got %v", err)
	}
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// A terminal at which nobody types does not keep us from ending.
func TestFilesEnds(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = w.Write([]byte("x")) // returns when it is read
		cancel()
	}()
	if _, err := Files([]string{"-"}, r).Fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cancelled", err)
	}
}
