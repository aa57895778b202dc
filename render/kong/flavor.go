package kong

import "fmt"

// Flavor is a Kong's router_flavor: what its routes can say.
type Flavor string

// The flavors that gwsync renders for. Kong's third, "traditional", is on its way out and reads like
// TraditionalCompatible.
const (
	// TraditionalCompatible is Kong's default: routes have paths, hosts, methods, headers and snis.
	TraditionalCompatible Flavor = "traditional_compatible"
	// Expressions routes have an expression and a priority; classic routes are accepted beside them.
	Expressions Flavor = "expressions"
)

// ParseFlavor returns the flavor of that name, or an error that names the valid ones.
func ParseFlavor(s string) (Flavor, error) {
	switch f := Flavor(s); f {
	case TraditionalCompatible, Expressions:
		return f, nil
	case "traditional":
		return TraditionalCompatible, nil
	}
	return "", fmt.Errorf("unknown router flavor %q: want %s or %s", s, Expressions, TraditionalCompatible)
}
