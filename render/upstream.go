package render

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// share is what an address gets of a Service's requests.
type share struct {
	host   string
	port   int64
	weight int64
}

// shares returns the addresses of the backends and their weights, in the order of the backends. The addresses of a backend divide its
// weight evenly, in whole numbers: all weights are multiplied so that they can. Backends of one address share it.
func (t *translator) shares(r *rule, usable []bind.Backend) []share {
	found := make([][]share, len(usable))
	parts := int64(1)
	for i, b := range usable {
		addresses, err := t.addresses(r, b)
		if err != nil {
			t.report(unsupported(r.bound.Object, fmt.Sprintf("spec.rules[%d].backendRefs[%d]", r.rule.Index, b.Index), err.Error()))
			continue
		}
		found[i] = addresses
		parts = multiple(parts, int64(len(addresses)))
	}
	var out []share
	index := map[share]int{}
	for i, b := range usable {
		for _, s := range found[i] {
			at, ok := index[s]
			if !ok {
				at = len(out)
				index[s] = at
				out = append(out, s)
			}
			out[at].weight += int64(b.Weight) * parts / int64(len(found[i]))
		}
	}
	return out
}

// multiple returns the least common multiple of two numbers. Where weights times that would leave their type, it returns a number so
// large that no weight which Kong has can tell the difference.
func multiple(a, b int64) int64 {
	const most = 1 << 40 // times 1,000,000, the largest weight
	if m := a / gcd(a, b); m <= most/b {
		return m * b
	}
	return most
}

// maxWeight is Kong's largest target weight (kong/db/schema/entities/targets.lua). The Gateway API goes to 1,000,000.
const maxWeight = 65535

// adder adds an entity: it is [translator.add] or [translator.addOnce].
type adder func(k kong.Kind, id string, fields map[string]any, tags []string, origin *kong.Origin) made

// upstream adds an Upstream that leads to several addresses, and its Targets. More are fields of the Upstream beside its name.
func (t *translator) upstream(add adder, r *rule, name string, shares []share, more map[string]any, tags []string, origin *kong.Origin) {
	t.scale(r, shares)
	id := kong.ID(kong.Upstreams, name)
	fields := map[string]any{"name": name}
	maps.Copy(fields, more)
	add(kong.Upstreams, id, fields, tags, origin)
	for _, s := range shares {
		target := s.host + ":" + strconv.FormatInt(s.port, 10)
		add(kong.Targets, kong.ID(kong.Targets, id+":"+target),
			map[string]any{"upstream": id, "target": target, "weight": s.weight}, tags, origin)
	}
}

// scale brings weights into Kong's range, exactly where they have a common divisor.
func (t *translator) scale(r *rule, shares []share) {
	var divisor, largest int64
	for _, s := range shares {
		divisor, largest = gcd(divisor, s.weight), max(largest, s.weight)
	}
	if largest <= maxWeight {
		return
	}
	if largest/divisor > maxWeight {
		field := fmt.Sprintf("spec.rules[%d].backendRefs", r.rule.Index)
		t.report(diag.Finding{
			Severity: diag.Warning, Code: InexactWeight, Object: r.bound.Object.Ref.Diag(), Pos: r.bound.Object.At(field), Field: field,
			Message: fmt.Sprintf("Kong's weights end at %d: the proportions are kept as nearly as that allows", maxWeight),
			Hint:    "use smaller weights of the same proportions",
		})
	}
	for i, s := range shares {
		if largest/divisor <= maxWeight {
			shares[i].weight = s.weight / divisor
		} else {
			shares[i].weight = max(1, s.weight*maxWeight/largest)
		}
	}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// endpoints returns the name of the Upstream that has the endpoints of a backend for Targets. All rules with this backend share it, or a
// Service of many endpoints that many routes lead to would come to their product. It returns false if one address stands for all.
func (t *translator) endpoints(r *rule, b bind.Backend) (string, bool) {
	name := fmt.Sprintf("%s.%s.%d.svc", b.Target.Name, b.Target.Namespace, b.Port)
	if many, known := t.spread[name]; known {
		return name, many
	}
	b.Weight = 1
	shares := t.shares(r, []bind.Backend{b})
	t.spread[name] = len(shares) > 1
	if len(shares) > 1 {
		origin := &kong.Origin{Object: b.Object.Ref.Diag(), Pos: b.Object.At("")}
		t.upstream(t.addOnce, r, name, shares, t.asked(*b.Object), objectTags(b.Object.Ref), origin)
	}
	return name, len(shares) > 1
}
