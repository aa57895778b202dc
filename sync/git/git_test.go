package git

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/manifest"
)

// hint returns what the command line would print below an error.
func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// fetched is what a user notices of a snapshot: the commit, and what is in a file.
type fetched struct{ Revision, Content string }

func fetch(t *testing.T, c Config, file string) (fetched, error) {
	t.Helper()
	source, err := New(c)
	if err != nil {
		return fetched{}, err
	}
	snapshot, err := source.Fetch(t.Context())
	if err != nil {
		return fetched{}, err
	}
	defer func() {
		if err := snapshot.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	content, err := fs.ReadFile(snapshot.Inputs[0].FS, file)
	if err != nil {
		t.Fatal(err)
	}
	return fetched{snapshot.Revision, string(content)}, nil
}

// places are the ways to a repository with [builder.history] in it.
func places(t *testing.T) (map[string]Config, history) {
	t.Helper()
	onServer := inMemory(t)
	h := onServer.history()
	bare, bareDir := onDisk(t, true)
	bare.history()
	checkout, checkoutDir := onDisk(t, false)
	checkout.history()
	c := map[string]Config{
		"bare directory": {URL: "file://" + filepath.ToSlash(bareDir)},
		"checkout":       {URL: checkoutDir},
		"work tree":      {URL: workTree(t, checkoutDir)},
	}
	for name, can := range map[string][]capability.Capability{
		"https": {capability.Sideband64k, capability.Shallow, capability.NoProgress},
		"https, any commit": {
			capability.Sideband64k, capability.Shallow, capability.AllowReachableSHA1InWant, capability.Filter, capability.OFSDelta,
		},
		"https, plain": {},
	} {
		url, ca := serveHTTPS(t, &server{store: onServer, can: can}, "")
		c[name] = Config{URL: url, Auth: Auth{CAFile: ca}}
	}
	shell := serveSSH(t, &server{store: onServer, can: []capability.Capability{capability.Sideband64k, capability.Shallow}})
	c["ssh"] = Config{URL: shell.url, Auth: shell.auth}
	return c, h
}

// workTree makes a linked work tree of a repository, as `git worktree add` does.
func workTree(t *testing.T, checkout string) string {
	t.Helper()
	admin := filepath.Join(checkout, ".git", "worktrees", "linked")
	if err := os.MkdirAll(admin, 0o700); err != nil {
		t.Fatal(err)
	}
	linked := t.TempDir()
	write(t, filepath.Join(admin, "commondir"), []byte("../..\n"))
	write(t, filepath.Join(admin, "HEAD"), []byte("ref: refs/heads/main\n"))
	write(t, filepath.Join(linked, ".git"), []byte("gitdir: "+admin+"\n"))
	return linked
}

func TestFetch(t *testing.T) {
	all, h := places(t)
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			for _, test := range []struct {
				ref     string
				commit  plumbing.Hash
				content string
			}{
				{"", h.third, "third"},
				{"HEAD", h.third, "third"},
				{"main", h.third, "third"},
				{"feature/x", h.feature, "feature"},
				{"refs/heads/feature/x", h.feature, "feature"},
				{"heads/feature/x", h.feature, "feature"},
				{"light", h.second, "second"},
				{"v1.0.0", h.second, "second"},
				{"tags/v1.0.0", h.second, "second"},
				{h.third.String(), h.third, "third"},
				{h.first.String(), h.first, "first"},
				{h.first.String()[:7], h.first, "first"},
				{strings.ToUpper(h.feature.String()[:9]), h.feature, "feature"},
			} {
				c.Ref = test.ref
				got, err := fetch(t, c, "deploy/route.yaml")
				if err != nil {
					t.Errorf("ref %q: %v", test.ref, err)
				}
				if diff := cmp.Diff(fetched{test.commit.String(), test.content}, got); diff != "" {
					t.Errorf("ref %q (-want +got):\n%s", test.ref, diff)
				}
			}
		})
	}
}

func TestFetchNoSuchRef(t *testing.T) {
	all, _ := places(t)
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			for _, test := range []struct{ ref, err, hint string }{
				{"mian", `there is no branch, tag or commit "mian"`, "did you mean main?"},
				{"v1", `there is no branch, tag or commit "v1"`, "did you mean v1.0.0?"},
				{"nothing-like-it", `there is no branch, tag or commit "nothing-like-it"`, "it has feature/x, main, light and 1 more"},
				{"abcdef", `there is no branch, tag or commit "abcdef"`, "it has feature/x, main, light and 1 more"},
				{strings.Repeat("ab", 20), "there is no commit " + strings.Repeat("ab", 20), ""},
			} {
				c.Ref = test.ref
				_, err := fetch(t, c, "")
				if err == nil || !strings.Contains(err.Error(), test.err) || hint(err) != test.hint {
					t.Errorf("ref %q: got %v, hint %q; want %s, hint %q", test.ref, err, hint(err), test.err, test.hint)
				}
			}
		})
	}
}

func TestFetchAmbiguous(t *testing.T) {
	b, dir := onDisk(t, true)
	tree := b.tree(b.file("a.yaml", "a"))
	one := b.commit(tree)
	b.ref("refs/heads/main", one)
	b.ref("refs/heads/v1", one)
	b.ref("refs/tags/v1", b.commit(tree))
	b.ref("refs/heads/same", one)
	b.ref("refs/tags/same", one)
	// Of a few hundred commits, two begin with the same four digits.
	seen := map[string]bool{}
	var twice string
	for twice == "" {
		prefix := b.commit(tree).String()[:4]
		if seen[prefix] {
			twice = prefix
		}
		seen[prefix] = true
	}
	for _, test := range []struct{ ref, err, hint string }{
		{"v1", `"v1" is both refs/heads/v1 and refs/tags/v1, and they differ`, "write the name in full: refs/heads/v1"},
		{twice, "2 commits begin with " + twice, "write more of the SHA"},
		{"same", "", ""},
	} {
		_, err := fetch(t, Config{URL: dir, Ref: test.ref}, "a.yaml")
		if test.err == "" {
			if err != nil {
				t.Errorf("ref %q: %v", test.ref, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.err) || hint(err) != test.hint {
			t.Errorf("ref %q: got %v, hint %q; want %s, hint %q", test.ref, err, hint(err), test.err, test.hint)
		}
	}
}

func TestFetchPath(t *testing.T) {
	b, dir := onDisk(t, true)
	b.ref("refs/heads/master", b.commit(b.tree(
		b.file("README.md", ""),
		b.dir("deploy", b.file("route.yaml", "")),
		b.link("prod", "deploy"),
	)))
	for _, test := range []struct{ path, err string }{
		{"", ""}, {".", ""}, {"deploy", ""}, {"./deploy/", ""}, {"deploy/route.yaml", ""}, {"prod", ""},
		{"deplyo", "there is no deplyo in the repository"},
		{"../deploy", `"../deploy" is not a path within a repository`},
		{"/deploy", `"/deploy" is not a path within a repository`},
	} {
		_, err := fetch(t, Config{URL: dir, Path: test.path}, "README.md")
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("path %q: got %v, want %q", test.path, err, test.err)
		}
	}
}

// TestExtensions reads a clone with settings that change nothing about its commits, as git sparse-checkout and clone --filter leave them.
func TestExtensions(t *testing.T) {
	for settings, want := range map[string]string{
		"worktreeConfig = true\n\tpartialClone = origin\n\tpreciousObjects = true": "",
		"objectFormat = sha256": "objectformat",
	} {
		b, dir := onDisk(t, true)
		b.ref("refs/heads/master", b.commit(b.tree(b.file("README.md", "text"))))
		text := "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\t" + settings + "\n"
		if err := os.WriteFile(filepath.Join(dir, "config"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := fetch(t, Config{URL: dir}, "README.md")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", settings, err, want)
		}
	}
}

// Findings name files as they are in the repository, and what may not be read is a finding of its own.
func TestFindings(t *testing.T) {
	b, dir := onDisk(t, true)
	b.ref("refs/heads/master", b.commit(b.tree(
		b.dir("deploy",
			b.file("broken.yaml", "a: ["),
			b.file("large.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"),
			b.link("out.yaml", "../../out.yaml"),
			submodule("theme"),
		),
		b.file("other.yaml", "b: ["),
	)))
	source, err := New(Config{URL: dir, Path: "deploy"})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := source.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	_, findings, err := manifest.Load(snapshot.Inputs, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, f.Pos.File)
	}
	slices.Sort(got)
	want := []string{"deploy/broken.yaml", "deploy/large.yaml", "deploy/out.yaml", "deploy/theme"}
	if diff := cmp.Diff(want, got); diff != "" || !findings.HasErrors() {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A clone of a branch or a tag has no history, and big files do not travel.
func TestFetchIsShallow(t *testing.T) {
	b := inMemory(t)
	h := b.history()
	s := &server{store: b, can: []capability.Capability{capability.Shallow, capability.Filter, capability.AllowReachableSHA1InWant}}
	url, ca := serveHTTPS(t, s, "")
	for _, ref := range []string{"main", "v1.0.0", h.first.String(), h.first.String()[:8]} {
		if _, err := fetch(t, Config{URL: url, Ref: ref, Auth: Auth{CAFile: ca}}, "README.md"); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, line := range s.lines() {
		if !strings.HasPrefix(line, "want") {
			got = append(got, line)
		}
	}
	want := []string{
		"deepen 1", "filter blob:limit=32m",
		"deepen 1", "filter blob:limit=32m",
		"deepen 1", "filter blob:limit=32m",
		"filter tree:0", // the commits, to find the one that is meant
		"deepen 1", "filter blob:limit=32m",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestFetchNoRepository(t *testing.T) {
	_, emptyDir := onDisk(t, true)
	plain, repo := t.TempDir(), t.TempDir()
	below := filepath.Join(repo, "deploy", "prod")
	if err := errors.Join(os.Mkdir(filepath.Join(repo, ".git"), 0o700), os.MkdirAll(below, 0o700)); err != nil {
		t.Fatal(err)
	}
	url, ca := serveHTTPS(t, &server{store: inMemory(t)}, "")
	shell := serveSSH(t, &server{store: inMemory(t)})
	noRepo := func(url string) string { return strings.Replace(url, "/team/", "/other/", 1) }
	for name, test := range map[string]struct {
		config    Config
		err, hint string
	}{
		"no directory": {Config{URL: "file:///does/not/exist"}, "file:///does/not/exist: no such directory", ""},
		"not git":      {Config{URL: plain}, plain + ": not a git repository", "read a plain directory with --path"},
		"a directory of one": {Config{URL: below}, below + ": not a git repository",
			"it is a part of the repository " + repo + ": --repo " + repo + " --repo-path deploy/prod"},
		"empty, local": {Config{URL: emptyDir}, "the repository has no default branch", "the repository is empty"},
		"empty, https": {Config{URL: url, Auth: Auth{CAFile: ca}}, "the repository is empty", ""},
		"empty, ssh":   {Config{URL: shell.url, Auth: shell.auth}, "the repository is empty", ""},
		"no such, https": {Config{URL: noRepo(url), Auth: Auth{CAFile: ca}}, "repository not found",
			"check the URL; if it is private, give a token by GWSYNC_GIT_TOKEN or --git-token-file"},
		"no such, ssh": {Config{URL: noRepo(shell.url), Auth: shell.auth}, "repository not found",
			"check the URL; the ssh key must be allowed to read it"},
		"unknown CA": {Config{URL: url}, "certificate signed by unknown authority",
			"name the certificate authority of your server by --git-ca-file"},
	} {
		_, err := fetch(t, test.config, "")
		if err == nil || !strings.Contains(err.Error(), test.err) || hint(err) != test.hint {
			t.Errorf("%s: got %v, hint %q; want %s, hint %q", name, err, hint(err), test.err, test.hint)
		}
	}
}

// A server that accepts and then says nothing does not hang us.
func TestFetchEnds(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	accepted := make(chan net.Conn)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- conn
		}
	}()
	shell := serveSSH(t, &server{store: inMemory(t)})
	for _, scheme := range []string{"https", "ssh"} {
		url := scheme + "://" + listener.Addr().String() + "/repo.git"
		t.Run(scheme+" cancelled", func(t *testing.T) {
			source, err := New(Config{URL: url, Auth: shell.auth})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				conn := <-accepted
				cancel()
				<-t.Context().Done()
				conn.Close()
			}()
			if _, err := source.Fetch(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want it cancelled", err)
			}
		})
		t.Run(scheme+" timed out", func(t *testing.T) {
			source, err := New(Config{URL: url, Auth: shell.auth, Timeout: 50 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				conn := <-accepted
				<-t.Context().Done()
				conn.Close()
			}()
			_, err = source.Fetch(t.Context())
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "gave up after 50ms") {
				t.Errorf("got %v, want it to give up", err)
			}
		})
	}
}

func TestFetchTagOfTree(t *testing.T) {
	b, dir := onDisk(t, true)
	tree := b.tree(b.file("a.yaml", ""))
	b.ref("refs/heads/master", b.commit(tree))
	b.ref("refs/tags/tree", b.tag("tree", plumbing.TreeObject, tree))
	_, err := fetch(t, Config{URL: dir, Ref: "tree"}, "")
	if err == nil || !strings.Contains(err.Error(), "is a tree, not a commit") {
		t.Errorf("got %v", err)
	}
}

func TestFetchToken(t *testing.T) {
	b := inMemory(t)
	b.history()
	const token = "s3cr3t-token"
	url, ca := serveHTTPS(t, &server{store: b}, token)
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, []byte(token+"\n"))
	withUser := func(user string) string { return strings.Replace(url, "https://", "https://"+user+"@", 1) }
	for name, c := range map[string]Config{
		"environment":  {URL: url, Auth: Auth{Token: token}},
		"file":         {URL: url, Auth: Auth{TokenFile: file}},
		"user and env": {URL: withUser("deploy"), Auth: Auth{Token: token}},
		"in the URL":   {URL: withUser("deploy:" + token)},
	} {
		c.Auth.CAFile = ca
		if _, err := fetch(t, c, "README.md"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]Config{
		"none":       {URL: url},
		"wrong":      {URL: url, Auth: Auth{Token: "wr0ng"}},
		"in the URL": {URL: withUser("wr0ng")},
	} {
		c.Auth.CAFile = ca
		_, err := fetch(t, c, "README.md")
		if !errors.Is(err, transport.ErrAuthenticationRequired) || hint(err) == "" ||
			strings.Contains(err.Error(), "wr0ng") || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: got %v, hint %q", name, err, hint(err))
		}
	}
}
