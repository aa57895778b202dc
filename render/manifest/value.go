package manifest

import (
	"bytes"
	"errors"
	"fmt"

	kjson "sigs.k8s.io/json"
)

// Value reads text that holds one value in YAML or JSON, as kubectl would: such as what is under a key of a Secret. Whole numbers are
// int64, others float64. The error does not repeat the text.
func Value(text []byte) (any, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if len(text) > MaxFileSize {
		return nil, fmt.Errorf("it has more than %d MiB", MaxFileSize>>20)
	}
	roots, err := parse(text, false, parseYAML)
	if err != nil {
		return nil, errors.New("it is neither JSON nor YAML")
	}
	if len(roots) != 1 {
		return nil, fmt.Errorf("it holds %d documents, not one", len(roots))
	}
	f := &file{budget: 1<<20 + 4*len(text), scratch: new(scratch)}
	d := decoder{file: f, kind: &kind{secret: true}}
	s := &schema{Open: true, Null: true}
	s.compile()
	d.value(roots[0], "", resolveAlias(roots[0]), s)
	if d.failed > 0 {
		return nil, fmt.Errorf("line %d: it holds what JSON has no word for, a key twice, or too many aliases", f.findings[0].Pos.Line)
	}
	var v any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(d.json, &v); err != nil {
		return nil, errors.New("it cannot be decoded")
	}
	return v, nil
}
