package status

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

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
	written := fieldTexts{}
	for _, item := range l.Items { // one by one: as a whole it takes several times the memory of what is written
		if err := written.item(out, item); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "kind: %s\n", l.Kind)
	return out.Flush()
}

// fieldTexts are the fields of objects as they are written in a list, by their JSON: routes that attach alike have one status, and to
// write YAML takes most of the time of a large repository.
type fieldTexts map[string]string

// item writes an item of a list.
func (t fieldTexts) item(w *bufio.Writer, item any) error {
	text, err := json.Marshal(item)
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	mark := "- "
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		field, err := t.of(name, fields[name])
		if err != nil {
			return err
		}
		_, _ = w.WriteString(mark) // Flush says whether it went wrong
		_, _ = w.WriteString(field)
		mark = "  "
	}
	return nil
}

// of returns a field as it is written in an item of a list, behind the first two columns.
func (t fieldTexts) of(name string, value json.RawMessage) (string, error) {
	const many = 1 << 10
	key := name + ":" + string(value)
	if text, ok := t[key]; ok {
		return text, nil
	}
	text, err := yaml.Marshal([]any{map[string]json.RawMessage{name: value}})
	if err != nil {
		return "", err
	}
	if len(t) == many {
		clear(t)
	}
	t[key] = string(text[len("- "):])
	return t[key], nil
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
