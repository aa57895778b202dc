package render

import (
	"fmt"
	"slices"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
)

// identify sets the certificate that Kong presents to the backends of a rule, that of the Gateways which lead there (GW GatewayBackendTLS).
func (t *translator) identify(r *rule, fields map[string]any) {
	var gateways []*bind.Gateway
	for _, b := range r.bindings {
		if !slices.Contains(gateways, b.Listener.Gateway) {
			gateways = append(gateways, b.Listener.Gateway)
		}
	}
	protocol, _ := fields["protocol"].(string)
	if len(gateways) == 0 || protocol != "https" && protocol != "tls" && protocol != "grpcs" {
		return
	}
	first := gateways[0].ClientCertificate
	for _, gw := range gateways[1:] {
		if !sameCertificate(gw.ClientCertificate, first) {
			f := unsupported(r.bound.Object, "spec.parentRefs", fmt.Sprintf("%s and %s have different client certificates for backends, "+
				"and a Kong service has one: Kong presents none", gateways[0].Object.Ref, gw.Object.Ref))
			f.Related = []diag.Pos{gateways[0].Object.At(clientCertificateField), gw.Object.At(clientCertificateField)}
			f.Hint = "attach a route of its own to each of the Gateways"
			t.report(f)
			return
		}
	}
	switch {
	case first == nil:
	case protocol != "grpcs":
		fields["client_certificate"] = t.certificate(*first)
	default:
		f := unsupported(r.bound.Object, fmt.Sprintf("spec.rules[%d].backendRefs", r.rule.Index),
			"Kong presents no client certificate to backends of protocol grpcs")
		f.Related = []diag.Pos{gateways[0].Object.At(clientCertificateField)}
		t.report(f)
	}
}

func sameCertificate(a, b *bind.Certificate) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Secret.Ref == b.Secret.Ref
}

const clientCertificateField = "spec.tls.backend.clientCertificateRef"
