package manifest

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gwsync/gwsync/render/diag"
)

// document is one YAML or JSON document, or an item of a List.
type document struct {
	root *yaml.Node
	// line is added to the lines of nodes.
	line int
	// apiVersion and kind are as written, or as the list says that holds the document.
	apiVersion, kind string
	// aliased says that an alias stands for the document.
	aliased bool
}

// add deals with a document that may be a list of further ones. What gwsync has no use for is counted.
func (f *file) add(doc document, depth int) {
	const (
		maxLists  = 16
		aliasCost = 64 // an item takes about as much work as so many bytes
	)
	if doc.root.Kind == yaml.ScalarNode && scalarOf(doc.root).is == isNull {
		return // a document of comments only
	}
	if v := f.lookupText(doc.root, "apiVersion"); v != "" {
		doc.apiVersion = v
	}
	if k := f.lookupText(doc.root, "kind"); k != "" {
		doc.kind = k
	}
	items := f.lookup(doc.root, "items")
	if f.budget < 0 && (doc.aliased || slices.ContainsFunc(doc.root.Content, isMerge)) {
		f.reject(doc, CodeAliasLimit, doc.root, "the aliases of this file stand for too much text", "write out what they stand for")
		return
	}
	of, isList := strings.CutSuffix(doc.kind, "List")
	if !isList || items == nil || items.Kind != yaml.SequenceNode {
		f.classify(doc)
		return
	}
	if depth == maxLists {
		f.reject(doc, CodeSyntaxError, doc.root, "lists are nested too deep", "")
		return
	}
	for _, item := range items.Content {
		next := document{root: resolveAlias(item), line: doc.line, aliased: item.Kind == yaml.AliasNode}
		if of != "" { // the items of an HTTPRouteList need not say what they are
			next.apiVersion, next.kind = doc.apiVersion, of
		}
		if next.aliased && f.budget < 0 {
			return // it was said of the item before
		}
		if next.aliased {
			f.spend(aliasCost)
		}
		f.add(next, depth+1)
	}
}

// classify decodes a document of one of our kinds, refuses what was probably meant to be one, and counts the rest.
func (f *file) classify(doc document) {
	t := table()
	group, name := splitGroup(doc.apiVersion)
	k := t.byName[groupKind{group, doc.kind}]
	named := t.groups[doc.kind] // of this kind in whatever group
	var v *version
	if k != nil {
		v = k.version(name)
	}
	switch {
	case f.secretsOnly && doc.apiVersion+" "+doc.kind != "v1 Secret":
		f.reject(doc, CodeInvalidValue, f.lookup(doc.root, "kind"), "only Secrets are read from here",
			"move it to the other manifests: this directory is for Secrets that are not in git")
	case v != nil && v.channel == removed:
		message, hint := k.deprecated(v)
		f.reject(doc, CodeUnknownVersion, f.lookup(doc.root, "apiVersion"), message, hint)
	case v != nil:
		f.decode(doc, k, v)
	case k != nil:
		f.reject(doc, CodeUnknownVersion, f.lookup(doc.root, "apiVersion"), k.name+" is not served as "+quote(doc.apiVersion), k.served())
	case doc.apiVersion == "" && named != nil:
		f.reject(doc, CodeMissingField, doc.root, "apiVersion is required", named.served())
	case doc.kind == "" && group == gatewayGroup:
		f.reject(doc, CodeMissingField, doc.root, "kind is required", "")
	case group == "" && named != nil:
		f.reject(doc, CodeUnknownVersion, f.lookup(doc.root, "apiVersion"),
			"there is no "+named.name+" in "+quote(doc.apiVersion), named.served())
	default:
		f.skip(doc, groupKind{group, doc.kind})
	}
}

// skip counts a document of a kind that is not read, unless it seems to be a misspelling of one that is.
func (f *file) skip(doc document, gk groupKind) {
	near := table().near(gk)
	if near == nil || doc.apiVersion == "" {
		f.seen(doc, gk)
		f.ingress(doc, gk)
		f.kustomization(doc, gk)
		return
	}
	f.reject(doc, CodeUnknownKind, f.lookup(doc.root, "kind"), "there is no kind "+quote(gk.kind)+" in "+quote(doc.apiVersion),
		"did you mean "+near.name+"?")
}

// reject adds a finding about a document that is not decoded; at may be nil.
func (f *file) reject(doc document, code string, at *yaml.Node, message, hint string) {
	at = cmp.Or(at, doc.root)
	f.findings = append(f.findings, diag.Finding{
		Severity: diag.Error, Code: code, Object: nameOf(f.name(doc, nil)), Pos: f.pos(doc.line+at.Line, at.Column),
		Message: message, Hint: hint,
	})
}

// name returns what a document calls itself.
func (f *file) name(doc document, k *kind) Ref {
	meta := f.lookup(doc.root, "metadata")
	r := Ref{Kind: doc.kind, Namespace: f.lookupText(meta, "namespace"), Name: f.lookupText(meta, "name")}
	if k == nil {
		return r
	}
	r.Group, r.Kind = k.group, k.name // live as long as the program
	switch {
	case k.cluster:
		r.Namespace = ""
	case r.Namespace == "":
		r.Namespace = f.namespace
	}
	return r
}

// nameOf returns a reference as findings show it; one that lacks its kind or name is not shown.
func nameOf(r Ref) diag.Object {
	if r.Kind == "" || r.Name == "" {
		return diag.Object{}
	}
	return r.Diag()
}

// decode adds an object of a kind of ours, or findings that say why it is none.
func (f *file) decode(doc document, k *kind, v *version) {
	ref := f.name(doc, k)
	if v.channel != standard {
		message, hint := k.deprecated(v)
		at := cmp.Or(f.lookup(doc.root, "apiVersion"), doc.root)
		f.findings = append(f.findings, diag.Finding{
			Severity: diag.Warning, Code: CodeDeprecatedVersion, Object: nameOf(ref), Pos: f.pos(doc.line+at.Line, at.Column),
			Message: message, Hint: hint,
		})
	}
	if v.convert != nil {
		doc.root = v.convert(doc.root)
	}
	d := &f.decoder
	*d = decoder{file: f, line: doc.line, kind: k, object: nameOf(ref), json: d.json[:0], places: d.places[:0], checks: d.checks[:0],
		asides: d.asides[:0], brief: d.brief[:0], entries: d.entries[:0], path: d.path[:0]}
	d.document(doc.root, v)
	o := &Object{Ref: ref, Version: v.name, places: places{file: f.display, line: doc.line, nodes: f.layouts.of(d.places)}}
	r := d.report(o)
	d.nameRules(f.lookup(doc.root, "metadata"), r)
	if d.failed == 0 {
		d.validate(o)
	}
	if d.failed == 0 {
		o.Typed = d.typedObject(ref.Namespace, doc, r)
	}
	if d.failed > 0 {
		o.Typed = nil
	}
	if ref.Name != "" || o.Typed != nil {
		f.objects = append(f.objects, o)
	}
}

// nameRules checks what the schema cannot say of an object's name: its kind decides on the namespace, and kubectl apply wants a name.
func (d *decoder) nameRules(meta *yaml.Node, r report) {
	if d.kind.cluster && d.file.lookupText(meta, "namespace") != "" {
		r(CodeInvalidValue, "metadata.namespace", "a "+d.kind.name+" is in no namespace", "remove the namespace")
	}
	name := d.file.lookup(meta, "name")
	switch {
	case meta == nil || meta.Kind != yaml.MappingNode || name != nil && !(field{value: name}).isNull():
	case d.file.lookup(meta, "generateName") != nil:
		r(CodeMissingField, "metadata.name", "name is required",
			"generateName makes another object each time and kubectl apply refuses it: write a name instead")
	default:
		r(CodeMissingField, "metadata.name", "name is required", "")
	}
}

// report returns a function that adds findings about an object at hand.
func (d *decoder) report(o *Object) report {
	return func(code, field, message, hint string) {
		d.failed++
		d.file.findings = append(d.file.findings, diag.Finding{
			Severity: diag.Error, Code: code, Object: d.object, Pos: o.At(field), Field: field, Message: message, Hint: hint,
		})
	}
}

// typedObject returns the Go value of the object that was written down as JSON, complete and checked.
func (d *decoder) typedObject(namespace string, doc document, r report) any {
	d.labelRules(r)
	if !d.file.terse || d.kind.terse == nil {
		return d.newObject(d.json, namespace, doc, r)
	}
	text := d.terse()
	if known := d.file.alike.object(d.kind, text); known != nil {
		return known
	}
	typed := d.newObject(text, "", doc, r)
	if d.failed == 0 {
		d.file.alike.keepObject(d.kind, text, typed)
	}
	return typed
}

// newObject reads an object.
func (d *decoder) newObject(text []byte, namespace string, doc document, r report) any {
	typed := d.kind.empty()
	strict, err := readObject(text, typed, d.kind.read(), d.file.alike)
	if err := errors.Join(append(strict, err)...); err != nil { // the schema says more than the Go type, with few exceptions
		message := "the object cannot be decoded"
		if !d.kind.secret {
			message += ": " + quote(err.Error())
		}
		d.failAt(doc.root, CodeInvalidValue, message, "")
		return nil
	}
	if d.kind.complete != nil {
		d.kind.complete(typed)
	}
	meta := typed.(metav1.Object)
	meta.SetNamespace(namespace)
	metadataRules(meta, r)
	if d.kind.rules != nil {
		d.kind.rules(typed, r)
	}
	return typed
}
