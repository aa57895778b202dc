package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// addresses are where a box listens: HOST:PORT to listen on, and then URLs to ask.
type addresses struct {
	admin, proxy, secure string
	streams              []streamListen
	// fronts are where it listens for what comes to a port of the Gateways, as far as that is known beforehand.
	fronts map[front]string
}

// print says where a sandbox of a router flavor listens.
func (at addresses) print(w io.Writer, flavor kong.Flavor) {
	fmt.Fprintf(w, "Kong %s (%s) listens: Admin API on %s, proxy on %s and %s\n", sandbox.Version, flavor, at.admin, at.proxy, at.secure)
	for _, d := range slices.SortedFunc(maps.Keys(at.fronts), front.compare) {
		fmt.Fprintf(w, "%s leads to %s\n", d, at.fronts[d])
	}
	for _, s := range at.streams {
		fmt.Fprintf(w, "streams of %s on %s\n", s.kind(), s.address)
	}
}

// streamListen is one of Kong's stream_listen.
type streamListen struct {
	address  string
	ssl, udp bool
}

// kind returns what streams are for it.
func (s streamListen) kind() string {
	switch {
	case s.udp:
		return "UDP"
	case s.ssl:
		return "TLS"
	}
	return "TCP"
}

// String returns it as it stands in kong.conf.
func (s streamListen) String() string {
	out := s.address
	if s.ssl {
		out += " ssl"
	}
	if s.udp {
		out += " udp"
	}
	return out
}

// parseStreamListen reads values of --stream-listen.
func parseStreamListen(flags []string) ([]streamListen, error) {
	out := make([]streamListen, 0, len(flags))
	for _, f := range flags {
		words := strings.Fields(f)
		if len(words) == 0 {
			return nil, errors.New("--stream-listen: want ADDRESS [ssl] [udp]")
		}
		s := streamListen{address: words[0]}
		for _, w := range words[1:] {
			switch w {
			case "ssl":
				s.ssl = true
			case "udp":
				s.udp = true
			default:
				return nil, fmt.Errorf("--stream-listen %q: %s is not supported: want ADDRESS [ssl] [udp]", f, w)
			}
		}
		if s.ssl && s.udp {
			return nil, fmt.Errorf("--stream-listen %q: TLS over UDP is not supported", f)
		}
		if _, _, err := net.SplitHostPort(s.address); err != nil {
			return nil, fmt.Errorf("--stream-listen %q: %w", f, err)
		}
		out = append(out, s)
	}
	return out, nil
}

// serveFunc serves on a listener until the context ends.
type serveFunc func(context.Context, net.Listener) error

// serve listens until ctx ends. It calls ready with the URLs once they can be used.
func (b box) serve(ctx context.Context, at addresses, ready func(addresses)) error {
	g, ctx := errgroup.WithContext(ctx)
	open := func(name, address string, serve serveFunc) (string, error) {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			return "", named(name, err)
		}
		g.Go(func() error { return named(name, serve(ctx, l)) })
		return l.Addr().String(), nil
	}
	openUDP := func(name, address string) (string, error) {
		c, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", address)
		if err != nil {
			return "", named(name, err)
		}
		g.Go(func() error { return named(name, b.proxy.ServeUDP(ctx, c)) })
		return c.LocalAddr().String(), nil
	}
	if err := b.open(&at, open, openUDP); err != nil {
		g.Go(func() error { return err }) // which ends the others
		return g.Wait()
	}
	at.admin, at.proxy, at.secure = "http://"+at.admin, "http://"+at.proxy, "https://"+at.secure
	b.tell(at, at.fronts)
	ready(at)
	return g.Wait()
}

// open opens all listeners, and sets in at where they are.
func (b box) open(at *addresses, open func(name, address string, serve serveFunc) (string, error),
	openUDP func(name, address string) (string, error),
) (err error) {
	own := map[front]string{{secure: false}: at.proxy, {secure: true}: at.secure}
	if at.admin, err = open("Admin API", at.admin, b.serveAdmin); err != nil {
		return err
	}
	if at.proxy, err = open("proxy", at.proxy, b.proxy.Serve); err != nil {
		return err
	}
	if at.secure, err = open("proxy for HTTPS", at.secure, b.proxy.ServeTLS); err != nil {
		return err
	}
	if err := b.openFronts(at, own, open); err != nil {
		return err
	}
	at.streams = slices.Clone(at.streams)
	for i, s := range at.streams {
		name, where := "streams of "+s.kind(), &at.streams[i].address
		switch {
		case s.udp:
			*where, err = openUDP(name, s.address)
		case s.ssl:
			*where, err = open(name, s.address, b.proxy.ServeTLSStream)
		default:
			*where, err = open(name, s.address, b.proxy.ServeTCP)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openFronts opens the listeners of at.fronts, but for those at the proxy's own addresses, and sets there at which URL they are. Port 0 is
// another one each time.
func (b box) openFronts(at *addresses, own map[front]string, open func(name, address string, serve serveFunc) (string, error)) error {
	opened := map[front]string{}
	for _, f := range slices.SortedFunc(maps.Keys(at.fronts), front.compare) {
		var err error
		address, serve, scheme := at.proxy, serveFunc(b.proxy.Serve), "http://"
		if f.secure {
			address, serve, scheme = at.secure, b.proxy.ServeTLS, "https://"
		}
		if asked := at.fronts[f]; asked != own[front{secure: f.secure}] || strings.HasSuffix(asked, ":0") {
			if address, err = open("proxy for "+f.String(), asked, serve); err != nil {
				return err
			}
		}
		opened[f] = scheme + address
	}
	at.fronts = opened
	return nil
}

// serveAdmin serves the Admin API until ctx ends.
func (b box) serveAdmin(ctx context.Context, l net.Listener) error {
	s := &http.Server{Handler: b.kong.Admin(), ReadHeaderTimeout: time.Minute, DisableGeneralOptionsHandler: true}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// tell has the Kong know where it listens, and by which URLs the ports of the Gateways lead there. Other addresses may be URLs.
func (b box) tell(at addresses, by map[front]string) {
	fronts := map[uint16]uint16{}
	l := sandbox.Listeners{Admin: []string{bare(at.admin)}, Proxy: []string{bare(at.proxy) + " http2", bare(at.secure) + " http2 ssl"}}
	for _, s := range at.streams {
		l.Stream = append(l.Stream, s.String())
	}
	for _, d := range slices.SortedFunc(maps.Keys(by), front.compare) {
		port := netip.MustParseAddrPort(bare(by[d])).Port()
		fronts[port] = uint16(d.port)
		l.PortMaps = append(l.PortMaps, fmt.Sprintf("%d:%d", d.port, port))
		if by[d] != at.proxy && by[d] != at.secure {
			l.Proxy = append(l.Proxy, bare(by[d])+map[bool]string{true: " http2 ssl", false: " http2"}[d.secure])
		}
	}
	b.kong.Listens(l)
	b.proxy.MapPorts(fronts)
}

// bare returns HOST:PORT of an URL.
func bare(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		return rest
	}
	return address
}

// named says what an error is about; nil stays nil.
func named(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
