package sync_test

import (
	"strings"
	"testing"

	"github.com/gwsync/gwsync/sync"
)

func TestBlock(t *testing.T) {
	const text = `# a comment
spec:
  rules:
  - name: a
    matches:
    - path: x

    # about the filters
    filters: [y]
  # between
  - name: b
  hosts: |
    text
    more
  list:
  - 1
  - 2
  after: z
---
spec: {}
`
	lines := strings.Split(text, "\n")
	for _, test := range []struct {
		line, col int
		want      string
	}{
		{4, 5, "  - name: a\n    matches:\n    - path: x\n\n    # about the filters\n    filters: [y]"},
		{5, 5, "    matches:\n    - path: x\n\n    # about the filters\n    filters: [y]"},
		{11, 5, "  - name: b"},
		{12, 10, "  hosts: |\n    text\n    more"},
		{16, 3, "  - 1\n  - 2"},
		{18, 10, "  after: z"},
		{2, 1, strings.Join(lines[1:18], "\n")},
		{20, 1, "spec: {}"},
		{4, 99, "  - name: a\n    matches:\n    - path: x\n\n    # about the filters\n    filters: [y]"},
		{0, 1, ""},
		{99, 1, ""},
	} {
		if got := strings.Join(sync.Block(lines, test.line, test.col), "\n"); got != test.want {
			t.Errorf("line %d, column %d:\n%s\nwant\n%s", test.line, test.col, got, test.want)
		}
	}
}
