package status_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// reasons are those that the Gateway API has for each condition (gateway-api v1.6.3, apis/v1; of a listener those of Gateways and of
// ListenerSets), as "Status Reason", but for those that say that a controller has not looked yet.
var reasons = []struct{ of, condition, reasons string }{
	{"GatewayClass", "Accepted", "True Accepted, False InvalidParameters, False Unsupported, False UnsupportedVersion"},
	{"GatewayClass", "SupportedVersion", "True SupportedVersion, False UnsupportedVersion"},
	{"Gateway", "Accepted", "True Accepted, True ListenersNotValid, False ListenersNotValid, False Invalid, False InvalidParameters, " +
		"False UnsupportedAddress"},
	{"Gateway", "Programmed", "True Programmed, False Invalid, False Pending, False NoResources, False AddressNotAssigned, " +
		"False AddressNotUsable"},
	{"Gateway", "ResolvedRefs", "True ResolvedRefs, False RefNotPermitted, False InvalidClientCertificateRef, False ListenersNotResolved"},
	{"Gateway", "InsecureFrontendValidationMode", "True ConfigurationChanged"},
	{"Listener", "Accepted", "True Accepted, False PortUnavailable, False UnsupportedProtocol, False NoValidCACertificate, " +
		"False UnsupportedValue, False TooManyListeners, False Invalid, False HostnameConflict, False ProtocolConflict"},
	{"Listener", "Programmed",
		"True Programmed, False Invalid, False Pending, False PortUnavailable, False HostnameConflict, False ProtocolConflict"},
	{"Listener", "ResolvedRefs", "True ResolvedRefs, False InvalidCertificateRef, False InvalidRouteKinds, False RefNotPermitted, " +
		"False InvalidCACertificateRef, False InvalidCACertificateKind"},
	{"Listener", "Conflicted", "False NoConflicts, True HostnameConflict, True ProtocolConflict, True ListenerConflict"},
	{"Listener", "OverlappingTLSConfig", "True OverlappingHostnames, True OverlappingCertificates"},
	{"ListenerSet", "Accepted", "True Accepted, True ListenersNotValid, False NotAllowed, False ParentNotAccepted, False ListenersNotValid, " +
		"False Invalid, Unknown Pending"},
	{"ListenerSet", "Programmed", "True Programmed, False NotAllowed, False ParentNotProgrammed, False ListenersNotValid, False Invalid, " +
		"False PortUnavailable, Unknown Pending"},
	{"Route", "Accepted", "True Accepted, False NotAllowedByListeners, False NoMatchingListenerHostname, False NoMatchingParent, " +
		"False UnsupportedValue, False IncompatibleFilters, False HostnameConflict"}, // the last of GRPCRoutes and HTTPRoutes that share a host
	{"Route", "ResolvedRefs", "True ResolvedRefs, False RefNotPermitted, False InvalidKind, False BackendNotFound, False UnsupportedProtocol"},
	{"Route", "PartiallyInvalid", "True UnsupportedValue"},
	{"BackendTLSPolicy", "Accepted", "True Accepted, False Conflicted, False Invalid, False TargetNotFound, False NoValidCACertificate"},
	{"BackendTLSPolicy", "ResolvedRefs", "True ResolvedRefs, False InvalidCACertificateRef, False InvalidKind"},
}

// never are the reasons that no manifests lead to, with the cause.
var never = map[string]string{
	"GatewayClass Accepted False Unsupported":                    "everybody may define a class",
	"GatewayClass Accepted False UnsupportedVersion":             "the manifests are read by CRDs of our own",
	"GatewayClass SupportedVersion False UnsupportedVersion":     "the manifests are read by CRDs of our own",
	"Gateway Accepted False Invalid":                             "what is invalid does not pass the CRDs, or has a reason of its own",
	"Gateway Programmed False Pending":                           "nothing is waited for",
	"Gateway Programmed False NoResources":                       "resources are not in files",
	"Gateway Programmed False AddressNotAssigned":                "addresses are Kong's own business",
	"Gateway Programmed False AddressNotUsable":                  "addresses are Kong's own business",
	"Listener Accepted False PortUnavailable":                    "which ports are free is not in files",
	"Listener Accepted False UnsupportedValue":                   "the Gateway API has no value for a listener that is not understood",
	"Listener Accepted False TooManyListeners":                   "there is no limit",
	"Listener Accepted False Invalid":                            "what is invalid does not pass the CRDs, or has a reason of its own",
	"Listener Programmed False Pending":                          "nothing is waited for",
	"Listener Programmed False PortUnavailable":                  "which ports are free is not in files",
	"Listener Conflicted True ListenerConflict":                  "a conflict is of hostnames or of protocols, as the conformance suite asks",
	"Listener OverlappingTLSConfig True OverlappingCertificates": "the names in certificates are not compared, as a controller may choose",
	"BackendTLSPolicy Accepted False TargetNotFound":             "no route leads to a target that is not there, and so does no Gateway",
	"ListenerSet Accepted False Invalid":                         "what is invalid does not pass the CRDs, or has a reason of its own",
	"ListenerSet Programmed False Invalid":                       "what is invalid does not pass the CRDs, or has a reason of its own",
	"ListenerSet Programmed False PortUnavailable":               "which ports are free is not in files",
}

// TestEveryReason fails if the archives of testdata lack a status that manifests can lead to, or have one that they cannot or that
// the Gateway API does not know.
func TestEveryReason(t *testing.T) {
	produced := map[string]bool{}
	for _, archive := range archives(t) {
		for _, o := range statuses(t, archive) {
			text, err := json.Marshal(o.Typed)
			if err != nil {
				t.Fatal(err)
			}
			collect(t, produced, o.Ref.Kind, text)
		}
	}
	known := map[string]bool{}
	for _, row := range reasons {
		for r := range strings.SplitSeq(row.reasons, ", ") {
			name := fmt.Sprintf("%s %s %s", row.of, row.condition, r)
			known[name] = true
			switch cause, impossible := never[name]; {
			case impossible && produced[name]:
				t.Errorf("%s is produced, though %s", name, cause)
			case !impossible && !produced[name]:
				t.Errorf("%s is not produced by any archive of testdata", name)
			}
		}
	}
	for name := range never {
		if !known[name] {
			t.Errorf("%s is not in the table of reasons", name)
		}
	}
	for name := range produced {
		if !known[name] {
			t.Errorf("%s is produced, but not in the table of reasons", name)
		}
	}
}

// collect adds the conditions of an object as "Kind Condition Status Reason".
func collect(t *testing.T, produced map[string]bool, kind string, object []byte) {
	t.Helper()
	type condition struct{ Type, Status, Reason string }
	type holder struct{ Conditions []condition }
	var o struct {
		Status struct {
			holder
			Listeners, Parents, Ancestors []holder
		}
	}
	if err := json.Unmarshal(object, &o); err != nil {
		t.Fatal(err)
	}
	add := func(of string, holders ...holder) {
		for _, h := range holders {
			for _, c := range h.Conditions {
				produced[fmt.Sprintf("%s %s %s %s", of, c.Type, c.Status, c.Reason)] = true
			}
		}
	}
	add(kind, o.Status.holder)
	add("Listener", o.Status.Listeners...)
	add("Route", o.Status.Parents...)
	add("BackendTLSPolicy", o.Status.Ancestors...)
}
