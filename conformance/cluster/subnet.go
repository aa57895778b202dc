package cluster

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync"
)

// Subnet is a part of the loopback network, 127.N.0.0/16, that nobody else has. All addresses of it can be listened on (on Linux
// without further ado), so that each pod and each Gateway has one of its own.
type Subnet struct {
	claim net.Listener
	mu    sync.Mutex
	last  netip.Addr
}

// claimPort is listened on at the first address of a subnet by who has it.
const claimPort = "49151"

// NewSubnet takes a subnet that is free, until Close.
func NewSubnet() (*Subnet, error) {
	var err error
	for n := 2; n < 255; n++ {
		first := netip.AddrFrom4([4]byte{127, byte(n), 0, 1})
		var l net.Listener
		if l, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort(first.String(), claimPort)); err == nil {
			return &Subnet{claim: l, last: first}, nil
		}
	}
	return nil, errors.Join(errors.New("no part of the network 127.0.0.0/8 is free for the tests"), err)
}

// Next returns an address that it has not returned before.
func (s *Subnet) Next() netip.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = s.last.Next()
	return s.last
}

// outside and inside translate between an address of the loopback network, 127.N.X.Y, where a pod listens, and the one that the cluster
// knows it by, 10.N.X.Y: an EndpointSlice must not hold loopback addresses.
func outside(a netip.Addr) netip.Addr { return withFirst(a, 10) }
func inside(a netip.Addr) netip.Addr  { return withFirst(a, 127) }

func withFirst(a netip.Addr, first byte) netip.Addr {
	b := a.As4()
	b[0] = first
	return netip.AddrFrom4(b)
}

// Close gives the subnet back.
func (s *Subnet) Close() error { return s.claim.Close() }

// join returns ADDRESS:PORT.
func join(a string, port int32) string { return net.JoinHostPort(a, strconv.Itoa(int(port))) }
