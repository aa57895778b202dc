package bind

// filters resolves the references of filters.
func (b *builder) filters(r *Route, filters []Filter) {
	for i := range filters {
		f := &filters[i]
		if k := f.backend(); k != nil {
			k.Reason = b.resolve(r, k)
			f.Reason = k.Reason
		}
		if f.extends() {
			b.extension(r, f)
		}
	}
}

// backend returns the backend that a filter refers to, or nil.
func (f *Filter) backend() *Backend {
	if f.Mirror != nil {
		return f.Mirror
	}
	return f.Auth
}

// extends reports whether the filter is an object of its own.
func (f *Filter) extends() bool { return f.Extension.Kind != "" }

// filterChecks tells how far the reference of a filter got.
func (c checker) filterChecks(r *Route, f *Filter) []Check {
	if k := f.backend(); k != nil {
		return c.backendChecks(r, k)
	}
	if !f.extends() {
		return nil
	}
	if f.Plugin != nil {
		return c.pluginChecks(r.Object, *f.Plugin)
	}
	field := f.field + ".extensionRef.kind"
	return []Check{deny(checkKind, InvalidKind, r.Object.At(field), "gwsync knows no filters of kind %s of group %q",
		f.Extension.Kind, f.Extension.Group).in(field).fix("remove the filter: no request passes it")}
}

// consequence says what becomes of requests while the reference of a filter does not resolve: a copy is not sent (HR
// HTTPRequestMirrorFilter), but no request passes a filter that is not there (HR HTTPRouteFilter).
func (f *Filter) consequence() string {
	if f.Mirror != nil {
		return "requests are not mirrored"
	}
	return "requests are answered with an error"
}

// explainFilter tells how the reference of a filter was resolved; false if the filter has none.
func (c checker) explainFilter(r *Route, f *Filter) (Explanation, bool) {
	e := Explanation{
		Title: say("filter %d: %s", f.Index, f.Type), Pos: f.Pos, Checks: c.filterChecks(r, f), OK: f.Reason == "", Verdict: "resolved",
	}
	if len(e.Checks) == 0 {
		return Explanation{}, false
	}
	switch k := f.backend(); {
	case f.extends():
		e.Title += say(" to %s", f.Extension)
	case k.Port != 0:
		e.Title += say(" to %s port %d", k.Target, k.Port)
	default:
		e.Title += say(" to %s", k.Target)
	}
	if f.Reason != "" {
		e.Verdict = "not resolved: " + f.Reason + ": " + f.consequence()
	}
	return e, true
}

// explainFilters tells how the references of filters were resolved.
func (c checker) explainFilters(r *Route, filters []Filter) []Explanation {
	var parts []Explanation
	for i := range filters {
		if e, ok := c.explainFilter(r, &filters[i]); ok {
			parts = append(parts, e)
		}
	}
	return parts
}
