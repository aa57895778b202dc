package main

import (
	"slices"

	"github.com/spf13/cobra"
)

// insteadOf says what gwsync has instead of a flag of decK, kubectl or kustomize, given without its hyphens; "" if there is nothing to say.
func insteadOf(cmd *cobra.Command, flag string) string {
	switch flag {
	case "no-color":
		return "gwsync has --color never, and respects NO_COLOR"
	case "s", "state":
		return "gwsync reads manifests of the Gateway API, and no file of Kong's own format: name them with -f or --path"
	case "select-tag":
		return "gwsync changes only what carries the tag gwsync:INSTANCE: see --instance and --adopt-tag"
	case "skip-consumers", "skip-ca-certificates", "skip-consumers-with-consumer-groups":
		return "no need to: gwsync leaves alone what it has not made"
	case "non-zero-exit-code":
		return "gwsync has --exit-code"
	case "json-output":
		return "gwsync has -o json"
	case "dry-run":
		return "gwsync diff shows what apply would change"
	case "prune":
		return "what no manifest asks for any more is deleted anyway, but for --no-prune"
	case "k", "kustomize":
		return "kustomize build DIR | gwsync " + cmd.Name() + " -f -"
	case "R", "recursive":
		return "leave it out: a directory is read with all that is below it"
	case "context", "kubeconfig", "all-namespaces":
		return "gwsync asks no cluster: kubectl get ... -o yaml | gwsync " + cmd.Name() + " -f -"
	}
	return ""
}

// ofOthers returns the names of the verbs that have a flag.
func ofOthers(root *cobra.Command, flag string) []string {
	var names []string
	for _, verb := range root.Commands() {
		if !verb.Hidden && verb.Flags().Lookup(flag) != nil {
			names = append(names, verb.Name())
		}
	}
	return names
}

// verbsMeant returns the verbs that a word may stand for: those that are spelled much like it, or that do what other tools call so.
func verbsMeant(root *cobra.Command, word string) []string {
	others := map[string][]string{
		"lint":    {"check", "validate", "verify"},
		"explain": {"describe", "why"},
		"status":  {"get"},
		"dump":    {"export"},
		"apply":   {"deploy"},
		"render":  {"build", "convert", "template"},
	}
	var names, known []string
	for _, verb := range root.Commands() {
		if verb.Hidden {
			continue
		}
		known = append(known, verb.Name())
		if slices.Contains(others[verb.Name()], word) {
			names = append(names, verb.Name())
		}
	}
	if len(names) > 0 {
		return names
	}
	return nearest(word, known)
}
