package git

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/sync"
)

// by makes a commit of an author, an hour after the one before.
func (b *builder) by(author string, tree plumbing.Hash, parents ...plumbing.Hash) plumbing.Hash {
	b.t.Helper()
	b.commits++
	who := object.Signature{Name: author, Email: author + "@example.com", When: time.Unix(1700000000+int64(b.commits)*3600, 0).UTC()}
	c := object.Commit{Author: who, Committer: who, Message: author + "\n\nbody\n", TreeHash: tree, ParentHashes: parents}
	return b.encode(&c)
}

// rules is a manifest with two rules, whose lines are "matches" and what is given.
func rules(head, one, two string) string {
	return head + "spec:\n  rules:\n  - matches: one\n" + one + "  - matches: two\n" + two + "status: {}\n"
}

// blamed returns the authors of the blocks that begin with a text, in a file of a commit.
func blamed(t *testing.T, c Config, commit plumbing.Hash, file, content string, begin ...string) map[string]string {
	t.Helper()
	source, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[diag.Pos]string{}
	var places []diag.Pos
	for _, text := range begin {
		pos := diag.Pos{File: file}
		for i, line := range strings.Split(content, "\n") {
			if at := strings.Index(line, text); at >= 0 {
				pos.Line, pos.Col = i+1, at+1
			}
		}
		asked[pos] = text
		places = append(places, pos)
	}
	found, err := source.(sync.History).Blame(t.Context(), commit.String(), "", places)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for pos, b := range found {
		out[asked[pos]] = b.Author
		if b.Author != b.Subject || b.Email != b.Author+"@example.com" || b.Time.IsZero() || len(b.Commit) != 40 {
			t.Errorf("%+v", b)
		}
		if b.Oldest {
			out[asked[pos]] += ", or earlier"
		}
	}
	return out
}

func TestBlame(t *testing.T) {
	const one, two = "    backend: a\n    filter: x\n", "    backend: b\n"
	file := func(b *builder, content string) plumbing.Hash {
		return b.tree(b.dir("deploy", b.file("route.yaml", content)))
	}
	start := rules("", one, two)
	for _, test := range []struct {
		name    string
		history func(b *builder) (tip plumbing.Hash, path, content string)
		begin   []string
		want    map[string]string
	}{
		{"a line of a block", func(b *builder) (plumbing.Hash, string, string) {
			changed := rules("", one, "    backend: c\n")
			shifted := rules("kind: HTTPRoute\n", one, "    backend: c\n")
			first := b.by("first", file(b, start))
			second := b.by("second", file(b, changed), first)
			return b.by("third", file(b, shifted), second), "deploy/route.yaml", shifted
		}, []string{"matches: one", "matches: two", "kind:", "spec:"},
			map[string]string{"matches: one": "first", "matches: two": "second", "kind:": "third", "spec:": "second"}},
		{"a line taken out", func(b *builder) (plumbing.Hash, string, string) {
			less := rules("", "    backend: a\n", two)
			return b.by("second", file(b, less), b.by("first", file(b, start))), "deploy/route.yaml", less
		}, []string{"matches: one", "matches: two"}, map[string]string{"matches: one": "second", "matches: two": "first"}},
		{"a file renamed and changed", func(b *builder) (plumbing.Hash, string, string) {
			first := b.by("first", b.tree(b.file("other.yaml", "a\nb\nc\n"), b.file("route.yaml", start)))
			moved := rules("# moved\n", one, two)
			return b.by("second", b.tree(b.dir("apps", b.file("shop.yaml", moved))), first), "apps/shop.yaml", moved
		}, []string{"matches: one", "# moved"}, map[string]string{"matches: one": "first", "# moved": "second"}},
		{"both sides of a merge", func(b *builder) (plumbing.Hash, string, string) {
			first := b.by("first", file(b, start))
			left := b.by("left", file(b, rules("", "    backend: l\n", two)), first)
			right := b.by("right", file(b, rules("", one, "    backend: r\n")), first)
			both := rules("", "    backend: l\n", "    backend: r\n")
			return b.by("merge", file(b, both), left, right), "deploy/route.yaml", both
		}, []string{"matches: one", "matches: two", "spec:", "status:"},
			map[string]string{"matches: one": "left", "matches: two": "right", "spec:": "right", "status:": "first"}},
		{"a merge with a change of its own", func(b *builder) (plumbing.Hash, string, string) {
			first := b.by("first", file(b, start))
			left := b.by("left", file(b, rules("", "    backend: l\n", two)), first)
			right := b.by("right", file(b, rules("", "    backend: r\n", two)), first)
			both := rules("", "    backend: m\n", two)
			return b.by("merge", file(b, both), left, right), "deploy/route.yaml", both
		}, []string{"matches: one", "matches: two"}, map[string]string{"matches: one": "merge", "matches: two": "first"}},
		{"a file that is gone", func(b *builder) (plumbing.Hash, string, string) {
			first := b.by("first", file(b, start))
			second := b.by("second", b.tree(b.file("README.md", "x")), first)
			return b.by("third", b.tree(b.file("README.md", "y")), second), "deploy/route.yaml", ""
		}, []string{"the file"}, map[string]string{"the file": "second"}},
		{"a shallow clone", func(b *builder) (plumbing.Hash, string, string) {
			second := b.by("second", file(b, start), plumbing.NewHash(strings.Repeat("ab", 20)))
			changed := rules("", one, "    backend: c\n")
			return b.by("third", file(b, changed), second), "deploy/route.yaml", changed
		}, []string{"matches: one", "matches: two"}, map[string]string{"matches: one": "second, or earlier", "matches: two": "third"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, dir := onDisk(t, true)
			tip, path, content := test.history(b)
			b.ref("refs/heads/main", tip)
			b.head("main")
			got := blamed(t, Config{URL: "file://" + filepath.ToSlash(dir)}, tip, path, content, test.begin...)
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error("-want +got:\n" + d)
			}
		})
	}
}

// TestBlameOnServer wants the answer of a local repository from one on a server, of which a snapshot has the newest commit alone.
func TestBlameOnServer(t *testing.T) {
	b := inMemory(t)
	first := b.by("first", b.tree(b.file("a.yaml", rules("", "    x: 1\n", "    x: 1\n"))))
	content := rules("", "    x: 2\n", "    x: 1\n")
	tip := b.by("second", b.tree(b.file("a.yaml", content)), first)
	b.ref("refs/heads/main", tip)
	b.head("main")
	for _, can := range [][]capability.Capability{{}, {capability.Sideband64k, capability.Shallow, capability.Filter}} {
		url, ca := serveHTTPS(t, &server{store: b, can: can}, "")
		got := blamed(t, Config{URL: url, Auth: Auth{CAFile: ca}}, tip, "a.yaml", content, "matches: one", "matches: two")
		if d := cmp.Diff(map[string]string{"matches: one": "second", "matches: two": "first"}, got); d != "" {
			t.Error("-want +got:\n" + d)
		}
	}
}

// TestBlameSince leaves out what has not changed since a commit.
func TestBlameSince(t *testing.T) {
	b, dir := onDisk(t, true)
	first := b.by("first", b.tree(b.file("a.yaml", "a: 1\nb: 1\n")))
	base := b.by("base", b.tree(b.file("a.yaml", "a: 2\nb: 1\n")), first)
	tip := b.by("tip", b.tree(b.file("a.yaml", "a: 2\nb: 2\n"), b.file("c.yaml", "c")), base)
	b.ref("refs/heads/main", tip)
	source, err := New(Config{URL: "file://" + filepath.ToSlash(dir)})
	if err != nil {
		t.Fatal(err)
	}
	a, bb := diag.Pos{File: "a.yaml", Line: 1, Col: 4}, diag.Pos{File: "a.yaml", Line: 2, Col: 4}
	found, err := source.(sync.History).Blame(t.Context(), tip.String(), base.String(), []diag.Pos{a, bb})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := found[a]; ok || found[bb].Author != "tip" {
		t.Errorf("got %v", found)
	}
}
