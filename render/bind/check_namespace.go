package bind

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/manifest"
)

// door is what lets things in by their namespace: a listener its routes, or a Gateway its ListenerSets.
type door struct {
	selector selector
	holder   manifest.Object
	of       string // what has the door, as people call it: "listener web of Gateway edge/kong"
	name     string // allowedRoutes or allowedListeners
	field    string // of the door's namespaces
	reason   string // of a denial
}

const allowedListeners = "allowedListeners"

func routeDoor(l *Listener) door {
	return door{
		selector: l.selector, holder: l.Object, of: say("listener %s of %s", l.Name(), l.Object.Ref), name: "allowedRoutes",
		field: l.field + ".allowedRoutes.namespaces", reason: NotAllowedByListeners,
	}
}

func listenerSetDoor(gw *Gateway) door {
	return door{
		selector: gw.selector, holder: gw.Object, of: say("%s", gw.Object.Ref), name: allowedListeners,
		field: "spec.allowedListeners.namespaces", reason: NotAllowed,
	}
}

// namespaceCheck tells whether a listener lets routes of the route's namespace attach.
func (c checker) namespaceCheck(r *Route, b *Binding) Check {
	return c.doorCheck(routeDoor(b.Listener), r.Object.Ref.Namespace)
}

// doorCheck tells whether a door is open to a namespace, and what would open it.
func (c checker) doorCheck(d door, namespace string) Check {
	home := d.holder.Ref.Namespace
	pos := d.holder.At(d.field + ".from")
	from := d.name + ".namespaces.from is"
	open := c.admits(d.selector, home, namespace)
	switch {
	case d.selector.from == gatewayv1.NamespacesFromSelector:
		return c.selectorOutcome(d, namespace, open)
	case open:
		return pass(checkNamespace, pos, "namespace %s: "+from+" %s", namespace, string(d.selector.from))
	case d.selector.from == gatewayv1.NamespacesFromSame:
		return deny(checkNamespace, d.reason, pos, "namespace %s: "+from+" Same, and the %s is in %s", namespace, d.holder.Ref.Kind, home).
			fix(d.open("from: Selector\nselector:\n" + indent(inNamespaces(home, namespace), 1)))
	case namespace == home:
		return deny(checkNamespace, d.reason, pos, "namespace %s: "+from+" %s", namespace, string(d.selector.from)).fix(d.open("from: Same"))
	}
	return deny(checkNamespace, d.reason, pos, "namespace %s: "+from+" %s", namespace, string(d.selector.from)).
		fix(d.open("from: Selector\nselector:\n" + indent(inNamespaces(namespace), 1)))
}

// open shows two ways to write the door: for one more namespace, and for all.
func (d door) open(narrow string) string {
	namespaces := func(who string) string {
		text := "namespaces:\n" + indent(who, 1)
		if d.name == allowedListeners { // most Gateways have none yet
			text = d.name + ":\n" + indent(text, 1)
		}
		return "\n" + indent(text, 1)
	}
	return say("set %s.namespaces of %s%s to allow this namespace too:", d.name, d.of, place(d.holder.At(d.field))) + namespaces(narrow) +
		"\nor to allow every namespace:" + namespaces("from: All")
}

// inNamespaces is a label selector for namespaces by name.
func inNamespaces(names ...string) string {
	for i, n := range names {
		names[i] = scalar(n)
	}
	if len(names) == 1 {
		return "matchLabels:\n  " + corev1.LabelMetadataName + ": " + names[0]
	}
	return "matchExpressions:\n- key: " + corev1.LabelMetadataName + "\n  operator: In\n  values: [" + strings.Join(names, ", ") + "]"
}

// selectorOutcome tells how a namespace's labels fare with a door's selector.
func (c checker) selectorOutcome(d door, namespace string, open bool) Check {
	pos := d.holder.At(d.field + ".selector")
	selector := d.selector.labels.String()
	switch {
	case open && d.selector.labels.Empty():
		return pass(checkNamespace, pos, "namespace %s: the empty selector selects every namespace", namespace)
	case open:
		return pass(checkNamespace, pos, "namespace %s: its labels match the selector %s", namespace, selector)
	case d.selector.err != nil:
		return deny(checkNamespace, d.reason, pos, "namespace %s: the selector of %s is invalid", namespace, d.of).fix(d.selectorCheck().Fix)
	case !d.selector.given:
		return deny(checkNamespace, d.reason, pos, "namespace %s: from is Selector, and there is no selector", namespace).
			fix(d.open("from: Selector\nselector:\n" + indent(inNamespaces(namespace), 1)))
	}
	known, exists := c.labels(namespace)
	detail := "namespace %s: its labels do not match the selector %s"
	set, remove, ok := missingLabels(d.selector.labels, known)
	if ok && !exists {
		detail = "namespace %s: no Namespace object tells its labels, which must match the selector %s"
	}
	check := deny(checkNamespace, d.reason, pos, detail, namespace, selector)
	if !ok {
		return check.fix(d.widen(namespace))
	}
	return check.fix(c.labelFix(namespace, set, remove, exists))
}

// selectorCheck tells what is wrong with a selector that cannot be evaluated.
func (d door) selectorCheck() Check {
	field := d.field + ".selector"
	return deny(checkSelector, InvalidSelector, d.holder.At(field),
		"the selector cannot be evaluated and selects no namespace: %s", d.selector.err.Error()).in(field).
		fix("correct the selector: In and NotIn need values, Exists and DoesNotExist take none")
}

// widen shows how to select a namespace that no label would bring into the selection.
func (d door) widen(namespace string) string {
	requirements, _ := d.selector.labels.Requirements()
	if len(requirements) == 1 && requirements[0].Key() == corev1.LabelMetadataName && requirements[0].Operator() != selection.NotIn {
		names := append(requirements[0].ValuesUnsorted(), namespace)
		slices.Sort(names)
		return d.open("from: Selector\nselector:\n" + indent(inNamespaces(names...), 1))
	}
	return say("change the selector of %s%s so that it selects namespace %s too", d.of, place(d.holder.At(d.field+".selector")), namespace)
}

// labelFix shows which labels the Namespace lacks, and which it must not have.
func (c checker) labelFix(namespace string, set map[string]string, remove []string, exists bool) string {
	var fixes []string
	if len(set) > 0 {
		fixes = append(fixes, c.setLabels(namespace, set, exists))
	}
	if len(remove) > 0 {
		fixes = append(fixes, say("remove from Namespace %s%s the label %s", namespace, c.labelsPlace(namespace), listing(remove)))
	}
	return strings.Join(fixes, "\n")
}

func (c checker) setLabels(namespace string, set map[string]string, exists bool) string {
	var lines strings.Builder
	for _, k := range slices.Sorted(maps.Keys(set)) {
		fmt.Fprintf(&lines, "\n    %s: %s", scalar(k), scalar(set[k]))
	}
	if exists {
		return say("label Namespace %s%s:", namespace, c.labelsPlace(namespace)) + "\n" + indent("metadata:\n  labels:"+lines.String(), 1)
	}
	return "add the Namespace with its labels:\n" +
		indent("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: "+scalar(namespace)+"\n  labels:"+lines.String(), 1)
}

func (c checker) labelsPlace(namespace string) string {
	return place(c.at(manifest.Ref{Kind: "Namespace", Name: namespace}, "metadata.labels"))
}

// missingLabels returns the labels to set on and to remove from a namespace so that the selector matches it. It cannot if that takes
// another name or if the selector contradicts itself.
func missingLabels(s labels.Selector, have labels.Set) (set map[string]string, remove []string, ok bool) {
	requirements, selectable := s.Requirements()
	if !selectable {
		return nil, nil, false
	}
	after := labels.Set{}
	maps.Copy(after, have)
	set = map[string]string{}
	for _, r := range requirements {
		if r.Matches(after) {
			continue
		}
		switch r.Operator() {
		case selection.In, selection.Equals, selection.DoubleEquals:
			set[r.Key()] = slices.Min(r.ValuesUnsorted())
			after[r.Key()] = set[r.Key()]
		case selection.Exists:
			set[r.Key()], after[r.Key()] = "true", "true"
		default:
			remove = append(remove, r.Key())
			delete(after, r.Key())
		}
	}
	_, renames := set[corev1.LabelMetadataName]
	return set, remove, !renames && !slices.Contains(remove, corev1.LabelMetadataName) && s.Matches(after)
}
