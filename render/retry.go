package render

import (
	"errors"
	"fmt"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/lua"
)

// defaultAttempts is how often a request is sent again where the rule does not say (HTTPRouteRetry.attempts, from v1.7 on).
const defaultAttempts = 1

// maxAttempts is Kong's largest number of retries (kong/db/schema/entities/services.lua).
const maxAttempts = 1<<15 - 1

func (r *rule) retry() *gatewayv1.HTTPRouteRetry {
	return r.rule.HTTP.Retry
}

func attempts(r *gatewayv1.HTTPRouteRetry) int {
	if r.Attempts == nil {
		return defaultAttempts
	}
	return min(*r.Attempts, maxAttempts)
}

// resends reports whether it takes Lua to retry a rule's requests. Kong by itself retries what failed to connect or timed out, at once and
// as often as a Service says, whatever time that takes in all. By status it retries for the whole data plane or not at all.
func (r *rule) resends() bool {
	retry := r.retry()
	return retry != nil && (len(retry.Codes) > 0 || retry.Backoff != nil && milliseconds(*retry.Backoff) > 0 || r.limits().request > 0)
}

// byLua reports whether Lua asks the rule's backends in Kong's place.
func (r *rule) byLua() bool { return r.resends() || r.luaTLS != nil }

// retries sets how often Kong itself asks again.
func (t *translator) retries(r *rule, usable []bind.Backend, fields map[string]any) {
	retry := r.retry()
	if retry == nil {
		return
	}
	n := int64(attempts(retry))
	if r.resends() {
		n = 0
	}
	if v, ok := fields["retries"].(int64); ok && v != n && v != 0 {
		t.overridden(r, usable, fmt.Sprintf("spec.rules[%d].retry", r.rule.Index), "retries", v)
	}
	fields["retries"] = n
}

// resend returns the plugin that asks a rule's backends by itself, where Kong cannot retry or verify them as it should.
func (t *translator) resend(d *delivery) (*plugin, error) {
	fields, retry, l := d.fields, d.rule.retry(), d.rule.limits()
	if p, ok := fields["protocol"]; ok && p != "http" && d.rule.luaTLS == nil {
		return nil, t.unheard(d, p)
	}
	if d.hashing != nil {
		return nil, errors.New("what retries for Kong chooses a backend at random, so that no session could persist")
	}
	if err := t.balances(d); err != nil {
		return nil, err
	}
	program := lua.Retry{
		Request: l.request, BackendRequest: l.backendRequest, TLS: d.rule.luaTLS,
		Connect: timeout(fields, "connect_timeout"), Write: timeout(fields, "write_timeout"), Read: timeout(fields, "read_timeout"),
	}
	if retry != nil {
		program.Attempts = attempts(retry)
		if retry.Backoff != nil {
			program.Backoff = milliseconds(*retry.Backoff)
		}
		for _, c := range retry.Codes {
			program.Codes = append(program.Codes, int(c))
		}
		slices.Sort(program.Codes)
	}
	for _, g := range d.groups {
		program.Addresses = append(program.Addresses, luaAddresses(g.shares))
	}
	return &plugin{name: postFunction, config: map[string]any{
		"access": []any{string(lua.Resend(program))}, "header_filter": []any{string(lua.Unsized)},
	}}, nil
}

// balances returns an error if a KongUpstreamPolicy of the backends says which of them gets a request: what retries for Kong does not ask
// Kong's balancer, and knows nothing of the health of backends.
func (t *translator) balances(d *delivery) error {
	for _, b := range d.usable {
		fields := t.asked(*b.Object)
		algorithm, _ := fields["algorithm"].(string)
		name := ""
		switch {
		case fields["healthchecks"] != nil:
			name = "healthchecks"
		case fields["hash_on"] != nil && fields["hash_on"] != "none":
			name = "hashOn"
		case algorithm != "" && algorithm != "round-robin":
			name = "algorithm " + algorithm
		default:
			continue
		}
		return withHint{
			fmt.Errorf("what retries for Kong chooses a backend at random, and the KongUpstreamPolicy of %s has %s", b.Object.Ref, name),
			"keep one of the two; retries without codes, backoff and a request timeout are Kong's own, and go with the policy",
		}
	}
	return nil
}

// unheard is why Lua does not ask backends of a protocol.
func (t *translator) unheard(d *delivery, protocol any) error {
	err := fmt.Errorf("backends speak %s, and what retries for Kong speaks HTTP/1.1, with TLS only as a BackendTLSPolicy says", protocol)
	if d.rule.tls == nil {
		return err
	}
	return fmt.Errorf("backends speak %s as %s says: %w", protocol, d.rule.tls.policy.Object.Ref, t.withoutLua(d.rule, d.rule.tls))
}

// timeout returns a timeout of a Service of Kong in milliseconds; it has one of a minute by default.
func timeout(fields map[string]any, name string) int64 {
	if v, ok := fields[name].(int64); ok {
		return v
	}
	return 60_000
}
