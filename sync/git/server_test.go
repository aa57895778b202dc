package git

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// server is git-upload-pack: as little of it as a clone needs. What it can do is what it advertises.
type server struct {
	store storer.Storer
	can   []capability.Capability

	mu    sync.Mutex
	asked []string // the lines of all requests
}

// lines returns what clients asked for.
func (s *server) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *server) supports(c capability.Capability) bool { return slices.Contains(s.can, c) }

func (s *server) advertise(w io.Writer, prefix ...[]byte) error {
	a := packp.NewAdvRefs()
	a.Prefix = prefix
	for _, c := range s.can {
		if err := a.Capabilities.Set(c); err != nil {
			return err
		}
	}
	iter, err := s.store.IterReferences()
	if err != nil {
		return err
	}
	err = iter.ForEach(func(r *plumbing.Reference) error {
		if r.Type() == plumbing.HashReference {
			a.References[r.Name().String()] = r.Hash()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if head, err := storer.ResolveReference(s.store, plumbing.HEAD); err == nil {
		h := head.Hash()
		a.Head = &h
	}
	return a.Encode(w)
}

// answer reads one request and sends a pack.
func (s *server) answer(r io.Reader, w io.Writer) error {
	q := request{}
	for lines := pktline.NewScanner(r); lines.Scan(); {
		line := strings.TrimSpace(string(lines.Bytes()))
		if line == "done" {
			break
		}
		if line == "" {
			continue
		}
		s.mu.Lock()
		s.asked = append(s.asked, line)
		s.mu.Unlock()
		q.read(line)
	}
	for _, h := range q.wants {
		if !s.allows(h) {
			return pktline.NewEncoder(w).EncodeString("ERR upload-pack: not our ref " + h.String())
		}
	}
	if q.depth > 0 {
		if err := (&packp.ShallowUpdate{Shallows: q.wants}).Encode(w); err != nil {
			return err
		}
	}
	if err := pktline.NewEncoder(w).EncodeString("NAK\n"); err != nil {
		return err
	}
	reached := map[plumbing.Hash]bool{}
	for _, h := range q.wants {
		s.reach(h, q, reached)
	}
	hashes := slices.Collect(maps.Keys(reached))
	plumbing.HashesSort(hashes)
	out := w
	if strings.Contains(q.capabilities, "side-band-64k") {
		mux := sideband.NewMuxer(sideband.Sideband64k, w)
		if _, err := mux.WriteChannel(sideband.ProgressMessage, []byte("counting\n")); err != nil {
			return err
		}
		out = mux
	}
	if _, err := packfile.NewEncoder(out, s.store, true).Encode(hashes, 10); err != nil {
		return err
	}
	if out == w {
		return nil
	}
	return pktline.NewEncoder(w).Flush()
}

type request struct {
	wants        []plumbing.Hash
	capabilities string
	depth        int
	filter       string
}

func (q *request) read(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "want":
		sha, capabilities, _ := strings.Cut(rest, " ")
		q.wants = append(q.wants, plumbing.NewHash(sha))
		q.capabilities += capabilities
	case "deepen":
		q.depth, _ = strconv.Atoi(rest)
	case "filter":
		q.filter = rest
	}
}

// allows reports whether a client may ask for h.
func (s *server) allows(h plumbing.Hash) bool {
	if s.supports(capability.AllowReachableSHA1InWant) {
		return s.store.HasEncodedObject(h) == nil
	}
	iter, err := s.store.IterReferences()
	if err != nil {
		return false
	}
	found := false
	_ = iter.ForEach(func(r *plumbing.Reference) error {
		found = found || r.Hash() == h
		return nil
	})
	return found
}

// reach adds h and what it is made of.
func (s *server) reach(h plumbing.Hash, q request, reached map[plumbing.Hash]bool) {
	o, err := object.GetObject(s.store, h)
	if err != nil || reached[h] {
		return
	}
	reached[h] = true
	switch o := o.(type) {
	case *object.Tag:
		s.reach(o.Target, q, reached)
	case *object.Commit:
		if q.filter != "tree:0" {
			s.reach(o.TreeHash, q, reached)
		}
		for _, parent := range o.ParentHashes {
			if q.depth == 0 {
				s.reach(parent, q, reached)
			}
		}
	case *object.Tree:
		for _, e := range o.Entries {
			s.reach(e.Hash, q, reached)
		}
	}
}

// serveHTTPS serves a repository over https to who has the token, and returns its URL and the file with the server's certificate.
func serveHTTPS(t testing.TB, s *server, token string) (url, caFile string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /team/repo.git/info/refs", func(w http.ResponseWriter, _ *http.Request) {
		_ = s.advertise(w, []byte("# service=git-upload-pack"), pktline.Flush)
	})
	mux.HandleFunc("POST /team/repo.git/git-upload-pack", func(w http.ResponseWriter, r *http.Request) {
		_ = s.answer(r.Body, w)
	})
	h := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != token {
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, "\x1b[31mwho are you\x1b[0m", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.StartTLS()
	t.Cleanup(h.Close)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	write(t, caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw}))
	return h.URL + "/team/repo.git", caFile
}

// sshServer serves a repository over ssh.
type sshServer struct {
	url        string
	auth       Auth       // lets in
	hostKey    ssh.Signer // the server's
	clientKey  ed25519.PrivateKey
	knownHosts string // the file's name
	addr       string
}

func serveSSH(t *testing.T, s *server, allowed ...ssh.PublicKey) *sshServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	_, hostKey := newKey(t)
	clientKey, client := newKey(t)
	allowed = append(allowed, client.PublicKey())
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		for _, k := range allowed {
			if c.User() == "git" && bytes.Equal(key.Marshal(), k.Marshal()) {
				return nil, nil
			}
		}
		return nil, errors.New("not you")
	}}
	config.AddHostKey(hostKey)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveConn(conn, config, s)
		}
	}()
	dir := t.TempDir()
	block, err := ssh.MarshalPrivateKey(clientKey, "")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "id"), pem.EncodeToMemory(block))
	addr := listener.Addr().String()
	known := filepath.Join(dir, "known_hosts")
	write(t, known, []byte(xknownhosts.Line([]string{xknownhosts.Normalize(addr)}, hostKey.PublicKey())+"\n"))
	return &sshServer{
		url:  fmt.Sprintf("ssh://git@%s/team/it's!.git", addr),
		auth: Auth{SSHKeyFile: filepath.Join(dir, "id"), KnownHosts: []string{known}},
		addr: addr, hostKey: hostKey, clientKey: clientKey, knownHosts: known,
	}
}

// serveConn serves one connection: the first command of the first channel.
func serveConn(conn net.Conn, config *ssh.ServerConfig, s *server) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		for r := range requests {
			if r.Type != "exec" {
				_ = r.Reply(false, nil)
				continue
			}
			var command struct{ Line string }
			_ = ssh.Unmarshal(r.Payload, &command)
			_ = r.Reply(true, nil)
			if command.Line == `git-upload-pack '/team/it'\''s'\!'.git'` {
				_ = s.advertise(channel)
				_ = s.answer(channel, channel)
			} else {
				fmt.Fprintf(channel.Stderr(), "fatal: '%s' does not appear to be a git repository\n", command.Line)
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
			channel.Close()
		}
	}
}

func newKey(t *testing.T) (ed25519.PrivateKey, ssh.Signer) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return private, signer
}

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
