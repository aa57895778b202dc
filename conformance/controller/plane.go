package controller

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// plane is the data plane of one Gateway: a Kong without a database, which listens on the Gateway's ports at an address of its own.
type plane struct {
	address netip.Addr
	kong    *sandbox.Kong
	proxy   *proxy.Proxy
	digest  kong.Digest

	ctx    context.Context
	cancel context.CancelFunc
	served sync.WaitGroup
	open   map[port]bool
}

// port is a port of a plane, and what is spoken there.
type port struct {
	number   int32
	protocol gatewayv1.ProtocolType
}

func newPlane(address netip.Addr, c Config) *plane {
	k := sandbox.New(sandbox.Config{Flavor: c.Flavor, DBLess: true})
	p := &plane{address: address, kong: k, open: map[port]bool{}}
	p.proxy = proxy.New(k.State, c.Flavor, proxy.Options{Dial: c.Cluster.Dial, NodeID: k.NodeID(), Log: c.Log, SandboxRequires: modules()})
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// close ends the plane, once its requests have ended.
func (p *plane) close() {
	p.cancel()
	p.served.Wait()
}

// load configures the Kong.
func (p *plane) load(s kong.State) error {
	if d := s.Digest(); d != p.digest {
		if err := p.kong.Load(s); err != nil {
			return fmt.Errorf("kong refuses its configuration: %w", err)
		}
		p.digest = d
	}
	return nil
}

// listen opens the ports of a Gateway. A port that no listener has any longer stays open: its requests find no route.
func (p *plane) listen(g *bind.Gateway) error {
	var errs []error
	for _, l := range g.AllListeners() {
		at := port{l.Spec.Port, l.Spec.Protocol}
		if p.open[at] || l.Rejected != "" {
			continue
		}
		p.open[at] = true
		errs = append(errs, p.serve(at))
	}
	return errors.Join(errs...)
}

// serve opens one port.
func (p *plane) serve(at port) error {
	address := net.JoinHostPort(p.address.String(), strconv.Itoa(int(at.number)))
	if at.protocol == gatewayv1.UDPProtocolType {
		c, err := (&net.ListenConfig{}).ListenPacket(p.ctx, "udp", address)
		if err != nil {
			return err
		}
		p.served.Go(func() { _ = p.proxy.ServeUDP(p.ctx, c) })
		return nil
	}
	serve, ok := map[gatewayv1.ProtocolType]func(context.Context, net.Listener) error{
		gatewayv1.HTTPProtocolType:  p.proxy.Serve,
		gatewayv1.HTTPSProtocolType: p.proxy.ServeTLS,
		gatewayv1.TLSProtocolType:   p.proxy.ServeTLSStream,
		gatewayv1.TCPProtocolType:   p.proxy.ServeTCP,
	}[at.protocol]
	if !ok {
		return fmt.Errorf("protocol %s: not supported", at.protocol)
	}
	l, err := (&net.ListenConfig{}).Listen(p.ctx, "tcp", address)
	if err != nil {
		return err
	}
	p.served.Go(func() { _ = serve(p.ctx, l) })
	return nil
}

// modules returns those that Lua may require: untrusted_lua_sandbox_requires.
func modules() []string {
	return []string{"resty.openssl.ssl", "resty.openssl.x509", "resty.openssl.x509.chain", "resty.openssl.x509.store"}
}
