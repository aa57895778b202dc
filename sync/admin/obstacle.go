package admin

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Obstacle is what is in the way of reaching a Kong.
type Obstacle string

// The obstacles.
const (
	// BadAddress: there is nothing at the address, or it is no Admin API.
	BadAddress Obstacle = "address"
	// BadTLS: the two sides do not trust each other, or one speaks plain HTTP.
	BadTLS Obstacle = "TLS"
	// BadCredentials: Kong does not take the token or header, or it allows too little.
	BadCredentials Obstacle = "credentials"
	// BadWorkspace: there is no such workspace, or control plane.
	BadWorkspace Obstacle = "workspace"
	// BadProxy: the proxy between does not let us through.
	BadProxy Obstacle = "proxy"
	// TooSlow: there is no answer in time.
	TooSlow Obstacle = "timeout"
)

// ObstacleOf returns which obstacle an error of [Client.Info] stands for; "" if it is none of them, such as an error of Kong itself.
func ObstacleOf(err error) Obstacle {
	var (
		refused     *Error
		unreachable *UnreachableError
		notKong     *NotKongError
		workspace   *WorkspaceError
		plane       *PlaneError
	)
	switch {
	case errors.As(err, &workspace), errors.As(err, &plane):
		return BadWorkspace
	case errors.As(err, &notKong):
		return BadAddress
	case errors.As(err, &unreachable):
		return unreachable.obstacle()
	case errors.As(err, &refused):
		return refused.obstacle()
	}
	return ""
}

func (e *UnreachableError) obstacle() Obstacle {
	switch {
	case isProxy(e.Err):
		return BadProxy
	case isTLS(e.Err), errors.Is(e.Err, http.ErrSchemeMismatch):
		return BadTLS
	case isTimeout(e.Err):
		return TooSlow
	}
	return BadAddress
}

func (e *Error) obstacle() Obstacle {
	switch {
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		return BadCredentials
	case e.Status == http.StatusProxyAuthRequired:
		return BadProxy
	case !e.json && e.Status == http.StatusBadRequest:
		return BadTLS
	case !e.json && e.Status >= 500:
		return BadProxy
	case !e.json:
		return BadAddress
	}
	return ""
}

// isProxy reports whether a proxy of the environment (HTTP_PROXY, HTTPS_PROXY) did not make the connection.
func isProxy(err error) bool {
	var op *net.OpError
	var refused proxyError
	return errors.As(err, &op) && op.Op == "proxyconnect" || errors.As(err, &refused)
}

// proxyError is a proxy's answer that it does not make the connection.
type proxyError struct {
	address, status string
	code            int
}

// Error names the proxy, without credentials.
func (e proxyError) Error() string { return "the proxy " + e.address + " answers " + e.status }

// proxied turns a proxy's answer to CONNECT into an error.
func proxied(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return proxyError{proxy.Host, resp.Status, resp.StatusCode}
}

// clientCertificateHint is for a server that wants to know who we are.
const clientCertificateHint = "the server asks for a client certificate that it trusts: --tls-client-cert-file and --tls-client-key-file"

// trustHint returns what to do about a connection whose sides do not trust each other.
func trustHint(err error) string {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &unknown):
		return "trust who has signed the server's certificate: --ca-cert-file"
	case errors.As(err, &name):
		return "name the server as its certificate does: in --kong-addr, or with --tls-server-name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate is not valid now: renew it, or look at this machine's clock"
	case isRemote(err) && strings.Contains(err.Error(), "certificate"): // the alert itself has no type
		return clientCertificateHint
	}
	return "does the server speak TLS at this port, in a version from 1.2?"
}

// isRemote reports whether the server ended the handshake, and said so.
func isRemote(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// WorkspaceError is a workspace that the Kong does not have.
type WorkspaceError struct {
	Name string
	// Err is Kong's answer.
	Err error
}

// Error names the workspace, and what Kong answers.
func (e *WorkspaceError) Error() string {
	return "there is no workspace " + e.Name + ": " + e.Err.Error()
}

// Unwrap returns Kong's answer.
func (e *WorkspaceError) Unwrap() error { return e.Err }

// Hint returns what to do about the error.
func (e *WorkspaceError) Hint() string {
	return "is there a workspace " + e.Name + "? Only Kong Enterprise has workspaces"
}
