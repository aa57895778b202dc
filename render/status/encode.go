package status

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// list is what kubectl prints for several objects.
type list struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Items      []any  `json:"items"`
}

func listOf(objects []Object) list {
	l := list{APIVersion: "v1", Kind: "List", Items: make([]any, 0, len(objects))}
	for _, o := range objects {
		l.Items = append(l.Items, o.Typed)
	}
	return l
}

// YAML writes the objects as one document, a List, as `kubectl get -o yaml` does.
func YAML(w io.Writer, objects []Object) error {
	l := listOf(objects)
	if len(l.Items) == 0 {
		return writeYAML(w, l)
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "apiVersion: %s\nitems:\n", l.APIVersion)
	for _, item := range l.Items { // one by one: as a whole it takes several times the memory of what is written
		if err := writeYAML(out, []any{item}); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "kind: %s\n", l.Kind)
	return out.Flush()
}

func writeYAML(w io.Writer, v any) error {
	text, err := yaml.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// JSON writes the objects as one document, a List, as `kubectl get -o json` does.
func JSON(w io.Writer, objects []Object) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(listOf(objects))
}
