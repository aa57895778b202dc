package admin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
)

// Defaults of [Config].
const (
	DefaultURL         = "http://localhost:8001"
	DefaultTimeout     = 10 * time.Second
	DefaultRetries     = 5
	DefaultParallelism = 10
)

// Config says how to reach a Kong's Admin API. The zero Config is the one at [DefaultURL].
type Config struct {
	// URL is the Admin API's address; "" means [DefaultURL]. A path in it is kept, as behind a proxy. A user and password in
	// it are sent as basic authentication and never shown. unix:///PATH is a socket. With ControlPlane it is Konnect's address.
	URL string
	// ControlPlane is the name of a control plane of Kong Konnect; "" means a Kong of one's own. See the package comment.
	ControlPlane string
	// Flavor is the router flavor of a Kong that does not say it, as Konnect does not; "" means traditional_compatible.
	Flavor kong.Flavor
	// Headers are sent with every request: Kong-Admin-Token, Authorization.
	Headers http.Header
	// Workspace is the workspace of a Kong Enterprise to work in; "" means the default one.
	Workspace string
	// TLS is for an address that begins with https.
	TLS TLS
	// Timeout is for one attempt of one request, the answer's body included; 0 means [DefaultTimeout]. The load of a whole
	// configuration gets a minute at least, and GET / the time of all attempts at once.
	Timeout time.Duration
	// Retries is how often a request is tried again; 0 means [DefaultRetries], less than 0 never.
	Retries int
	// Parallelism is how many requests are made at a time, at most; 0 means [DefaultParallelism].
	Parallelism int
	// QPS is how many requests are made a second, at most; 0 means as many as Kong bears.
	QPS float64
	// Targets says of which upstreams [Client.Read] lists the targets; nil means of all.
	Targets func(upstream kong.Entity) bool
	// Transport replaces the network, as for a Kong in the same process; nil means TCP and TLS. TLS is not used then.
	Transport http.RoundTripper
}

// TLS says whom to trust and who we are. All three PEM texts may be empty.
type TLS struct {
	// CA holds certificates to trust besides the system's.
	CA []byte
	// Cert and Key are the client's certificate, with its chain, and its private key.
	Cert, Key []byte
	// ServerName replaces the address's host in the check of the server's certificate; "" means no change.
	ServerName string
	// SkipVerify trusts any server. Then anybody on the way can read and change what is sent, secrets included.
	SkipVerify bool
}

// New returns a client. It makes no request; its errors are about c alone and never show what is in it.
func New(c Config) (*Client, error) {
	base, header, err := c.address()
	if err != nil {
		return nil, err
	}
	timeout, retries := c.Timeout, c.Retries
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	if retries == 0 {
		retries = DefaultRetries
	}
	transport := c.Transport
	if transport == nil {
		if transport, err = c.transport(timeout); err != nil {
			return nil, err
		}
	}
	client := &Client{base: base, header: header, workspace: c.Workspace, targets: c.Targets, parallelism: c.Parallelism,
		shown: shown(base), plane: c.ControlPlane, flavor: c.Flavor}
	if client.targets == nil {
		client.targets = func(kong.Entity) bool { return true }
	}
	if client.parallelism <= 0 {
		client.parallelism = DefaultParallelism
	}
	client.retries = max(retries, 0)
	client.limiter = newLimiter(client.parallelism, c.QPS)
	client.quick = client.retrying(transport, client.limiter, timeout)
	client.patient = client.retrying(transport, client.limiter, max(timeout, time.Minute))
	client.undivided = client.retrying(transport, client.limiter, time.Duration(client.retries+1)*timeout)
	client.ahead = client.retrying(transport, newLimiter(1, 0), timeout)
	return client, nil
}

// address returns the URL that all requests start with, without credentials, and the headers of all requests.
func (c Config) address() (*url.URL, http.Header, error) {
	text := c.URL
	if text == "" {
		text = DefaultURL
	}
	u, err := url.Parse(text)
	switch {
	case err == nil && u.Scheme == socket && u.Host == "" && path.IsAbs(u.Path):
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, nil, c.noURL(text)
	}
	header := http.Header{}
	for name, values := range c.Headers {
		if slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, "\r\n\x00") }) {
			return nil, nil, errors.New("the value of the header " + name + " has a line break in it")
		}
		header[http.CanonicalHeaderKey(name)] = values
	}
	header.Set("Accept", "application/json")
	header.Set("User-Agent", "gwsync")
	if u.User != nil && header.Get("Authorization") == "" {
		password, _ := u.User.Password()
		r := http.Request{Header: header}
		r.SetBasicAuth(u.User.Username(), password)
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	if u.Scheme == socket {
		return u, header, nil
	}
	return u.JoinPath("/"), header, nil
}

// noURL is the error for an address that is none. It may hold a password, so it is quoted only where it cannot.
func (c Config) noURL(text string) error {
	flag, example := "--kong-addr", DefaultURL+" or unix:///run/kong.sock"
	if c.ControlPlane != "" {
		flag, example = "--konnect-addr", DefaultKonnectURL
	}
	err := errors.New(flag + " must be a URL such as " + example)
	if u, wrong := url.Parse("http://" + text); wrong == nil && u.Host != "" && u.User == nil && !strings.Contains(text, "//") {
		return sync.WithHint(err, "is http://"+text+" or https://"+text+" meant?")
	}
	return err
}

// socket is the scheme of an address that is a Unix domain socket.
const socket = "unix"

// shown returns an address as people write it.
func shown(u *url.URL) string { return strings.TrimSuffix(u.String(), "/") }

// transport returns what reaches the address. That a connection comes about has to take less than the timeout.
func (c Config) transport(timeout time.Duration) (http.RoundTripper, error) {
	t, err := c.TLS.transport()
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: timeout}
	t.DialContext, t.TLSHandshakeTimeout = dialer.DialContext, timeout
	if u, err := url.Parse(c.URL); err == nil && u.Scheme == socket {
		t.Proxy = nil
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, socket, u.Path)
		}
	}
	return t, nil
}

// idle is how many connections stay open between requests: a connection for each of many parallel writes, so that none
// opens its own.
const idle = 256

func (t TLS) transport() (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	config.InsecureSkipVerify = t.SkipVerify //nolint:gosec // the user asked for it by name
	if len(t.CA) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(t.CA) {
			return nil, errors.New("there is no certificate in PEM format among the authorities to trust")
		}
		config.RootCAs = pool
	}
	if len(t.Cert) > 0 || len(t.Key) > 0 {
		pair, err := tls.X509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the program's default HTTP transport was replaced")
	}
	transport := base.Clone()
	transport.TLSClientConfig, transport.OnProxyConnectResponse = config, proxied
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = idle, idle
	return transport, nil
}
