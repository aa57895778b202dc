package route

import "fmt"

// outranks returns why Kong tries e before o, in words. It is only asked if so it is.
func (e *entry) outranks(o *entry) string {
	_, isExpression := e.part.Field("expression")
	_, isOther := o.part.Field("expression")
	stream := isStream(e.part)
	reason := ""
	switch overflows := !isExpression && !stream && e.priority>>63 != 0; {
	case e.priority == o.priority:
		return "of equal priority, the winner has the higher id: " + e.part.ID() + " against " + o.part.ID()
	case isExpression && isOther:
		return fmt.Sprintf("the winner has the higher priority: %d against %d", integer(e.part, "priority"), integer(o.part, "priority"))
	case isExpression:
		return "the winner has an expression, which ranks above classic routes"
	case overflows:
		reason = "its weight overflows, as with four kinds of criteria, or a regex_priority of 4096 or below 0"
	case stream:
		reason = streamReason(e.priority, o.priority)
	default:
		reason = weigh(e.part).outweighs(weigh(o.part))
	}
	return fmt.Sprintf("the winner ranks higher: %s (%#x against %#x)", reason, e.priority, o.priority)
}

// outweighs names what w weighs more by than v.
func (w weight) outweighs(v weight) string {
	sameCriteria, sameHeaders := w.criteria == v.criteria, w.headers == v.headers
	noPriorities := w.regexPriority == 0 && v.regexPriority == 0
	switch {
	case w.plainHosts != v.plainHosts:
		return "it has hosts, none of them with a wildcard"
	case w.regexPath != v.regexPath:
		return "it has a regex path"
	case w.mixed() == v.mixed():
		return fmt.Sprintf("its path is longer: %d bytes against %d", w.prefix, v.prefix)
	case noPriorities && !sameCriteria:
		return fmt.Sprintf("it has more kinds of criteria: %d against %d", w.criteria, v.criteria)
	case noPriorities:
		return fmt.Sprintf("it has more headers: %d against %d", w.headers, v.headers)
	case sameCriteria && sameHeaders:
		return fmt.Sprintf("its regex_priority is higher: %d against %d", w.regexPriority, v.regexPriority)
	}
	return fmt.Sprintf("its kinds of criteria, headers and regex_priority, which Kong mixes, are %d, %d and %d against %d, %d and %d",
		w.criteria, w.headers, w.regexPriority, v.criteria, v.headers, v.regexPriority)
}

// streamReason names the highest bit by which a classic route of streams ranks above another.
func streamReason(winner, loser uint64) string {
	for _, bit := range []struct {
		at   int
		name string
	}{
		{61, "snis, or both sources and destinations"},
		{7, "a source's address"}, {6, "a source's port"}, {4, "a source's network"},
		{3, "a destination's address"}, {2, "a destination's port"}, {0, "a destination's network"},
	} {
		if winner>>bit.at&1 > loser>>bit.at&1 {
			return "it names " + bit.name
		}
	}
	return "its weight is higher"
}
