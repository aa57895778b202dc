package git

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

func TestTreeIsFS(t *testing.T) {
	b := inMemory(t)
	run := b.file("run.sh", "#!/bin/sh\n")
	run.Mode = filemode.Executable
	files := newTree(b, b.tree(
		b.file("a-file.yaml", "a"), // sorts before a/ in git, and after it here
		b.dir("a", b.file("b.yaml", "b"), b.dir("empty"), b.link("up", "../a-file.yaml")),
		b.link("dir", "a"),
		b.link("link.yaml", "dir/b.yaml"),
		run,
	))
	if err := fstest.TestFS(files, "a-file.yaml", "a/b.yaml", "a/empty", "a/up", "dir", "link.yaml", "run.sh"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"link.yaml": "b", "a/up": "a", "dir/up": "a", "dir/b.yaml": "b"} {
		if got, err := fs.ReadFile(files, name); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestTreeRefuses(t *testing.T) {
	b := inMemory(t)
	files := newTree(b, b.tree(
		b.link("absolute", "/etc/passwd"),
		b.link("dangling", "nothing"),
		b.dir("deploy", b.link("inside", "../plain"), b.link("out", "../../plain")),
		b.link("empty", ""),
		b.link("first", "second"),
		b.file("lfs.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"),
		b.link("long", strings.Repeat("a/", maxLink)),
		object.TreeEntry{Name: "missing", Mode: filemode.Regular, Hash: plumbing.NewHash("1111111111111111111111111111111111111111")},
		b.link("nul", "plain\x00"),
		b.file("plain", "text"),
		b.link("second", "first"),
		b.link("slash", "plain/"),
		submodule("vendor"),
	))
	for name, want := range map[string]string{
		"absolute":       `open absolute: symlink to "/etc/passwd": leads out of the repository`,
		"dangling":       `open dangling: symlink to "nothing": file does not exist`,
		"deploy/out":     `open deploy/out: symlink to "../../plain": leads out of the repository`,
		"empty":          `open empty: symlink to "": invalid argument`,
		"first":          `open first: symlink to "second": too many levels of symlinks`,
		"lfs.yaml":       "read lfs.yaml: is kept in Git LFS, which is not read",
		"long":           "open long: invalid argument",
		"missing":        "read missing: is not in the clone, or larger than 32 MiB",
		"nul":            `open nul: symlink to "plain\x00": invalid argument`,
		"none":           "open none: file does not exist",
		"plain/x":        "open plain/x: not a directory",
		"slash":          `open slash: symlink to "plain/": not a directory`,
		"vendor":         "read vendor: is a submodule, which is not followed",
		"vendor/x":       "open vendor/x: is a submodule, which is not followed",
		"../x":           "open ../x: invalid argument",
		"deploy":         "read deploy: is a directory",
		"deploy/../none": "open deploy/../none: invalid argument",
	} {
		got, err := fs.ReadFile(files, name)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %q, %v; want %s", name, got, err, want)
		}
	}
	if _, err := fs.ReadDir(files, "vendor"); !errors.Is(err, errSubmodule) || hint(err) == "" {
		t.Errorf("list a submodule: got %v, hint %q", err, hint(err))
	}
	if got, err := fs.ReadFile(files, "deploy/inside"); err != nil || string(got) != "text" {
		t.Errorf("a symlink within the tree: got %q, %v", got, err)
	}
}

// Names that a checkout could not hold, or that would disturb a terminal.
func TestTreeNames(t *testing.T) {
	for _, name := range []string{
		"..", ".", "../x", "/etc/passwd", "a/b", ".git", ".GIT", "a\nb.yaml", "\x1b[31m.yaml", "\xff.yaml", "del\x7f",
	} {
		b, dir := onDisk(t, true)
		b.ref("refs/heads/master", b.commit(b.tree(b.dir("deploy", b.file(name, "")))))
		_, err := fetch(t, Config{URL: dir, Path: "deploy"}, "")
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("holds the name %q, which is refused", name)) {
			t.Errorf("%q: got %v", name, err)
		}
	}
	b, dir := onDisk(t, true)
	b.ref("refs/heads/master", b.commit(b.tree(b.file("a", ""), b.file("b", ""), b.file("a", ""))))
	if _, err := fetch(t, Config{URL: dir}, ""); err == nil || !strings.Contains(err.Error(), `holds the name "a" twice`) {
		t.Errorf("one name twice: got %v", err)
	}
}

// A few objects that stand for a great many files are refused at once.
func TestTreeBomb(t *testing.T) {
	b, dir := onDisk(t, true)
	level := b.tree(b.file("a.yaml", ""))
	for range 12 {
		var entries []object.TreeEntry
		for i := range 10 {
			entries = append(entries, object.TreeEntry{Name: fmt.Sprint(i), Mode: filemode.Dir, Hash: level})
		}
		level = b.tree(entries...)
	}
	b.ref("refs/heads/wide", b.commit(level))
	for range maxDepth + 1 {
		level = b.tree(object.TreeEntry{Name: "d", Mode: filemode.Dir, Hash: level})
	}
	b.ref("refs/heads/deep", b.commit(level))
	b.ref("refs/heads/malformed", b.commit(b.object(plumbing.TreeObject, []byte("100644 a"))))
	for ref, want := range map[string]string{
		"wide":      "more than 1048576 files",
		"deep":      "more than 256 directories in one another",
		"malformed": "malformed tree",
	} {
		if _, err := fetch(t, Config{URL: dir, Ref: ref}, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", ref, err, want)
		}
	}
}

func TestTreeLargeFile(t *testing.T) {
	b, dir := onDisk(t, true)
	big := object.TreeEntry{Name: "big.yaml", Mode: filemode.Regular, Hash: plumbing.NewHash("1111111111111111111111111111111111111111")}
	b.ref("refs/heads/master", b.commit(b.tree(big, b.file("small.yaml", "x"))))
	// The beginning of the object says how large it is; the rest is never read.
	loose := filepath.Join(dir, "objects", "11")
	if err := os.MkdirAll(loose, 0o700); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	fmt.Fprintf(z, "blob %d\x00", maxObject+1)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(loose, big.Hash.String()[2:]), packed.Bytes())
	source, err := New(Config{URL: dir})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := source.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	if _, err := fs.ReadFile(snapshot.Inputs[0].FS, "big.yaml"); err == nil || err.Error() != "read big.yaml: larger than 32 MiB" {
		t.Errorf("got %v", err)
	}
	if got, err := fs.ReadFile(snapshot.Inputs[0].FS, "small.yaml"); err != nil || string(got) != "x" {
		t.Errorf("small.yaml: got %q, %v", got, err)
	}
}

// Paths lead where the operating system says that they lead, or nowhere: [os.Root] on a directory that looks the same is the judge.
func FuzzFind(f *testing.F) {
	for _, seed := range [][4]string{
		{"dir/up", "../file", "dir", "link"},
		{"one", "two", "one", "x"},
		{"two/file", "dir/..", "dir", "../../dir"},
		{"one/up", "/file", "dir/", "../file/"},
		{"dir/up/up", "..", "dir//./up", "dir/.."},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, name, up, one, two string) {
		dir := t.TempDir()
		if os.Mkdir(filepath.Join(dir, "dir"), 0o700) != nil ||
			os.Symlink(up, filepath.Join(dir, "dir", "up")) != nil ||
			os.Symlink(one, filepath.Join(dir, "one")) != nil ||
			os.Symlink(two, filepath.Join(dir, "two")) != nil {
			return // not what a disk could hold
		}
		write(t, filepath.Join(dir, "file"), []byte("top"))
		write(t, filepath.Join(dir, "dir", "file"), []byte("below"))
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		b := inMemory(t)
		files := newTree(b, b.tree(
			b.dir("dir", b.file("file", "below"), b.link("up", up)),
			b.file("file", "top"), b.link("one", one), b.link("two", two),
		))
		want, wantErr := fs.ReadFile(root.FS(), name)
		got, gotErr := fs.ReadFile(files, name)
		if errors.Is(wantErr, syscall.ELOOP) || errors.Is(gotErr, errLoop) || len(up)+len(one)+len(two) > maxLink {
			return // limits differ
		}
		if (wantErr == nil) != (gotErr == nil) || string(want) != string(got) {
			t.Errorf("%q with dir/up -> %q, one -> %q, two -> %q: got %q, %v; want %q, %v", name, up, one, two, got, gotErr, want, wantErr)
		}
	})
}

// BenchmarkRead reads 10,000 small files of a repository, as manifest.Load does: from a directory, each object in a file of its own or
// all in a pack, and from a server.
func BenchmarkRead(b *testing.B) {
	const count = 10_000
	server := &server{store: tenThousand(inMemory(b))}
	_, loose := onDisk(b, true)
	copyObjects(b, server.store, loose, false)
	_, packed := onDisk(b, true)
	copyObjects(b, server.store, packed, true)
	url, ca := serveHTTPS(b, server, "")
	for name, c := range map[string]Config{
		"loose":  {URL: loose},
		"packed": {URL: packed},
		"https":  {URL: url, Auth: Auth{CAFile: ca}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if n := readAll(b, c); n != count {
					b.Fatal(n)
				}
			}
		})
	}
}

func tenThousand(b *builder) *builder {
	var dirs []object.TreeEntry
	for i := range 100 {
		var entries []object.TreeEntry
		for j := range 100 {
			content := fmt.Sprintf("kind: HTTPRoute\nmetadata:\n  name: route-%d-%d\n", i, j)
			entries = append(entries, b.file(fmt.Sprintf("%03d.yaml", j), content))
		}
		dirs = append(dirs, b.dir(fmt.Sprintf("%03d", i), entries...))
	}
	b.ref("refs/heads/master", b.commit(b.tree(dirs...)))
	b.head("master")
	return b
}

// copyObjects fills a repository in a directory with what a store has, loose or in a pack.
func copyObjects(b *testing.B, from storer.Storer, dir string, pack bool) {
	b.Helper()
	repo, err := gogit.PlainOpen(dir)
	if err != nil {
		b.Fatal(err)
	}
	iter, err := from.IterEncodedObjects(plumbing.AnyObject)
	if err != nil {
		b.Fatal(err)
	}
	var hashes []plumbing.Hash
	err = iter.ForEach(func(o plumbing.EncodedObject) error {
		hashes = append(hashes, o.Hash())
		if pack {
			return nil
		}
		_, err := repo.Storer.SetEncodedObject(o)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	if pack {
		w, err := repo.Storer.(storer.PackfileWriter).PackfileWriter()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := packfile.NewEncoder(w, from, false).Encode(hashes, 0); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	ref, err := from.Reference("refs/heads/master")
	if err != nil {
		b.Fatal(err)
	}
	if err := repo.Storer.SetReference(ref); err != nil {
		b.Fatal(err)
	}
}

// readAll returns how many files a repository has, all of which it reads.
func readAll(b *testing.B, c Config) int {
	b.Helper()
	source, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	snapshot, err := source.Fetch(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	err = fs.WalkDir(snapshot.Inputs[0].FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		_, err = fs.ReadFile(snapshot.Inputs[0].FS, name)
		return err
	})
	if err := errors.Join(err, snapshot.Close()); err != nil {
		b.Fatal(err)
	}
	return n
}
