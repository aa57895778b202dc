package render

import (
	"fmt"
	"regexp"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/render/manifest/konghq"
	"github.com/gwsync/gwsync/render/route"
)

// policyAnnotation names the KongUpstreamPolicy of a Service's namespace that says how requests for it are spread.
const policyAnnotation = "upstream-policy"

// upstreamPolicy returns the fields of an Upstream for the KongUpstreamPolicy that a Service names. Each policy is looked at once.
func (t *translator) upstreamPolicy(service manifest.Object, name, field string) map[string]any {
	ref := manifest.Ref{Group: konghq.Group, Kind: "KongUpstreamPolicy", Namespace: service.Ref.Namespace, Name: name}
	if fields, ok := t.upstreamPolicies[ref]; ok {
		return fields
	}
	o, ok := t.set.Get(ref)
	if !ok {
		if !t.set.Invalid(ref) {
			t.report(invalidAnnotation(service, field, fmt.Sprintf("there is no %s", ref)))
		}
		return nil
	}
	u := upstream{translator: t, policy: o, fields: map[string]any{}}
	u.all(o.Typed.(*konghq.KongUpstreamPolicy).Spec)
	if u.refused {
		u.fields = nil // half of it would be another policy
	}
	t.upstreamPolicies[ref] = u.fields
	return u.fields
}

// upstream collects the fields of an Upstream that a policy sets.
//
// Source: Kong 3.9.3, kong/db/schema/entities/upstreams.lua.
type upstream struct {
	*translator
	policy  manifest.Object
	fields  map[string]any
	refused bool
}

func (u *upstream) refuse(field, message string) {
	u.report(unsupported(u.policy, field, message))
	u.refused = true
}

func (u *upstream) all(s konghq.KongUpstreamPolicySpec) {
	if s.Algorithm == "sticky-sessions" {
		u.refuse("spec.algorithm", "an open-source Kong has no sticky sessions: that takes Kong Enterprise 3.11")
		return
	}
	put(u.fields, "algorithm", s.Algorithm)
	if s.Slots != nil {
		u.fields["slots"] = *s.Slots
	}
	u.hash(s.HashOn, "spec.hashOn", "hash_on", "hash_on")
	u.hash(s.HashOnFallback, "spec.hashOnFallback", "hash_fallback", "hash_fallback")
	u.distinct(s.HashOn, s.HashOnFallback)
	if s.Healthchecks != nil {
		u.fields["healthchecks"] = u.healthchecks(s.Healthchecks)
	}
}

// hash sets what requests are told apart by: in is the field that says by which property.
func (u *upstream) hash(h *konghq.UpstreamHash, field, in, prefix string) {
	if h == nil {
		return
	}
	switch {
	case h.Header != "":
		u.fields[in], u.fields[prefix+"_header"] = "header", h.Header
		u.named(field+".header", h.Header)
	case h.QueryArg != "":
		u.fields[in], u.fields[prefix+"_query_arg"] = "query_arg", h.QueryArg
	case h.URICapture != "":
		u.fields[in], u.fields[prefix+"_uri_capture"] = "uri_capture", h.URICapture
	case h.Input != "":
		u.fields[in] = h.Input
	case h.Cookie != "":
		u.fields[in], u.fields["hash_on_cookie"] = "cookie", h.Cookie
		u.named(field+".cookie", h.Cookie)
		u.path(u.fields, "hash_on_cookie_path", h.CookiePath, field+".cookiePath")
	}
}

// named reports a name of a header or a cookie that Kong would refuse.
func (u *upstream) named(field, name string) {
	if !regexp.MustCompile(`^[-_0-9A-Za-z]+$`).MatchString(name) {
		u.refuse(field, fmt.Sprintf("Kong takes names of letters, digits, '-' and '_' here, not %q", name))
	}
}

// path sets a path, where there is one that Kong takes.
func (u *upstream) path(in map[string]any, name, path, field string) {
	if problem := refusedPath(path); path != "" && problem != "" {
		u.refuse(field, problem)
	}
	put(in, name, path)
}

// serverName sets the name that checks by HTTPS ask for, where there is one that Kong takes.
func (u *upstream) serverName(in map[string]any, name, field string) {
	if problem := route.CheckSNI(name); name != "" && problem != "" {
		u.refuse(field, fmt.Sprintf("%q is no server name: %s", name, problem))
	}
	put(in, "https_sni", name)
}

// distinct reports a fallback that is no other property than what it stands in for.
func (u *upstream) distinct(on, fallback *konghq.UpstreamHash) {
	switch {
	case fallback == nil:
	case u.fields["hash_on"] == nil || u.fields["hash_on"] == "none":
		u.refuse("spec.hashOnFallback", "Kong falls back from another property only: there is no hashOn")
	case *on == *fallback:
		u.refuse("spec.hashOnFallback", "Kong falls back to another property only: it is the one of hashOn")
	}
}

// healthchecks returns what says which addresses get no requests.
func (u *upstream) healthchecks(h *konghq.Healthchecks) map[string]any {
	const at = "spec.healthchecks"
	out := map[string]any{}
	if a := h.Active; a != nil {
		active := map[string]any{}
		put(active, "type", a.Type)
		u.path(active, "http_path", a.HTTPPath, at+".active.httpPath")
		u.serverName(active, a.HTTPSSNI, at+".active.httpsSni")
		if a.HTTPSVerifyCertificate != nil {
			active["https_verify_certificate"] = *a.HTTPSVerifyCertificate
		}
		u.number(active, "concurrency", a.Concurrency, 1<<31, at+".active.concurrency")
		u.number(active, "timeout", a.Timeout, seconds, at+".active.timeout")
		if len(a.Headers) > 0 {
			headers := map[string]any{}
			for name, values := range a.Headers {
				headers[name] = values
			}
			active["headers"] = headers
		}
		u.healthy(active, a.Healthy, at+".active.healthy")
		u.unhealthy(active, a.Unhealthy, at+".active.unhealthy")
		out["active"] = active
	}
	if p := h.Passive; p != nil {
		passive := map[string]any{}
		put(passive, "type", p.Type)
		u.healthy(passive, p.Healthy, at+".passive.healthy")
		u.unhealthy(passive, p.Unhealthy, at+".passive.unhealthy")
		out["passive"] = passive
	}
	u.number(out, "threshold", h.Threshold, 100, at+".threshold")
	return out
}

// Kong's limits of times, and of numbers of requests in a row.
const (
	seconds = 65535
	inARow  = 255
)

func (u *upstream) healthy(in map[string]any, h *konghq.Healthy, at string) {
	if h == nil {
		return
	}
	out := map[string]any{}
	statuses(out, h.HTTPStatuses)
	u.number(out, "interval", h.Interval, seconds, at+".interval")
	u.number(out, "successes", h.Successes, inARow, at+".successes")
	in["healthy"] = out
}

func (u *upstream) unhealthy(in map[string]any, h *konghq.Unhealthy, at string) {
	if h == nil {
		return
	}
	out := map[string]any{}
	statuses(out, h.HTTPStatuses)
	u.number(out, "http_failures", h.HTTPFailures, inARow, at+".httpFailures")
	u.number(out, "tcp_failures", h.TCPFailures, inARow, at+".tcpFailures")
	u.number(out, "timeouts", h.Timeouts, inARow, at+".timeouts")
	u.number(out, "interval", h.Interval, seconds, at+".interval")
	in["unhealthy"] = out
}

// number sets a field that Kong limits to less than the CRD does.
func (u *upstream) number(out map[string]any, name string, n *int64, most int64, field string) {
	switch {
	case n == nil:
	case *n < 0 || *n > most:
		u.refuse(field, fmt.Sprintf("Kong takes numbers from 0 to %d here, not %d", most, *n))
	default:
		out[name] = *n
	}
}

func statuses(out map[string]any, list []int64) {
	if len(list) == 0 {
		return
	}
	codes := make([]any, len(list))
	for i, code := range list {
		codes[i] = code
	}
	out["http_statuses"] = codes
}

// put sets a field unless there is no value.
func put(fields map[string]any, name, value string) {
	if value != "" {
		fields[name] = value
	}
}

// warnOfPolicies reports the KongUpstreamPolicies that no Service of their namespace names.
func (t *translator) warnOfPolicies() {
	used := map[manifest.Ref]bool{}
	for o := range t.set.All() {
		if name, _, ok := annotation(o.Annotations(), policyAnnotation); ok && o.Ref.Kind == "Service" {
			used[manifest.Ref{Group: konghq.Group, Kind: "KongUpstreamPolicy", Namespace: o.Ref.Namespace, Name: name}] = true
		}
	}
	for o := range manifest.Of[konghq.KongUpstreamPolicy](t.set) {
		if used[o.Ref] {
			continue
		}
		f := unsupported(o, "", "no Service of its namespace names it, so that it has no effect")
		f.Severity, f.Code = diag.Warning, UnusedObject
		f.Hint = fmt.Sprintf("annotate a Service with %s%s: %s", annotationPrefix, policyAnnotation, o.Ref.Name)
		t.report(f)
	}
}
