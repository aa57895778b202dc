package git

import (
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

func TestSSHHostKey(t *testing.T) {
	b := inMemory(t)
	b.history()
	s := serveSSH(t, &server{store: b})
	_, other := newKey(t)
	line := func(key ssh.Signer) string {
		return xknownhosts.Line([]string{xknownhosts.Normalize(s.addr)}, key.PublicKey()) + "\n"
	}
	for name, test := range map[string]struct{ known, err, hint string }{
		"right":   {line(s.hostKey), "", ""},
		"changed": {line(other), "the host key of 127.0.0.1 (ssh-ed25519 SHA256:", "somebody may be listening in"},
		"unknown": {"example.com " + strings.SplitN(line(other), " ", 2)[1], ") is not known", "ssh-keyscan -p "},
		"revoked": {"@revoked " + line(s.hostKey), "revoked", ""},
		"nothing": {"", ") is not known", "ssh-keyscan -p "},
	} {
		write(t, s.knownHosts, []byte(test.known))
		_, err := fetch(t, Config{URL: s.url, Auth: s.auth}, "README.md")
		if test.err == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.err) || !strings.HasPrefix(hint(err), test.hint) {
			t.Errorf("%s: got %v, hint %q; want %s, hint %q", name, err, hint(err), test.err, test.hint)
		}
	}
	if err := os.Remove(s.knownHosts); err != nil {
		t.Fatal(err)
	}
	_, err := fetch(t, Config{URL: s.url, Auth: s.auth}, "README.md")
	if err == nil || !strings.Contains(err.Error(), "no known_hosts file") {
		t.Errorf("without a file: got %v", err)
	}
}

func TestSSHKey(t *testing.T) {
	// A key like any other, but quick to open: its passphrase is stretched only once.
	const locked = "testdata/locked_key"
	lockedPEM, err := os.ReadFile(locked)
	if err != nil {
		t.Fatal(err)
	}
	lockedKey, err := ssh.ParsePrivateKeyWithPassphrase(lockedPEM, []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	otherKey, _ := newKey(t)
	block, err := ssh.MarshalPrivateKey(otherKey, "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	other := filepath.Join(dir, "other")
	write(t, other, pem.EncodeToMemory(block))
	b := inMemory(t)
	b.history()
	s := serveSSH(t, &server{store: b}, lockedKey.PublicKey())

	for name, test := range map[string]struct {
		auth      Auth
		err, hint string
	}{
		"key":              {s.auth, "", ""},
		"passphrase":       {Auth{SSHKeyFile: locked, SSHKeyPassphrase: "open sesame"}, "", ""},
		"agent":            {Auth{SSHAgent: serveAgent(t, s)}, "", ""},
		"no passphrase":    {Auth{SSHKeyFile: locked}, "needs a passphrase", "set GWSYNC_SSH_KEY_PASSPHRASE"},
		"wrong passphrase": {Auth{SSHKeyFile: locked, SSHKeyPassphrase: "0pen"}, "the ssh key " + locked, ""},
		"wrong key": {Auth{SSHKeyFile: other}, "127.0.0.1 does not accept the ssh key for user git",
			"add the public key to the account or as a deploy key, or name another by --ssh-key-file"},
		"no key file": {Auth{SSHKeyFile: filepath.Join(dir, "none")}, "read the ssh key: ", ""},
		"no key":      {Auth{}, "no ssh key", "name one by --ssh-key-file, or start an ssh-agent"},
	} {
		test.auth.KnownHosts = s.auth.KnownHosts
		_, err := fetch(t, Config{URL: s.url, Auth: test.auth}, "README.md")
		if test.err == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.err) || hint(err) != test.hint || strings.Contains(err.Error(), "0pen") {
			t.Errorf("%s: got %v, hint %q; want %s, hint %q", name, err, hint(err), test.err, test.hint)
		}
	}
}

// serveAgent runs an ssh-agent that holds the client's key, and returns its socket.
func serveAgent(t *testing.T, s *sshServer) string {
	t.Helper()
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: s.clientKey}); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "agent") //nolint:usetesting // the name of a socket must be short, and that of t.TempDir is not always
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = agent.ServeAgent(keys, conn)
				conn.Close()
			}()
		}
	}()
	return socket
}

func TestAuthFromEnv(t *testing.T) {
	env := map[string]string{"GWSYNC_GIT_TOKEN": "t", "GWSYNC_SSH_KEY_PASSPHRASE": "p", "SSH_AUTH_SOCK": "/s", "HOME": "/home/me"}
	got := AuthFromEnv(func(name string) string { return env[name] })
	want := Auth{
		Token: "t", SSHKeyPassphrase: "p", SSHAgent: "/s",
		KnownHosts: []string{filepath.Join("/home/me", ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
