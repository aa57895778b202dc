package main

import (
	"encoding/json"
	"io"

	"github.com/gwsync/gwsync/render/kong"
	"sigs.k8s.io/yaml"
)

// writeDeckFile writes a state as a file of decK's format: as Kong's declarative one, but that targets stand in their upstreams and
// references are names.
func writeDeckFile(w io.Writer, s kong.State) error {
	doc := map[string]any{"_format_version": "3.0"}
	targets := map[string][]any{}
	for e := range s.Of(kong.Targets) {
		to, _ := e.Ref("upstream")
		fields, err := plain(e)
		if err != nil {
			return err
		}
		delete(fields, "upstream")
		targets[to.ID] = append(targets[to.ID], fields)
	}
	for _, kind := range s.Kinds() {
		if kind == kong.Targets {
			continue
		}
		var list []any
		for e := range s.Of(kind) {
			fields, err := plain(e)
			if err != nil {
				return err
			}
			for ref, to := range e.Refs() {
				parent, _ := s.Get(to)
				fields[ref.Field] = parent.Name()
				if kind == kong.Routes { // where others have a name, decK's schema of routes has an object
					fields[ref.Field] = map[string]any{"name": parent.Name()}
				}
			}
			if kind == kong.Upstreams && targets[e.ID()] != nil {
				fields["targets"] = targets[e.ID()]
			}
			list = append(list, fields)
		}
		doc[string(kind)] = list
	}
	text, err := yaml.Marshal(doc)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func plain(e kong.Entity) (map[string]any, error) {
	var fields map[string]any
	err := json.Unmarshal(e.AppendJSON(nil), &fields)
	return fields, err
}
