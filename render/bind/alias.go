package bind

import (
	"slices"
	"strings"

	dnsNames "k8s.io/apimachinery/pkg/util/validation"
)

// aliasesAnnotation names further hostnames of a route.
const aliasesAnnotation = "konghq.com/host-aliases"

// HostAliases returns the hostnames that the annotation konghq.com/host-aliases of a route adds to spec.hostnames, in lower case, and the
// entries that are no hostnames.
func HostAliases(annotations map[string]string) (aliases, invalid []string) {
	for entry := range strings.SplitSeq(annotations[aliasesAnnotation], ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		switch name := strings.TrimPrefix(entry, "*."); {
		case entry == "":
		case len(dnsNames.IsDNS1123Subdomain(name)) > 0:
			invalid = append(invalid, entry)
		default:
			aliases = append(aliases, entry)
		}
	}
	return aliases, invalid
}

// addAliases adds to a route's hostnames those of its annotation. A route without hostnames has any already.
func (r *Route) addAliases() {
	if len(r.Hostnames) == 0 {
		return
	}
	aliases, _ := HostAliases(r.Object.Annotations())
	r.specified = len(r.Hostnames)
	for _, a := range aliases {
		if !slices.Contains(r.Hostnames, a) {
			r.Hostnames = append(r.Hostnames, a)
		}
	}
}

// hostnameField returns where a hostname of a route stands.
func (r *Route) hostnameField(i int) string {
	if r.specified > 0 && i >= r.specified {
		return "metadata.annotations[" + aliasesAnnotation + "]"
	}
	return indexed("spec.hostnames", i)
}
