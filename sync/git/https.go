package git

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// https is a repository behind git's smart HTTP protocol.
type https struct {
	client   transport.Transport
	endpoint transport.Endpoint
	auth     transport.AuthMethod
}

func newHTTPS(at address, auth Auth) (*https, error) {
	roots, err := certificates(auth.CAFile)
	if err != nil {
		return nil, err
	}
	user, err := auth.user(at)
	if err != nil {
		return nil, err
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	s := &https{
		client:   githttp.NewClient(&http.Client{Transport: bounded{base}}),
		endpoint: transport.Endpoint{Protocol: "https", Host: bracketed(at.host), Port: at.port, Path: at.path},
	}
	if user != nil {
		password, _ := user.Password()
		s.auth = &githttp.BasicAuth{Username: user.Username(), Password: password}
	}
	return s, nil
}

// session begins a conversation. It has its own endpoint, which go-git changes when the server redirects; the user and
// password are then not sent on to another host.
func (s *https) session() (session, error) {
	endpoint := s.endpoint
	return s.client.NewUploadPackSession(&endpoint, s.auth)
}

// certificates returns the system's certificate authorities and those in a file.
func certificates(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil // the system's
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return roots, nil
}

// bounded is a transport whose responses end with an error after [maxClone] bytes.
type bounded struct{ base *http.Transport }

// RoundTrip sends a request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{&limited{response.Body, maxClone}, response.Body}
	return response, nil
}

// limited is a reader of at most so many bytes; more is an error.
type limited struct {
	r    io.Reader
	left int64
}

// Read reads.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errCloneTooLarge
	}
	return n, err
}
