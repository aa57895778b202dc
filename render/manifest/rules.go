package manifest

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// report adds a finding about a field of the object at hand.
type report func(code, field, message, hint string)

// invalid reports a value that the API server would refuse.
func (r report) invalid(field, message string) { r(CodeInvalidValue, field, message, "") }

// The rules are those of the CRDs (x-kubernetes-validations) and of the API server's own code that the rest of gwsync could
// not do without. They see an object that agrees with its schema and has its defaults.

// httpRouteRules are the rules of an HTTPRoute.
func httpRouteRules(h *gatewayv1.HTTPRoute, r report) {
	parentRules(h.Spec.ParentRefs, h.Namespace, r)
	const maxMatches = 128
	matches := 0
	names := map[gatewayv1.SectionName]bool{}
	for i := range h.Spec.Rules {
		rule := &h.Spec.Rules[i]
		matches += len(rule.Matches)
		if rule.Name != nil && names[*rule.Name] {
			r(CodeDuplicateItem, fmt.Sprintf("spec.rules[%d].name", i), fmt.Sprintf("another rule has the name %q", *rule.Name), "")
		}
		names[deref(rule.Name)] = rule.Name != nil
		ruleRules(rule, i, r)
	}
	if matches > maxMatches {
		r.invalid("spec.rules", fmt.Sprintf("has %d matches in all, at most %d are allowed", matches, maxMatches))
	}
}

// parentRules says that several references to one parent must each name a part of it, and different ones.
func parentRules(refs []gatewayv1.ParentReference, namespace string, r report) {
	type parent struct{ group, kind, namespace, name string }
	type part struct {
		parent
		section string
		port    gatewayv1.PortNumber
	}
	parents, parts := map[parent]int{}, map[part]bool{}
	key := func(p gatewayv1.ParentReference) parent {
		ns := namespace
		if p.Namespace != nil {
			ns = string(*p.Namespace)
		}
		return parent{string(deref(p.Group)), string(deref(p.Kind)), ns, string(p.Name)}
	}
	for _, p := range refs {
		parents[key(p)]++
	}
	for i, p := range refs {
		field := fmt.Sprintf("spec.parentRefs[%d]", i)
		k := part{key(p), string(deref(p.SectionName)), deref(p.Port)}
		switch {
		case parents[k.parent] > 1 && k.section == "" && k.port == 0:
			r.invalid(field, "must set sectionName or port, since other parentRefs name the same parent")
		case parts[k]:
			r.invalid(field, "has the same parent, sectionName and port as a parentRef before it")
		}
		parts[k] = true
	}
}

// ruleRules are the rules of the rule at an index.
func ruleRules(rule *gatewayv1.HTTPRouteRule, index int, r report) {
	field := func(of string, i int) string { return fmt.Sprintf("spec.rules[%d].%s[%d]", index, of, i) }
	for i := range rule.Matches {
		if message := pathRule(rule.Matches[i].Path); message != "" {
			r.invalid(field("matches", i)+".path.value", message)
		}
	}
	filterRules(rule.Filters, rule.Matches, fmt.Sprintf("spec.rules[%d].filters", index), r)
	for i := range rule.BackendRefs {
		b := &rule.BackendRefs[i]
		portRule(b.BackendObjectReference, func() string { return field("backendRefs", i) }, r)
		if len(b.Filters) > 0 {
			filterRules(b.Filters, rule.Matches, field("backendRefs", i)+".filters", r)
		}
	}
	redirects := func(f gatewayv1.HTTPRouteFilter) bool { return f.RequestRedirect != nil }
	if i := slices.IndexFunc(rule.Filters, redirects); i >= 0 && len(rule.BackendRefs) > 0 {
		r.invalid(field("filters", i), "a rule with a RequestRedirect must not have backendRefs")
	}
}

// portRule says that a reference to a Service needs a port.
func portRule(b gatewayv1.BackendObjectReference, field func() string, r report) {
	if deref(b.Group) == "" && deref(b.Kind) == "Service" && b.Port == nil {
		r(CodeMissingField, field()+".port", "port is required for a Service", "")
	}
}

// pathRule says what is wrong with a path to match, or "". Regular expressions are Kong's business.
func pathRule(p *gatewayv1.HTTPPathMatch) string {
	if p == nil || deref(p.Type) == gatewayv1.PathMatchRegularExpression {
		return ""
	}
	v := deref(p.Value)
	if !strings.HasPrefix(v, "/") {
		return fmt.Sprintf(`must begin with "/", not %s`, quote(v))
	}
	for _, bad := range []string{"//", "/./", "/../", "%2f", "%2F", "#"} {
		if strings.Contains(v, bad) {
			return fmt.Sprintf("must not contain %q", bad)
		}
	}
	for _, bad := range []string{"/..", "/."} {
		if strings.HasSuffix(v, bad) {
			return fmt.Sprintf("must not end with %q", bad)
		}
	}
	if !isPath(v) {
		return "must be letters, digits, /-._~!$&'()*+,;=:@ and %XX, not " + quote(v)
	}
	return ""
}

// isPath reports whether s is made of the characters of a path (RFC 3986, section 3.3).
func isPath(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			i += 2
		case !isLowerOrDigit(c) && !isUpper(c) && strings.IndexByte("-/._~!$&'()*+,;=:@", c) < 0:
			return false
		}
	}
	return true
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// deref returns what p points to, or the zero value.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
