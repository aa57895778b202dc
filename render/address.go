package render

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/manifest"
)

// DefaultAddress is where Kong reaches a Service from within its cluster.
const DefaultAddress = "{name}.{namespace}.svc:{port}"

// Addresses says at which host and port Kong reaches a port of a Service. The zero value is [DefaultAddress] for all.
type Addresses struct {
	template   string
	exceptions map[string]string
}

// NewAddresses returns the addresses given by a template HOST:PORT, in which {name}, {namespace} and {port} stand for those of
// the Service ("" is [DefaultAddress]), and by exceptions: HOST:PORT for a NAMESPACE/NAME:PORT.
func NewAddresses(template string, exceptions map[string]string) (Addresses, error) {
	a := Addresses{template: template, exceptions: exceptions}
	if _, _, err := a.Of(manifest.Ref{Namespace: "namespace", Name: "name"}, 80); err != nil {
		return Addresses{}, fmt.Errorf("address template %q: %w", template, err)
	}
	for backend, address := range exceptions {
		ns, rest, ok := strings.Cut(backend, "/")
		name, port, ok2 := strings.Cut(rest, ":")
		if _, err := strconv.ParseUint(port, 10, 16); !ok || !ok2 || ns == "" || name == "" || err != nil {
			return Addresses{}, fmt.Errorf("backend %q: want NAMESPACE/NAME:PORT", backend)
		}
		if _, _, err := splitAddress(address); err != nil {
			return Addresses{}, fmt.Errorf("address of backend %s: %w", backend, err)
		}
	}
	return a, nil
}

// Of returns the host and port at which Kong reaches a port of the Service.
func (a Addresses) Of(service manifest.Ref, port int32) (host string, number int64, err error) {
	if address, ok := a.exception(service, port); ok {
		return splitAddress(address)
	}
	return a.fill(service, port)
}

func (a Addresses) exception(service manifest.Ref, port int32) (address string, ok bool) {
	if len(a.exceptions) == 0 {
		return "", false
	}
	address, ok = a.exceptions[fmt.Sprintf("%s/%s:%d", service.Namespace, service.Name, port)]
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
	return splitAddress(strings.ReplaceAll(address, "{port}", strconv.Itoa(int(port))))
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
