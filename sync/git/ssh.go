package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	gwsync "github.com/gwsync/gwsync/sync"
)

// secureShell is a repository behind ssh. go-git has a transport for that too, but one that cannot be cancelled.
type secureShell struct {
	at    address
	auth  Auth
	addr  string // host:port
	hosts *knownhosts.HostKeyDB
}

const sshPort = 22

func newSSH(at address, auth Auth) (*secureShell, error) {
	files, err := auth.knownHosts(at)
	if err != nil {
		return nil, err
	}
	hosts, err := knownhosts.NewDB(files...)
	if err != nil {
		return nil, err
	}
	port := at.port
	if port == 0 {
		port = sshPort
	}
	return &secureShell{at, auth, net.JoinHostPort(at.host, strconv.Itoa(port)), hosts}, nil
}

// dial connects, checks the server's key, and starts git-upload-pack. When ctx ends, so does the connection.
func (s *secureShell) dial(ctx context.Context) (session, error) {
	method, done, err := s.method(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	session, err := s.handshake(conn, method)
	if err != nil {
		stop()
		return nil, errors.Join(err, ignoreClosed(conn.Close()))
	}
	session.stop = stop
	return session, nil
}

func (s *secureShell) handshake(conn net.Conn, method ssh.AuthMethod) (*sshSession, error) {
	c, channels, requests, err := ssh.NewClientConn(conn, s.addr, &ssh.ClientConfig{
		User:            s.at.user,
		Auth:            []ssh.AuthMethod{method},
		HostKeyCallback: s.checkHost,
		// Only keys of the kinds that are known: the server may have others too, and would offer the one that it likes best.
		HostKeyAlgorithms: s.hosts.HostKeyAlgorithms(s.addr),
	})
	if err != nil {
		return nil, s.explain(err)
	}
	client := ssh.NewClient(c, channels, requests)
	started, err := start(client, "git-upload-pack "+quote(s.at.path))
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return started, nil
}

// method returns how to log in, and what to call afterwards.
func (s *secureShell) method(ctx context.Context) (_ ssh.AuthMethod, done func(), _ error) {
	if s.auth.SSHKeyFile != "" {
		signer, err := s.auth.key()
		if err != nil {
			return nil, nil, err
		}
		return ssh.PublicKeys(signer), func() {}, nil
	}
	if s.auth.SSHAgent == "" {
		return nil, nil, gwsync.WithHint(errors.New("no ssh key"), "name one by --ssh-key-file, or start an ssh-agent")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", s.auth.SSHAgent)
	if err != nil {
		return nil, nil, fmt.Errorf("ssh-agent: %w", err)
	}
	return ssh.PublicKeysCallback(agent.NewClient(conn).Signers), func() { conn.Close() }, nil
}

// key reads the private key.
func (a Auth) key() (ssh.Signer, error) {
	pem, err := os.ReadFile(a.SSHKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read the ssh key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(pem)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if a.SSHKeyPassphrase == "" {
			return nil, gwsync.WithHint(fmt.Errorf("the ssh key %s needs a passphrase", a.SSHKeyFile), "set "+passphraseEnv)
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase(pem, []byte(a.SSHKeyPassphrase))
	}
	if err != nil {
		return nil, fmt.Errorf("the ssh key %s: %w", a.SSHKeyFile, err)
	}
	return signer, nil
}

// checkHost refuses a server whose key is not in known_hosts.
func (s *secureShell) checkHost(host string, remote net.Addr, key ssh.PublicKey) error {
	err := s.hosts.HostKeyCallback()(host, remote, key)
	var wrong *xknownhosts.KeyError
	if !errors.As(err, &wrong) {
		return err // known, or revoked
	}
	presented := key.Type() + " " + ssh.FingerprintSHA256(key)
	if len(wrong.Want) == 0 {
		return gwsync.WithHint(fmt.Errorf("the host key of %s (%s) is not known", s.at.host, presented), keyscan(s.at))
	}
	known := wrong.Want[0]
	return gwsync.WithHint(
		fmt.Errorf("the host key of %s (%s) is not the one in %s:%d", s.at.host, presented, known.Filename, known.Line),
		"somebody may be listening in; if the server's owner has changed the key, replace that line")
}

// explain adds a hint to the errors of a handshake that have no type.
func (s *secureShell) explain(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "unable to authenticate"):
		return gwsync.WithHint(fmt.Errorf("%s does not accept the ssh key for user %s", s.at.host, s.at.user),
			"add the public key to the account or as a deploy key, or name another by --ssh-key-file")
	case strings.Contains(text, "no common algorithm for host key"):
		return gwsync.WithHint(fmt.Errorf("%s has no host key of a kind that is known of it", s.at.host), keyscan(s.at))
	}
	return err
}

// quote makes one word of s for a shell, as git does.
func quote(s string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(s) + "'"
}

// sshSession is a running git-upload-pack.
type sshSession struct {
	client *ssh.Client
	remote *ssh.Session
	in     io.WriteCloser
	out    *bufio.Reader
	errors *firstBytes
	stop   func() bool
}

func start(client *ssh.Client, command string) (*sshSession, error) {
	remote, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	in, err := remote.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := remote.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s := &sshSession{client: client, remote: remote, in: in, out: bufio.NewReader(&limited{out, maxClone}), errors: &firstBytes{}}
	remote.Stderr = s.errors
	return s, remote.Start(command)
}

// AdvertisedReferencesContext reads what the server has.
func (s *sshSession) AdvertisedReferencesContext(context.Context) (*packp.AdvRefs, error) {
	advertised := packp.NewAdvRefs()
	err := advertised.Decode(s.out)
	if err == nil {
		if advertised.IsEmpty() {
			return nil, transport.ErrEmptyRemoteRepository
		}
		transport.FilterUnsupportedCapabilities(advertised.Capabilities)
		return advertised, nil
	}
	if errors.Is(err, packp.ErrEmptyAdvRefs) {
		return nil, transport.ErrEmptyRemoteRepository
	}
	// The reason is on standard error, of which all has come when the command has ended.
	_ = s.remote.Close()
	_ = s.remote.Wait()
	if said := s.errors.String(); said != "" {
		return nil, fmt.Errorf("the server says: %s", said)
	}
	return nil, err
}

// UploadPack asks for objects.
func (s *sshSession) UploadPack(_ context.Context, q *packp.UploadPackRequest) (*packp.UploadPackResponse, error) {
	if err := q.UploadRequest.Encode(s.in); err != nil {
		return nil, err
	}
	if err := pktline.NewEncoder(s.in).Encodef("done\n"); err != nil {
		return nil, err
	}
	// A server that has read "done" may answer and hang up before this, which is then an EOF; its answer is still to be read.
	if err := s.in.Close(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	response := packp.NewUploadPackResponse(q)
	return response, response.Decode(io.NopCloser(s.out))
}

// Close ends the connection.
func (s *sshSession) Close() error {
	s.stop()
	return ignoreClosed(s.client.Close())
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct {
	mu   sync.Mutex
	kept []byte
}

const maxMessage = 512

// Write keeps some of p, and claims to have written all of it.
func (f *firstBytes) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept = append(f.kept, p[:min(len(p), maxMessage-len(f.kept))]...)
	return len(p), nil
}

// String returns what was written, without white space around it.
func (f *firstBytes) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.TrimSpace(string(f.kept))
}
