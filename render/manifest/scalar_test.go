package manifest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	kyaml "sigs.k8s.io/yaml"
)

// FuzzScalar holds scalars to what kubectl makes of them, which reads YAML with sigs.k8s.io/yaml.
func FuzzScalar(f *testing.F) {
	for _, s := range []string{
		"a", "''", "~", "null", "Null", "nULL", "y", "Y", "yes", "YES", "yEs", "n", "no", "on", "Off", "true", "TRUE", "tRUE",
		"false", "0", "-0", "+1", "1_000", "_1", "010", "08", "0o17", "0x1F", "0X1f", "0b101", "-0b101", "0b2", "1e3", "1E-3",
		".5", "5.", "-.5", "1.5e300", "1e999", "9223372036854775807", "9223372036854775808", "18446744073709551616",
		"-9223372036854775809", "0x1p4", "1:30", "2001-01-01", "2001-01-01T00:00:00Z", ".inf", "-.Inf", "+.INF", "+-.inf", ".nan",
		"-.nan", "inf", "nan", "Infinity", "+inf", "1.2.3", ".", "..", "-", "+", "- ", "1.0", "100000000000000000000000",
		"!!str 80", "!!int '80'", "!!int a", "!!float 1", "!!bool yes", "!!null ''", "!!binary aGk=", "!!binary a", "!x y",
		"\"a\\u00e9\\n\"", "'it''s'", "=", "<<",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := "- " + s + "\n"
		var doc yaml.Node
		if strings.HasPrefix(strings.TrimSpace(s)+" ", "! ") {
			return // the tag that says nothing: the parser does not tell it from none
		}
		if strings.ContainsAny(s, "#&*|>%@`\n\r\t") || checkText([]byte(s)) != nil || yaml.Unmarshal([]byte(text), &doc) != nil {
			return
		}
		seq := doc.Content[0]
		if len(seq.Content) != 1 || seq.Content[0].Kind != yaml.ScalarNode {
			return
		}
		data, err := kyaml.YAMLToJSON([]byte(text))
		got := scalarOf(seq.Content[0])
		if err != nil {
			if got.is != isNothing {
				t.Errorf("%s: got %+v, want none: %v", s, got, err)
			}
			return
		}
		var want, have any
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if got.is == isNothing {
			t.Fatalf("%s: got nothing, want %s", s, data)
		}
		if err := json.Unmarshal(append(got.appendJSON([]byte("[")), ']'), &have); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: %s", s, diff)
		}
	})
}
