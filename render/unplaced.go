package render

import (
	"slices"

	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// unplacedHint is for an object whose namespace may be that of a kustomization, which is not applied: what to do about the namespace that
// it has without one leads nowhere.
const unplacedHint = "its manifest names no namespace: if a kustomization gives it one, give gwsync what that comes to: " +
	"kustomize build DIR | gwsync lint -f -"

// hintUnplaced replaces the hints of what is not found or not allowed, where it is the namespace that a kustomization would set.
func hintUnplaced(set manifest.Set, read, bound diag.List) {
	if !slices.ContainsFunc(read, func(f diag.Finding) bool { return f.Code == manifest.CodeKustomization }) {
		return
	}
	codes := []string{bind.ParentNotFound, bind.BackendNotFound, bind.RefNotPermitted, bind.TargetNotFound}
	unplaced := map[diag.Object]bool{}
	for o := range set.All() {
		if o.Ref.Namespace != "" && !o.Writes("metadata.namespace") {
			unplaced[o.Ref.Diag()] = true
		}
	}
	for i := range bound {
		if f := &bound[i]; unplaced[f.Object] && slices.Contains(codes, f.Code) {
			f.Hint = unplacedHint
		}
	}
}
