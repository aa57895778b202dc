package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Problem is one thing that Kong does not accept.
type Problem struct {
	// Field is the path of the field, such as "config.add.headers[0]"; "" is the entity as a whole.
	Field string
	// Message is Kong's own, without secrets.
	Message string
}

// String returns "field: message".
func (p Problem) String() string {
	if p.Field == "" {
		return p.Message
	}
	return p.Field + ": " + p.Message
}

// Error is an answer that says no, from Kong or from what stands before it.
type Error struct {
	// Method and Path are the request's.
	Method, Path string
	// Status is the answer's HTTP status.
	Status int
	// Name is what Kong calls the kind of error: "schema violation"; "" if the answer does not say.
	Name string
	// Message is what Kong says where there are no Problems.
	Message string
	// Problems are what is wrong, field by field.
	Problems []Problem

	konnect   bool
	secure    bool // it came by TLS
	location  string
	json      bool
	unchanged bool // Kong holds what it did before
	flattened []flattenedError
}

// Error returns the request, the status and the reason.
func (e *Error) Error() string {
	text := e.Method + " " + e.Path + ": " + strconv.Itoa(e.Status)
	if e.Name != "" {
		text += " " + e.Name
	} else if s := http.StatusText(e.Status); s != "" {
		text += " " + s
	}
	if reason := e.Reason(); reason != "" {
		text += ": " + reason
	}
	return text
}

// Reason returns what Kong has to say, without the request: "host: required field missing".
func (e *Error) Reason() string {
	if len(e.Problems) == 0 {
		return e.Message
	}
	all := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		all[i] = p.String()
	}
	return strings.Join(all, "; ")
}

// unbuffered is what Kong says of a request that is larger than nginx's buffer, for all of ours are JSON.
//
// Source: Kong 3.9.3, kong/api/api_helpers.lua, parse_params.
const unbuffered = "Cannot parse JSON body"

// Refused reports whether it is certain that the request changed nothing.
func (e *Error) Refused() bool { return e.Status/100 == 4 || e.unchanged }

// Hint returns what to do about the error, or "".
func (e *Error) Hint() string {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return e.credentials()
	case http.StatusProxyAuthRequired:
		return hintProxyCredentials
	case http.StatusRequestEntityTooLarge:
		return "raise nginx_admin_client_max_body_size and nginx_admin_client_body_buffer_size (both 10m by default), or lmdb_map_size, " +
			"in Kong's own configuration"
	case http.StatusTooManyRequests:
		return "Kong asks for fewer requests: lower --parallelism, or try again later"
	}
	switch {
	case e.Message == unbuffered:
		return "raise nginx_admin_client_body_buffer_size (10m by default) in Kong's own configuration: " +
			"Kong does not read what nginx keeps in a file"
	case e.location != "":
		return "it redirects to " + e.location + ": give --kong-addr the address it ends at; redirects are not followed, for they " +
			"would take credentials along"
	case !e.json && e.Status == http.StatusBadRequest && e.secure: // so nginx answers whom it does not know by ssl_verify_client
		return clientCertificateHint
	case !e.json && e.Status == http.StatusBadRequest:
		return "if the server speaks TLS, give --kong-addr as https://..."
	case !e.json && e.Status >= 500:
		return "the answer is not Kong's: what stands before it, such as a load balancer, does not reach it"
	case !e.json:
		return hintAddress
	}
	return ""
}

// credentials returns what to do about credentials that are missing, wrong, or allow too little.
func (e *Error) credentials() string {
	switch {
	case e.konnect:
		return "give a token of Konnect that may do this: --konnect-token-file, or GWSYNC_KONNECT_TOKEN"
	case e.Status == http.StatusForbidden:
		return "the credentials allow too little: let their role do this in this workspace, or give others with --kong-admin-token-file"
	}
	return "give the credentials that the Admin API asks for: --kong-admin-token-file, GWSYNC_KONG_ADMIN_TOKEN, or --headers"
}

const hintProxyCredentials = "the proxy asks for credentials: write HTTP_PROXY or HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT, or " +
	"reach Kong without it by NO_PROXY"

const hintAddress = "is --kong-addr the address of Kong's Admin API (port 8001 or 8444 by default), and does nothing else answer " +
	"in between?"

// UnreachableError is no answer at all.
type UnreachableError struct {
	// Address is the Admin API's, without credentials.
	Address string
	// Err is the last attempt's.
	Err error
}

// Error names the address and the cause.
func (e *UnreachableError) Error() string {
	if isTimeout(e.Err) {
		return "Kong's Admin API at " + e.Address + " does not answer in time"
	}
	return "cannot reach Kong's Admin API at " + e.Address + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Hint returns what to do about the error, or "".
func (e *UnreachableError) Hint() string {
	var unnamed *net.DNSError
	var proxy proxyError
	switch {
	case errors.Is(e.Err, http.ErrSchemeMismatch):
		return "the server speaks plain HTTP: give --kong-addr as http://..."
	case errors.As(e.Err, &proxy) && proxy.code == http.StatusProxyAuthRequired:
		return hintProxyCredentials
	case isProxy(e.Err):
		return "is " + e.proxyVariable() + " the proxy to use here? Hosts in NO_PROXY are reached without"
	case isTLS(e.Err):
		return trustHint(e.Err)
	case errors.As(e.Err, &unnamed) && unnamed.IsNotFound:
		return "is the name in --kong-addr spelled as it should be, and known to this machine's DNS?"
	case isDial(e.Err):
		return "is Kong running, and is --kong-addr the address of its Admin API?"
	case isTimeout(e.Err):
		return "is Kong overloaded? --timeout allows more time for a request"
	case isHangup(e.Err):
		return "the connection was ended from the other side: look into the error log of Kong, or of what stands before it"
	}
	return ""
}

// proxyVariable returns the environment variable that names the proxy for the address.
func (e *UnreachableError) proxyVariable() string {
	if strings.HasPrefix(e.Address, "http:") {
		return "HTTP_PROXY"
	}
	return "HTTPS_PROXY"
}

// isHangup reports whether a connection was ended before there was a whole answer.
func isHangup(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// withoutURL returns err without the URL that net/http puts before it: the path is named elsewhere.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// NotKongError is an answer that does not come from Kong's Admin API.
type NotKongError struct {
	// Address is where it came from, without credentials.
	Address string
	// Reason is how one can tell.
	Reason string

	login bool
	// konnect says that it was meant to be Konnect.
	konnect bool
}

// Error names the address and the reason.
func (e *NotKongError) Error() string {
	if e.konnect {
		return fmt.Sprintf("%s is not Konnect: %s", e.Address, e.Reason)
	}
	return fmt.Sprintf("%s is not Kong's Admin API: %s", e.Address, e.Reason)
}

// Hint returns what to do about the error.
func (e *NotKongError) Hint() string {
	if e.konnect {
		return "want the address of Konnect in a region, such as --konnect-addr " + DefaultKonnectURL
	}
	if e.login {
		return "is a proxy with a login page in between? " + hintAddress
	}
	return hintAddress
}

// VersionError is a Kong that is too old for gwsync.
type VersionError struct {
	// Version is what the Kong says of itself.
	Version string
}

// Error names both versions.
func (e *VersionError) Error() string {
	return "this is Kong " + e.Version + ", and gwsync needs 3.0 or later"
}

// Hint returns what to do about the error.
func (e *VersionError) Hint() string {
	return "Kong 2 writes regular expressions in paths in another way; upgrade Kong first"
}
