package render

import (
	"fmt"
	"strconv"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
)

// maxTimeout is the longest of Kong's timeouts, nearly 25 days, in milliseconds (kong/db/schema/entities/services.lua).
const maxTimeout = 1<<31 - 2

// limits are how long a rule's requests may take, in milliseconds. 0 means as long as they like, none that the rule does not say.
type limits struct {
	request, backendRequest int64
	set                     bool
}

// limits returns the timeouts of a rule.
func (r *rule) limits() limits {
	if r.rule.HTTP.Timeouts == nil {
		return limits{}
	}
	t := r.rule.HTTP.Timeouts
	l := limits{set: t.Request != nil || t.BackendRequest != nil}
	if t.Request != nil {
		l.request = milliseconds(*t.Request)
	}
	if t.BackendRequest != nil {
		l.backendRequest = milliseconds(*t.BackendRequest)
	}
	return l
}

// attempt is the shorter of the limits there are, which is what one attempt may take; 0 if there is none.
func (l limits) attempt() int64 {
	if l.request == 0 || l.backendRequest == 0 {
		return max(l.request, l.backendRequest)
	}
	return min(l.request, l.backendRequest)
}

// milliseconds returns a duration of the Gateway API (GEP-2257), which the CRDs have checked.
func milliseconds(d gatewayv1.Duration) int64 {
	units := map[string]int64{"h": 3600_000, "m": 60_000, "s": 1000, "ms": 1}
	var total int64
	for rest := string(d); rest != ""; {
		digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		rest = rest[len(digits):]
		unit := rest[:len(rest)-len(strings.TrimLeft(rest, "hms"))]
		if unit == "" {
			return total
		}
		rest = rest[len(unit):]
		n, _ := strconv.ParseInt(digits, 10, 64)
		total += n * units[unit]
	}
	return total
}

// timeouts sets the timeouts of a Service of Kong for a rule's. Kong has one for connecting, and for each wait to send or to receive more:
// an answer that comes in pieces may take longer than that, which a finding says. Kong asks again after a timeout, unless it has no
// retries.
func (t *translator) timeouts(r *rule, usable []bind.Backend, fields map[string]any) {
	l := r.limits()
	if !l.set {
		return
	}
	at := fmt.Sprintf("spec.rules[%d].timeouts", r.rule.Index)
	limit := l.attempt()
	if limit == 0 {
		limit = maxTimeout
	} else if !r.byLua() { // Lua keeps to them to the letter
		t.report(diag.Finding{
			Severity: diag.Info, Code: InexactTimeout, Object: r.bound.Object.Ref.Diag(), Pos: r.bound.Object.At(at), Field: at,
			Message: fmt.Sprintf("Kong waits up to %d ms for the backend to connect, to take the request and to go on with its answer: "+
				"an answer that comes piece by piece may take longer in all", min(limit, maxTimeout)),
		})
	}
	limit = min(limit, maxTimeout)
	for _, name := range []string{"connect-timeout", "write-timeout", "read-timeout"} {
		field := strings.ReplaceAll(name, "-", "_")
		if v, ok := fields[field].(int64); ok && v <= limit && l.attempt() > 0 {
			continue // a stricter one of the backend's own
		} else if ok {
			t.overridden(r, usable, at, name, v)
		}
		fields[field] = limit
	}
	if l.attempt() == 0 {
		return
	}
	if v, ok := fields["retries"].(int64); !ok || l.request > 0 {
		if ok && v > 0 {
			t.overridden(r, usable, at, "retries", v)
		}
		fields["retries"] = int64(0)
	}
}

// overridden says that a field of a rule wins over an annotation of the backends' Services.
func (t *translator) overridden(r *rule, usable []bind.Backend, field, name string, value int64) {
	for _, b := range usable {
		if _, at, ok := annotation(b.Service.Annotations, name); ok {
			f := unsupported(*b.Object, at, fmt.Sprintf("%d does not hold for %s, whose %s says otherwise", value, r.bound.Object.Ref, field))
			f.Severity, f.Code = diag.Warning, OverriddenAnnotation
			f.Related = []diag.Pos{r.bound.Object.At(field)}
			f.Hint = "remove the annotation, or the field of the route"
			t.report(f)
			return
		}
	}
}
