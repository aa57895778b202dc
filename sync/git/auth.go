package git

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/gwsync/gwsync/sync"
)

// Auth is how to prove to a server who we are, and how it proves who it is. Which part is used depends on the URL.
// Nothing of it ever shows in an error.
type Auth struct {
	// Token for https: a personal access token, a deploy token, or what else the server takes as a password.
	// Its user is the one in the URL, if there is one.
	Token string
	// TokenFile holds the token instead; it is read on every Fetch, since tokens are replaced.
	TokenFile string
	// CAFile holds certificates, in PEM, that may sign the server's besides the system's own.
	CAFile string

	// SSHKeyFile is a private key. Without one the agent is asked.
	SSHKeyFile string
	// SSHKeyPassphrase opens the key file.
	SSHKeyPassphrase string
	// SSHAgent is the agent's socket.
	SSHAgent string
	// KnownHosts are files in the format of sshd(8); those that do not exist are skipped.
	KnownHosts []string
}

// AuthFromEnv returns what the environment has: GWSYNC_GIT_TOKEN, GWSYNC_SSH_KEY_PASSPHRASE, SSH_AUTH_SOCK, and the known_hosts files that
// ssh reads, the user's by HOME.
func AuthFromEnv(getenv func(string) string) Auth {
	a := Auth{
		Token:            getenv("GWSYNC_GIT_TOKEN"),
		SSHKeyPassphrase: getenv(passphraseEnv),
		SSHAgent:         getenv("SSH_AUTH_SOCK"),
	}
	home := getenv("HOME")
	if home == "" {
		home = getenv("USERPROFILE")
	}
	if home != "" {
		a.KnownHosts = []string{filepath.Join(home, ".ssh", "known_hosts")}
	}
	a.KnownHosts = append(a.KnownHosts, "/etc/ssh/ssh_known_hosts")
	return a
}

const passphraseEnv = "GWSYNC_SSH_KEY_PASSPHRASE"

// defaultTokenUser is what GitHub wants to go with an app's token; where a token suffices, any name does.
const defaultTokenUser = "x-access-token"

// user returns what to send to an https server; nil for nothing.
func (a Auth) user(at address) (*url.Userinfo, error) {
	token := a.Token
	if a.TokenFile != "" {
		data, err := os.ReadFile(a.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("read the git token: %w", err)
		}
		if token = strings.TrimSpace(string(data)); token == "" {
			return nil, fmt.Errorf("read the git token: %s is empty", a.TokenFile)
		}
	}
	switch {
	case token != "" && at.user != "":
		return url.UserPassword(at.user, token), nil
	case token != "":
		return url.UserPassword(defaultTokenUser, token), nil
	case at.user != "" || at.password != "":
		return url.UserPassword(at.user, at.password), nil
	}
	return nil, nil
}

// knownHosts returns the files that exist.
func (a Auth) knownHosts(at address) ([]string, error) {
	var files []string
	for _, name := range a.KnownHosts {
		if _, err := os.Stat(name); err == nil {
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		return nil, sync.WithHint(errors.New("no known_hosts file to check the server's key against"), keyscan(at))
	}
	return files, nil
}

// keyscan says how to come to know a server.
func keyscan(at address) string {
	port := ""
	if at.port != 0 {
		port = fmt.Sprintf("-p %d ", at.port)
	}
	return fmt.Sprintf("ssh-keyscan %s%s >> ~/.ssh/known_hosts, after comparing the key with what the server's owner publishes", port, at.host)
}
