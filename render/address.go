package render

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/manifest"
)

// DefaultAddress is where Kong reaches a Service from within its cluster.
const DefaultAddress = "{name}.{namespace}.svc:{port}"

// Addresses says at which host and port Kong reaches a backend. The zero value is [DefaultAddress] for all Services.
type Addresses struct {
	template string
	// services are the addresses of NAMESPACE/NAME:PORT.
	services map[string]string
	// others are the addresses to use in the place of others.
	others map[endpoint]endpoint
}

// endpoint is a host, as Kong spells it, and a port.
type endpoint struct {
	host string
	port int64
}

// NewAddresses returns the addresses given by a template HOST:PORT, in which {name}, {namespace} and {port} stand for those of
// the Service ("" is [DefaultAddress]), and by exceptions: HOST:PORT for a port of a Service, NAMESPACE/NAME:PORT, all of whose endpoints
// it stands for, or for an address HOST:PORT that would be used otherwise, such as one that the template gives, or an endpoint's.
func NewAddresses(template string, exceptions map[string]string) (Addresses, error) {
	a := Addresses{template: template, services: map[string]string{}, others: map[endpoint]endpoint{}}
	if _, _, err := a.Of(manifest.Ref{Namespace: "namespace", Name: "name"}, 80); err != nil {
		return Addresses{}, fmt.Errorf("address template %q: %w", template, err)
	}
	for _, backend := range slices.Sorted(maps.Keys(exceptions)) {
		if err := a.except(backend, exceptions[backend]); err != nil {
			return Addresses{}, err
		}
	}
	return a, nil
}

// except adds an exception.
func (a *Addresses) except(backend, address string) error {
	host, port, err := splitAddress(address)
	if err != nil {
		return fmt.Errorf("address of backend %s: %w", backend, err)
	}
	ns, rest, isService := strings.Cut(backend, "/")
	if !isService {
		from, number, err := splitAddress(backend)
		if err != nil {
			return fmt.Errorf("backend %q: want NAMESPACE/NAME:PORT, or the HOST:PORT that %s replaces", backend, address)
		}
		a.others[endpoint{from, number}] = endpoint{host, port}
		return nil
	}
	name, number, ok := strings.Cut(rest, ":")
	if _, err := strconv.ParseUint(number, 10, 16); !ok || ns == "" || name == "" || err != nil {
		return fmt.Errorf("backend %q: want NAMESPACE/NAME:PORT", backend)
	}
	a.services[backend] = address
	return nil
}

// Of returns the host and port at which Kong reaches a port of the Service.
func (a Addresses) Of(service manifest.Ref, port int32) (host string, number int64, err error) {
	if address, ok := a.exception(service, port); ok {
		return splitAddress(address)
	}
	return a.fill(service, port)
}

func (a Addresses) exception(service manifest.Ref, port int32) (address string, ok bool) {
	if len(a.services) == 0 {
		return "", false
	}
	address, ok = a.services[fmt.Sprintf("%s/%s:%d", service.Namespace, service.Name, port)]
	return address, ok
}

// fill fills in the template.
func (a Addresses) fill(service manifest.Ref, port int32) (host string, number int64, err error) {
	template := a.template
	if template == "" {
		template = DefaultAddress
	}
	address := strings.ReplaceAll(template, "{name}", service.Name) // no name has braces, so that one after the other will do
	address = strings.ReplaceAll(address, "{namespace}", service.Namespace)
	return a.split(strings.ReplaceAll(address, "{port}", strconv.Itoa(int(port))))
}

// split returns the host and port of an address that is to be used unless an exception names it.
func (a Addresses) split(address string) (host string, port int64, err error) {
	host, port, err = splitAddress(address)
	if other, ok := a.others[endpoint{host, port}]; ok {
		return other.host, other.port, nil
	}
	return host, port, err
}

func splitAddress(s string) (host string, port int64, err error) {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 {
		return "", 0, fmt.Errorf("%q is not HOST:PORT", s)
	}
	host = s[:i]
	p, err := strconv.ParseUint(s[i+1:], 10, 16)
	if err != nil || p == 0 {
		return "", 0, fmt.Errorf("port of %q: want a number from 1 to 65535", s)
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		if !ok || err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", 0, fmt.Errorf("host of %q: want [IPv6]", s)
		}
		// Kong spells targets so (kong/db/dao/targets.lua, format_target): in any other form they would differ for ever.
		return "[" + addr.StringExpanded() + "]", int64(p), nil
	}
	if strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "" {
		return "", 0, fmt.Errorf("host of %q: want a name or an address", s)
	}
	return host, int64(p), nil
}
