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

// namespaceCheck tells whether a listener lets routes of the route's namespace attach.
func (c checker) namespaceCheck(r *Route, b *Binding) Check {
	l, namespace := b.Listener, r.Object.Ref.Namespace
	home := l.Object.Ref.Namespace
	pos := l.Object.At(l.field + ".allowedRoutes.namespaces.from")
	const from = "allowedRoutes.namespaces.from is"
	switch {
	case l.selector.from == gatewayv1.NamespacesFromSelector:
		return c.selectorOutcome(namespace, b)
	case b.namespace:
		return pass(checkNamespace, pos, "namespace %s: %s %s", namespace, from, string(l.selector.from))
	case l.selector.from == gatewayv1.NamespacesFromSame:
		return deny(checkNamespace, NotAllowedByListeners, pos, "namespace %s: %s Same, and the Gateway is in %s", namespace, from, home).
			fix(allowNamespaces(l, "from: Selector\nselector:\n"+indent(inNamespaces(home, namespace), 1)))
	}
	return deny(checkNamespace, NotAllowedByListeners, pos, "namespace %s: %s %s", namespace, from, string(l.selector.from)).
		fix(allowNamespaces(l, "from: Selector\nselector:\n"+indent(inNamespaces(namespace), 1)))
}

// allowNamespaces shows two ways to write allowedRoutes.namespaces: for one more namespace, and for all.
func allowNamespaces(l *Listener, narrow string) string {
	return say("set allowedRoutes.namespaces of listener %s of %s%s to allow this namespace too:",
		l.Name(), l.Object.Ref, place(l.Object.At(l.field+".allowedRoutes.namespaces"))) +
		"\n  namespaces:\n" + indent(narrow, 2) + "\nor to allow every namespace:\n  namespaces:\n    from: All"
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

// selectorOutcome tells how a namespace's labels fare with a listener's selector.
func (c checker) selectorOutcome(namespace string, b *Binding) Check {
	l := b.Listener
	field := l.field + ".allowedRoutes.namespaces.selector"
	pos := l.Object.At(field)
	selector := l.selector.labels.String()
	switch {
	case b.namespace && l.selector.labels.Empty():
		return pass(checkNamespace, pos, "namespace %s: the empty selector selects every namespace", namespace)
	case b.namespace:
		return pass(checkNamespace, pos, "namespace %s: its labels match the selector %s", namespace, selector)
	case l.selector.err != nil:
		return deny(checkNamespace, NotAllowedByListeners, pos, "namespace %s: the listener's selector is invalid", namespace).
			fix(selectorCheck(l).Fix)
	case l.Spec.AllowedRoutes.Namespaces.Selector == nil:
		return deny(checkNamespace, NotAllowedByListeners, pos, "namespace %s: from is Selector, and there is no selector", namespace).
			fix(allowNamespaces(l, "from: Selector\nselector:\n"+indent(inNamespaces(namespace), 1)))
	}
	known, exists := c.labels(namespace)
	detail := "namespace %s: its labels do not match the selector %s"
	set, remove, ok := missingLabels(l.selector.labels, known)
	if ok && !exists {
		detail = "namespace %s: no Namespace object tells its labels, which must match the selector %s"
	}
	check := deny(checkNamespace, NotAllowedByListeners, pos, detail, namespace, selector)
	if !ok {
		return check.fix(widerSelector(l, namespace))
	}
	return check.fix(c.labelFix(namespace, set, remove, exists))
}

// widerSelector shows how to select a namespace that no label would bring into the selection.
func widerSelector(l *Listener, namespace string) string {
	requirements, _ := l.selector.labels.Requirements()
	if len(requirements) == 1 && requirements[0].Key() == corev1.LabelMetadataName && requirements[0].Operator() != selection.NotIn {
		names := append(requirements[0].ValuesUnsorted(), namespace)
		slices.Sort(names)
		return allowNamespaces(l, "from: Selector\nselector:\n"+indent(inNamespaces(names...), 1))
	}
	return say("change the selector of listener %s of %s%s so that it selects namespace %s too", l.Name(), l.Object.Ref,
		place(l.Object.At(l.field+".allowedRoutes.namespaces.selector")), namespace)
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
