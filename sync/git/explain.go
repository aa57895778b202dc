package git

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/sync"
)

// failure is an error of one repository. Parts of its text may be the server's, so what would disturb a terminal is taken out of it.
type failure struct {
	at  address
	err error
}

// Error says which repository, and what is wrong.
func (f failure) Error() string { return f.at.String() + ": " + diag.Line(f.err.Error()) }

// Unwrap returns what is wrong.
func (f failure) Unwrap() error { return f.err }

// explain says in the user's words what failed, and what to do about it.
func (s *source) explain(err error) error {
	var (
		status    *githttp.Err
		authority x509.UnknownAuthorityError
	)
	switch {
	case errors.Is(err, transport.ErrRepositoryNotFound) || saysNotFound(err):
		err = sync.WithHint(fmt.Errorf("%w", transport.ErrRepositoryNotFound), "check the URL; "+s.permission())
	case errors.Is(err, transport.ErrAuthenticationRequired):
		err = sync.WithHint(fmt.Errorf("%w", transport.ErrAuthenticationRequired), s.permission())
	case errors.Is(err, transport.ErrAuthorizationFailed):
		err = sync.WithHint(fmt.Errorf("%w", transport.ErrAuthorizationFailed), s.permission())
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		err = fmt.Errorf("the repository is empty: %w", err)
	case errors.As(err, &status):
		err = fmt.Errorf("the server answered with HTTP status %d", status.StatusCode())
	case errors.As(err, &authority):
		err = sync.WithHint(err, "name the certificate authority of your server by --git-ca-file")
	}
	return failure{s.at, err}
}

// permission says what may be missing to be let in. Servers hide what one may not read by saying that it does not exist.
func (s *source) permission() string {
	switch {
	case s.at.scheme == "ssh":
		return "the ssh key must be allowed to read it"
	case s.auth.Token != "" || s.auth.TokenFile != "" || s.at.user != "":
		return "the token must be valid, and allowed to read it"
	}
	return "if it is private, give a token by GWSYNC_GIT_TOKEN or --git-token-file"
}

// saysNotFound reports whether a server said, over ssh, that there is no such repository: each has words of its own.
func saysNotFound(err error) bool {
	text := strings.ToLower(err.Error())
	if !strings.Contains(text, "the server says: ") {
		return false
	}
	for _, words := range []string{
		"not found", "does not exist", "no such repository", "not appear to be a git repository", "could not be found",
	} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
