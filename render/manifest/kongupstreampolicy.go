package manifest

import "github.com/gwsync/gwsync/render/manifest/konghq"

// upstreamPolicyRules are the rules of KongUpstreamPolicies, which their CRD has in CEL.
func upstreamPolicyRules(p *konghq.KongUpstreamPolicy, r report) {
	s := &p.Spec
	on, fallback := s.HashOn, s.HashOnFallback
	if properties(on) > 1 {
		r.invalid("spec.hashOn", "must have one of input, header, cookie, queryArg and uriCapture")
	}
	if properties(fallback) > 1 {
		r.invalid("spec.hashOnFallback", "must have one of input, header, cookie, queryArg and uriCapture")
	}
	switch {
	case on != nil && s.Algorithm != "consistent-hashing" && s.Algorithm != "sticky-sessions":
		r.invalid("spec.hashOn", "must be set with algorithm consistent-hashing or sticky-sessions only")
	case fallback != nil && s.Algorithm != "consistent-hashing":
		r.invalid("spec.hashOnFallback", "must be set with algorithm consistent-hashing only")
	case fallback != nil && on != nil && on.Cookie != "":
		r.invalid("spec.hashOnFallback", "must not be set beside hashOn.cookie: Kong sets the cookie where there is none")
	}
	if on != nil && (on.Cookie == "") != (on.CookiePath == "") {
		r.invalid("spec.hashOn", "must have both of cookie and cookiePath, or none of them")
	}
	if s.StickySessions != nil && s.Algorithm != "sticky-sessions" {
		r.invalid("spec.stickySessions", "must be set with algorithm sticky-sessions only")
	}
	if s.StickySessions != nil && (on == nil || on.Input != "none") {
		r.invalid("spec.stickySessions", "needs hashOn with input: none")
	}
	if h := s.Healthchecks; h != nil && h.Passive != nil {
		const field, says = "spec.healthchecks.passive.", "must not be set: passive checks wait for requests"
		if h.Passive.Healthy != nil && h.Passive.Healthy.Interval != nil {
			r.invalid(field+"healthy.interval", says)
		}
		if h.Passive.Unhealthy != nil && h.Passive.Unhealthy.Interval != nil {
			r.invalid(field+"unhealthy.interval", says)
		}
	}
}

// properties returns how many properties a hash is made of.
func properties(h *konghq.UpstreamHash) int {
	n := 0
	if h == nil {
		return n
	}
	for _, property := range []string{h.Input, h.Header, h.Cookie, h.QueryArg, h.URICapture} {
		if property != "" {
			n++
		}
	}
	return n
}
