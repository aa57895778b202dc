package manifest

import (
	"fmt"
	"strings"
	"testing"
)

// TestLimits loads what is too large, too long or too many for the API server, and what is just not.
func TestLimits(t *testing.T) {
	const mebi = 1 << 20
	meta := "apiVersion: v1\nkind: %s\nmetadata: {name: a}\n"
	slice := "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: a}\naddressType: IPv4\n"
	annotated := func(n int) string {
		return "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  annotations:\n    key: " + strings.Repeat("a", n) + "\n"
	}
	for _, tt := range []struct{ name, fine, refused, want string }{
		{"annotations", annotated(256<<10 - 3), annotated(256<<10 - 2),
			"a.yaml:5:3: InvalidValue metadata.annotations must not have more than 256 KiB in all"},
		{"Secret", fmt.Sprintf(meta, "Secret") + "stringData:\n  key: " + strings.Repeat("a", mebi) + "\n",
			fmt.Sprintf(meta, "Secret") + "stringData:\n  key: " + strings.Repeat("a", mebi) + "\n  more: a\n",
			"a.yaml:1:1: InvalidValue data has 1048577 bytes of data, at most 1048576 (1 MiB) are allowed"},
		{"ConfigMap", fmt.Sprintf(meta, "ConfigMap") + "data:\n  key: " + strings.Repeat("a", mebi) + "\n",
			fmt.Sprintf(meta, "ConfigMap") + "binaryData: {b: YQ==}\ndata:\n  key: " + strings.Repeat("a", mebi) + "\n",
			"a.yaml:1:1: InvalidValue  has 1048577 bytes of data, at most 1048576 (1 MiB) are allowed"},
		{"endpoints", slice + "endpoints:\n" + strings.Repeat("- addresses: [10.0.0.1]\n", 1000),
			slice + "endpoints:\n" + strings.Repeat("- addresses: [10.0.0.1]\n", 1001),
			"a.yaml:5:1: InvalidValue endpoints has 1001 items, at most 1000 are allowed"},
		{"addresses", slice + "endpoints:\n- addresses: [10.0.0.1" + strings.Repeat(", 10.0.0.1", 99) + "]\n",
			slice + "endpoints:\n- addresses: [10.0.0.1" + strings.Repeat(", 10.0.0.1", 100) + "]\n",
			"a.yaml:6:3: InvalidValue endpoints[0].addresses has 101 items, at most 100 are allowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if set, findings := loadBytes(t, []byte(tt.fine)); set.Len() != 1 || len(findings) > 0 {
				t.Errorf("refused what is within the limit: %v", findings)
			}
			set, findings := loadBytes(t, []byte(tt.refused))
			if set.Len() != 0 || len(findings) != 1 {
				t.Fatalf("got %d objects and the findings %v", set.Len(), findings)
			}
			f := findings[0]
			if got := fmt.Sprintf("%s: %s %s %s", f.Pos, f.Code, f.Field, f.Message); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
