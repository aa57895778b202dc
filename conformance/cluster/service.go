package cluster

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// dialer reaches Services by name, as the DNS and the network of a cluster do.
type dialer struct {
	store *store
	mu    sync.Mutex
	turns map[string]int
}

// dial opens a connection to an address as it stands in Kong's configuration: an IP address, or NAME.NAMESPACE.svc. The pods of a
// Service take turns.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if net.ParseIP(host) == nil {
		pods, err := d.pods(host, port)
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		turn := d.turns[address]
		d.turns[address]++
		d.mu.Unlock()
		address = pods[turn%len(pods)]
	}
	pod, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, network, netip.AddrPortFrom(inside(pod.Addr()), pod.Port()).String())
}

// pods returns the addresses behind a port of a Service.
func (d *dialer) pods(host, port string) ([]string, error) {
	name, rest, _ := strings.Cut(strings.TrimSuffix(host, "."), ".")
	namespace, zone, _ := strings.Cut(rest, ".")
	if zone != "svc" && zone != "svc.cluster.local" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	r, _ := find("", "v1", "services")
	o, err := d.store.get(r, namespace, name)
	if err != nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	service := &corev1.Service{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, service); err != nil {
		return nil, err
	}
	target, ok := targetPort(service, port)
	if !ok {
		return nil, fmt.Errorf("service %s/%s has no port %s", namespace, name, port)
	}
	var out []string
	pods, _ := find("", "v1", "pods")
	for _, p := range d.store.list(pods, namespace, labels.SelectorFromSet(service.Spec.Selector)) {
		status, _ := p.Object["status"].(map[string]any)
		if ip, _ := status["podIP"].(string); len(service.Spec.Selector) > 0 && ip != "" {
			out = append(out, join(ip, target))
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("service %s/%s has no pods", namespace, name)
	}
	return out, nil
}

// targetPort returns the port of the pods behind one of a Service. The address of a headless one is that of its pods, ports included.
func targetPort(s *corev1.Service, port string) (int32, bool) {
	number, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		return 0, false
	}
	if s.Spec.ClusterIP == corev1.ClusterIPNone {
		return int32(number), true
	}
	for _, p := range s.Spec.Ports {
		switch {
		case int64(p.Port) != number:
		case p.TargetPort.IntValue() != 0:
			return int32(p.TargetPort.IntValue()), true
		default:
			return p.Port, true
		}
	}
	return 0, false
}
