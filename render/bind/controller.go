package bind

// Controller returns the controllerName of a Gateway's class: the name under which status is written. Where the manifests do not hold
// the class, that is the first of [Options.Controllers].
func (g *Graph) Controller(gw *Gateway) string {
	if c := g.class(string(gw.Spec.Spec.GatewayClassName)); c.known {
		return c.controller
	}
	return g.options.Controllers[0]
}
