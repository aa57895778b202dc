package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
	"github.com/gwsync/gwsync/sync/sandbox"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// kongFlags say which Kong to talk to, and how. They have decK's names.
type kongFlags struct {
	credentialFlags

	address     string
	workspace   string
	caFile      string
	certFile    string
	keyFile     string
	serverName  string
	skipVerify  bool
	timeout     time.Duration
	parallelism int
	qps         float64
	sandbox     bool
}

func (f *kongFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.address, "kong-addr", admin.DefaultURL, "`URL` of Kong's Admin API, or unix:///PATH of its socket")
	f.credentialFlags.add(flags)
	flags.StringVarP(&f.workspace, "workspace", "w", "", "`NAME` of a workspace of Kong Enterprise")
	flags.StringVar(&f.caFile, "ca-cert-file", "", "PEM `FILE` of authorities to trust besides the system's")
	flags.StringVar(&f.certFile, "tls-client-cert-file", "", "PEM `FILE` of the client certificate")
	flags.StringVar(&f.keyFile, "tls-client-key-file", "", "PEM `FILE` of its key")
	flags.StringVar(&f.serverName, "tls-server-name", "", "`NAME` to expect in Kong's certificate")
	flags.BoolVar(&f.skipVerify, "tls-skip-verify", false, "do not verify Kong's certificate")
	flags.DurationVar(&f.timeout, "timeout", admin.DefaultTimeout, "`DURATION` to wait for one answer, and six times as long for the first")
	flags.IntVar(&f.parallelism, "parallelism", admin.DefaultParallelism,
		"make at most `N` requests at a time; fewer while Kong asks for fewer")
	flags.Float64Var(&f.qps, "qps", 0, "make at most `N` requests a second; 0 for no limit")
	flags.Duration("deadline", 0, "give up after this `DURATION`: what is being written is finished, nothing else is begun (default: never)")
	flags.BoolVar(&f.sandbox, "sandbox", false, "use an embedded, empty Kong for this run instead")
}

// reader returns the Admin API's client. It reads the targets of those upstreams that it is told to.
func (f *kongFlags) reader(router string, targets func(upstream kong.Entity) bool) (*admin.Client, error) {
	if f.parallelism < 1 {
		return nil, fmt.Errorf("--parallelism is %d: want at least 1", f.parallelism)
	}
	if f.qps < 0 {
		return nil, fmt.Errorf("--qps is %v: want 0 for no limit, or more", f.qps)
	}
	if f.timeout <= 0 {
		return nil, fmt.Errorf("--timeout is %s: want more than 0", f.timeout)
	}
	if err := f.stray(); err != nil && !f.sandbox {
		return nil, err
	}
	headers, err := f.header()
	if err != nil {
		return nil, err
	}
	tls, err := f.tls()
	if err != nil {
		return nil, err
	}
	address := f.address
	if f.plane != "" {
		address = f.konnectAddress
	}
	return admin.New(admin.Config{
		URL:          address,
		ControlPlane: f.plane,
		Flavor:       kong.Flavor(router),
		Headers:      headers,
		Workspace:    f.workspace,
		TLS:          tls,
		Timeout:      f.timeout,
		Parallelism:  f.parallelism,
		QPS:          f.qps,
		Targets:      targets,
	})
}

// tls reads the files of the TLS flags.
func (f *kongFlags) tls() (admin.TLS, error) {
	t := admin.TLS{ServerName: f.serverName, SkipVerify: f.skipVerify}
	for _, file := range []struct {
		name string
		to   *[]byte
	}{{f.caFile, &t.CA}, {f.certFile, &t.Cert}, {f.keyFile, &t.Key}} {
		if file.name == "" {
			continue
		}
		text, err := os.ReadFile(file.name)
		if err != nil {
			return admin.TLS{}, err
		}
		*file.to = text
	}
	if len(t.CA) > 0 && !x509.NewCertPool().AppendCertsFromPEM(t.CA) {
		return admin.TLS{}, fmt.Errorf("--ca-cert-file %s: there is no certificate in PEM format in it", f.caFile)
	}
	if (f.certFile == "") != (f.keyFile == "") {
		return admin.TLS{}, sync.WithHint(errors.New("a client certificate takes both --tls-client-cert-file and --tls-client-key-file"),
			"if one file has both, name it twice")
	}
	return t, nil
}

// with calls do with a client of the Kong that the flags name, which reads the targets of those upstreams that it is told to. An embedded
// one lives until do returns.
func (f *kongFlags) with(
	ctx context.Context, router string, targets func(upstream kong.Entity) bool, do func(*admin.Client) error,
) error {
	if !f.sandbox {
		c, err := f.reader(router, targets)
		if err != nil {
			return err
		}
		return do(c)
	}
	flavor := kong.Flavor(router)
	if flavor == "" {
		flavor = kong.TraditionalCompatible
	}
	return withSandbox(ctx, sandbox.Config{Flavor: flavor}, func(adminURL, _ string) error {
		f.address, f.plane = adminURL, ""
		c, err := f.reader(router, targets)
		if err != nil {
			return err
		}
		return do(c)
	})
}

// name returns what the Kong is called in reports, approvals and journals: its address, with the control plane or the workspace, for what
// is about one of them is not about another.
func (f *kongFlags) name() string {
	switch {
	case f.plane != "":
		return f.konnectAddress + "/" + url.PathEscape(f.plane)
	case f.workspace != "" && !f.sandbox:
		return strings.TrimSuffix(f.address, "/") + "/" + url.PathEscape(f.workspace)
	}
	return f.address
}

// withSandbox serves an embedded Kong on free ports while do runs.
func withSandbox(ctx context.Context, c sandbox.Config, do func(admin, proxy string) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready := make(chan addresses, 1)
	served := make(chan error, 1)
	go func() {
		const free = "127.0.0.1:0"
		at := addresses{admin: free, proxy: free, secure: free,
			streams: []streamListen{{address: free}, {address: free, ssl: true}, {address: free, udp: true}}}
		served <- newBox(c, proxy.Options{}).serve(ctx, at, func(at addresses) { ready <- at })
	}()
	select {
	case err := <-served:
		return fmt.Errorf("sandbox: %w", err)
	case a := <-ready:
		err := do(a.admin, a.proxy)
		stop()
		return errors.Join(err, <-served)
	}
}
