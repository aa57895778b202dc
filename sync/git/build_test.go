package git

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/memory"
)

// builder makes repositories, object by object, and so also such as git would not make.
type builder struct {
	t testing.TB
	storer.Storer
	commits int
}

// inMemory builds a repository for a server.
func inMemory(t testing.TB) *builder { return &builder{t: t, Storer: memory.NewStorage()} }

// onDisk builds a repository in a directory, and returns which.
func onDisk(t testing.TB, bare bool) (*builder, string) {
	t.Helper()
	dir := t.TempDir()
	repo, err := gogit.PlainInit(dir, bare)
	if err != nil {
		t.Fatal(err)
	}
	return &builder{t: t, Storer: repo.Storer}, dir
}

func (b *builder) object(kind plumbing.ObjectType, content []byte) plumbing.Hash {
	b.t.Helper()
	o := &plumbing.MemoryObject{}
	o.SetType(kind)
	if _, err := o.Write(content); err != nil {
		b.t.Fatal(err)
	}
	h, err := b.SetEncodedObject(o)
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

// entry of a tree: a file, unless said otherwise.
func (b *builder) file(name, content string) object.TreeEntry {
	return object.TreeEntry{Name: name, Mode: filemode.Regular, Hash: b.object(plumbing.BlobObject, []byte(content))}
}

func (b *builder) link(name, target string) object.TreeEntry {
	return object.TreeEntry{Name: name, Mode: filemode.Symlink, Hash: b.object(plumbing.BlobObject, []byte(target))}
}

func (b *builder) dir(name string, entries ...object.TreeEntry) object.TreeEntry {
	return object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: b.tree(entries...)}
}

func submodule(name string) object.TreeEntry {
	return object.TreeEntry{Name: name, Mode: filemode.Submodule, Hash: plumbing.NewHash("1234567890123456789012345678901234567890")}
}

// tree writes entries as they are: in this order and with these names.
func (b *builder) tree(entries ...object.TreeEntry) plumbing.Hash {
	var raw bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&raw, "%o %s\x00%s", uint32(e.Mode), e.Name, e.Hash[:])
	}
	return b.object(plumbing.TreeObject, raw.Bytes())
}

// commit makes a commit of a tree; no two are equal.
func (b *builder) commit(tree plumbing.Hash, parents ...plumbing.Hash) plumbing.Hash {
	b.t.Helper()
	b.commits++
	who := object.Signature{Name: "A", Email: "a@example.com", When: time.Unix(1700000000, 0).UTC()}
	c := object.Commit{Author: who, Committer: who, Message: fmt.Sprintf("commit %d\n", b.commits), TreeHash: tree, ParentHashes: parents}
	return b.encode(&c)
}

func (b *builder) tag(name string, kind plumbing.ObjectType, target plumbing.Hash) plumbing.Hash {
	who := object.Signature{Name: "A", Email: "a@example.com", When: time.Unix(1700000000, 0).UTC()}
	return b.encode(&object.Tag{Name: name, Tagger: who, Message: "tag\n", TargetType: kind, Target: target})
}

func (b *builder) encode(o interface {
	Encode(plumbing.EncodedObject) error
}) plumbing.Hash {
	b.t.Helper()
	m := &plumbing.MemoryObject{}
	if err := o.Encode(m); err != nil {
		b.t.Fatal(err)
	}
	h, err := b.SetEncodedObject(m)
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

// ref gives a name to an object.
func (b *builder) ref(name string, h plumbing.Hash) {
	b.t.Helper()
	if err := b.SetReference(plumbing.NewHashReference(plumbing.ReferenceName(name), h)); err != nil {
		b.t.Fatal(err)
	}
}

// head makes a branch the default one.
func (b *builder) head(branch string) {
	b.t.Helper()
	if err := b.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, plumbing.ReferenceName("refs/heads/"+branch))); err != nil {
		b.t.Fatal(err)
	}
}

// history is what most tests read: three commits, of which the middle one has a tag and a light tag, and a branch beside.
type history struct{ first, second, third, feature plumbing.Hash }

func (b *builder) history() history {
	of := func(content string, parents ...plumbing.Hash) plumbing.Hash {
		return b.commit(b.tree(b.file("README.md", "hello\n"), b.dir("deploy", b.file("route.yaml", content))), parents...)
	}
	var h history
	h.first = of("first")
	h.second = of("second", h.first)
	h.third = of("third", h.second)
	h.feature = of("feature", h.first)
	b.ref("refs/heads/main", h.third)
	b.ref("refs/heads/feature/x", h.feature)
	b.ref("refs/tags/light", h.second)
	b.ref("refs/tags/v1.0.0", b.tag("v1.0.0", plumbing.CommitObject, h.second))
	b.head("main")
	return h
}
