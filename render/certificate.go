package render

import (
	"fmt"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

// certificates renders the certificates of TLS listeners: each Secret once, and an SNI for each listener's hostname, "*" where it
// has none.
func (t *translator) certificates(g *bind.Graph) {
	owners := map[string]manifest.Ref{}
	for _, gateway := range g.Gateways {
		for _, l := range gateway.AllListeners() {
			if l.Spec.Protocol != gatewayv1.HTTPSProtocolType || !l.Programmed || len(l.Certificates) == 0 {
				continue
			}
			field := fmt.Sprintf("spec.listeners[%d].tls.certificateRefs", l.Index)
			if len(l.Certificates) > 1 {
				t.report(unsupported(l.Object, field+"[1]", "gwsync renders one certificate for a listener"))
			}
			certificate := t.certificate(l.Certificates[0])
			name := sniName(l.Spec)
			if owner, ok := owners[name]; ok {
				if owner != l.Certificates[0].Secret.Ref {
					f := unsupported(l.Object, field, fmt.Sprintf("server name %s has the certificate of %s already", name, owner))
					f.Code = SNIConflict
					t.report(f)
				}
				continue
			}
			owners[name] = l.Certificates[0].Secret.Ref
			origin := kong.Origin{Object: l.Object.Ref.Diag(), Field: fmt.Sprintf("spec.listeners[%d]", l.Index), Pos: l.Pos}
			t.add(kong.SNIs, kong.ID(kong.SNIs, name), map[string]any{"name": name, "certificate": certificate},
				objectTags(l.Object.Ref), origin)
		}
	}
}

// certificate adds the Certificate of a Secret, unless it is there, and returns its id.
func (t *translator) certificate(c bind.Certificate) string {
	ref := c.Secret.Ref
	id := kong.ID(kong.Certificates, ref.Namespace+"/"+ref.Name)
	if _, ok := t.taken[kong.Key{Kind: kong.Certificates, ID: id}]; !ok {
		origin := kong.Origin{Object: ref.Diag(), Pos: c.Secret.At("")}
		t.add(kong.Certificates, id, map[string]any{"cert": c.Cert, "key": c.Key}, objectTags(ref), origin)
	}
	return id
}

func sniName(l *gatewayv1.Listener) string {
	if l.Hostname == nil || *l.Hostname == "" {
		return "*"
	}
	return strings.ToLower(string(*l.Hostname))
}
