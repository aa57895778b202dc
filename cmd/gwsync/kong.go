package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/admin"
	"github.com/gwsync/gwsync/sync/sandbox"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// kongFlags say which Kong to talk to, and how. They have decK's names.
type kongFlags struct {
	address     string
	headers     []string
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
	flags.StringVar(&f.address, "kong-addr", admin.DefaultURL, "`URL` of Kong's Admin API")
	flags.StringArrayVar(&f.headers, "headers", nil, "`NAME:VALUE` of a header to send with every request; may be repeated")
	flags.StringVarP(&f.workspace, "workspace", "w", "", "workspace of a Kong Enterprise")
	flags.StringVar(&f.caFile, "ca-cert-file", "", "PEM `FILE` of authorities to trust besides the system's")
	flags.StringVar(&f.certFile, "tls-client-cert-file", "", "PEM `FILE` of the client certificate")
	flags.StringVar(&f.keyFile, "tls-client-key-file", "", "PEM `FILE` of its key")
	flags.StringVar(&f.serverName, "tls-server-name", "", "name to expect in Kong's certificate")
	flags.BoolVar(&f.skipVerify, "tls-skip-verify", false, "do not verify Kong's certificate")
	flags.DurationVar(&f.timeout, "timeout", admin.DefaultTimeout, "how long to wait for one answer")
	flags.IntVar(&f.parallelism, "parallelism", admin.DefaultParallelism, "how many requests to make at a time, at most; fewer while Kong asks for fewer")
	flags.Float64Var(&f.qps, "qps", 0, "how many requests to make a second, at most; 0 for no limit")
	flags.BoolVar(&f.sandbox, "sandbox", false, "use an embedded, empty Kong for this run instead")
}

// reader returns the Admin API's client. It reads the targets of those upstreams that it is told to.
func (f *kongFlags) reader(targets func(upstream kong.Entity) bool) (*admin.Client, error) {
	if f.parallelism < 1 {
		return nil, fmt.Errorf("--parallelism is %d: want at least 1", f.parallelism)
	}
	if f.qps < 0 {
		return nil, fmt.Errorf("--qps is %v: want 0 for no limit, or more", f.qps)
	}
	if f.timeout <= 0 {
		return nil, fmt.Errorf("--timeout is %s: want more than 0", f.timeout)
	}
	headers := http.Header{}
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, errors.New("--headers: want NAME:VALUE")
		}
		headers.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	tls, err := f.tls()
	if err != nil {
		return nil, err
	}
	return admin.New(admin.Config{
		URL:         f.address,
		Headers:     headers,
		Workspace:   f.workspace,
		TLS:         tls,
		Timeout:     f.timeout,
		Parallelism: f.parallelism,
		QPS:         f.qps,
		Targets:     targets,
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
	return t, nil
}

// with calls do with a client of the Kong that the flags name, which reads the targets of those upstreams that it is told to. An embedded
// one lives until do returns.
func (f *kongFlags) with(
	ctx context.Context, router string, targets func(upstream kong.Entity) bool, do func(*admin.Client) error,
) error {
	if !f.sandbox {
		c, err := f.reader(targets)
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
		f.address = adminURL
		c, err := f.reader(targets)
		if err != nil {
			return err
		}
		return do(c)
	})
}

// withSandbox serves an embedded Kong on free ports while do runs.
func withSandbox(ctx context.Context, c sandbox.Config, do func(admin, proxy string) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready := make(chan addresses, 1)
	served := make(chan error, 1)
	go func() {
		const free = "127.0.0.1:0"
		at := addresses{admin: free, proxy: free, secure: free, streams: []streamListen{{address: free}, {address: free, ssl: true}, {address: free, udp: true}}}
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
