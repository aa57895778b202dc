package route

import (
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Hosts returns the hosts, in lower case and sorted, of all requests that a route, classic or not, can match. ok is false if they may be
// any. Two routes whose hosts differ have no request in common.
func Hosts(r kong.Entity) (hosts []string, ok bool) {
	text := r.Text("expression")
	if text == "" {
		text = classicText(r)
	}
	e, err := Parse(text)
	if err != nil {
		return nil, false
	}
	if hosts, ok = hostsOf(e); !ok {
		return nil, false
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), true
}

// hostsOf returns the hosts that requests have for which an expression holds; ok is false where it does not say.
func hostsOf(e Expr) (hosts []string, ok bool) {
	switch e := e.(type) {
	case *predicate:
		if e.field == (field{name: "http.host"}) && e.op == opEqual && e.value.kind == textKind {
			return []string{strings.ToLower(e.value.text)}, true
		}
	case allOf:
		for _, operand := range e {
			if hosts, ok := hostsOf(operand); ok {
				return hosts, true
			}
		}
	case anyOf:
		for _, operand := range e {
			of, ok := hostsOf(operand)
			if !ok {
				return nil, false
			}
			hosts = append(hosts, of...)
		}
		return hosts, true
	}
	return nil, false
}
