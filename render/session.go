package render

import (
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/lua"
)

// sessionName is what a rule's cookie or header is called that has no sessionName. All may have the same: what it holds is no backend's.
const sessionName = "gwsync-session"

func (r *rule) session() *gatewayv1.SessionPersistence {
	return r.rule.HTTP.SessionPersistence
}

// sessions returns the fields of an Upstream that keep a rule's sessions with their backends, and the plugins that takes. Kong hashes a
// cookie or header onto the backends. It makes up a cookie by itself, but no header, and neither with an end.
func (t *translator) sessions(r *rule, usable []bind.Backend) (map[string]any, []*plugin, error) {
	s := r.session()
	if s == nil {
		return nil, nil, nil
	}
	for _, b := range usable {
		if t.hidesPods(b) {
			return nil, nil, fmt.Errorf("kong reaches %s by the one address of the Service, behind which requests of a session go to any pod: "+
				"make the Service headless (clusterIP: None)", b.Object.Ref)
		}
	}
	token, err := sessionOf(s)
	if err != nil {
		return nil, nil, err
	}
	at := fmt.Sprintf("spec.rules[%d].sessionPersistence", r.rule.Index)
	t.report(diag.Finding{
		Severity: diag.Warning, Code: InexactSession, Object: r.bound.Object.Ref.Diag(), Pos: r.bound.Object.At(at), Field: at,
		Message: "Kong hashes sessions onto backends: where backends come or go some sessions move, and weights are kept nearly only",
	})
	fields := map[string]any{"algorithm": "consistent-hashing", "hash_on": "header"}
	if token.Cookie {
		fields["hash_on"], fields["hash_on_cookie"], fields["hash_on_cookie_path"] = "cookie", token.Name, "/"
	} else {
		// Kong looks for nginx's variable of this name, in which _ stands for -.
		fields["hash_on_header"] = strings.ReplaceAll(token.Name, "-", "_")
	}
	if token.Cookie && token.Seconds == 0 {
		return fields, nil, nil
	}
	return fields, []*plugin{{name: postFunction, field: ".sessionPersistence", config: map[string]any{
		"access": []any{string(token.Begin())}, "header_filter": []any{string(token.Hand())},
	}}}, nil
}

// hidesPods reports whether Kong reaches a backend by an address that stands for several pods.
func (t *translator) hidesPods(b bind.Backend) bool {
	if _, ok := t.target.Addresses.exception(b.Target, b.Port); ok {
		return false // whoever gave it knows what is there
	}
	spec := b.Service.Spec
	return len(b.Endpoints) == 0 && spec.ClusterIP != corev1.ClusterIPNone && spec.Type != corev1.ServiceTypeExternalName
}

// sessionOf returns the token of a rule's sessions.
func sessionOf(s *gatewayv1.SessionPersistence) (lua.Session, error) {
	out := lua.Session{Name: sessionName, Cookie: s.Type == nil || *s.Type == gatewayv1.CookieBasedSessionPersistence}
	if s.SessionName != nil && *s.SessionName != "" {
		out.Name = *s.SessionName
	}
	if strings.Trim(strings.ToLower(out.Name), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return out, fmt.Errorf("sessionName %q: want letters, digits, '-' and '_'", out.Name)
	}
	if s.AbsoluteTimeout != nil {
		ms := milliseconds(*s.AbsoluteTimeout)
		if ms%1000 != 0 || ms == 0 {
			return out, fmt.Errorf("absoluteTimeout %s: want whole seconds, one or more", *s.AbsoluteTimeout)
		}
		out.Seconds = ms / 1000
	}
	if c := s.CookieConfig; c != nil && c.LifetimeType != nil && *c.LifetimeType == gatewayv1.PermanentCookieLifetimeType {
		if out.Permanent = true; out.Seconds == 0 {
			return out, errors.New("a permanent cookie needs an absoluteTimeout")
		}
	}
	return out, nil
}
