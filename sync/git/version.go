package git

import (
	"strings"

	linediff "github.com/go-git/go-git/v5/utils/diff"
	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/gwsync/gwsync/sync"
)

// version tells where the lines of a file stood in a parent.
type version struct {
	parent, child *suspect
	// at are the parent's lines, from 1, by the child's; nil where the files are the same.
	at map[int]int
}

// compare compares the files of a commit and its parent.
func compare(parent, child *suspect) version {
	v := version{parent: parent, child: child}
	if parent.blob == child.blob {
		return v
	}
	v.at = map[int]int{}
	if len(parent.lines) == 0 || len(child.lines) == 0 {
		return v
	}
	before, after := 0, 0
	for _, d := range linediff.Do(strings.Join(parent.lines, "\n"), strings.Join(child.lines, "\n")) {
		n := strings.Count(d.Text, "\n")
		if d.Text != "" && !strings.HasSuffix(d.Text, "\n") {
			n++
		}
		switch d.Type {
		case diffmatchpatch.DiffDelete:
			before += n
		case diffmatchpatch.DiffInsert:
			after += n
		case diffmatchpatch.DiffEqual:
			for i := 1; i <= n; i++ {
				v.at[after+i] = before + i
			}
			before, after = before+n, after+n
		}
	}
	return v
}

// before returns a block as it was in the parent; ok is false if there was none. Of the whole file, the text is that it is the same.
func (v version) before(bl block) (before block, ok bool) {
	before = bl
	switch {
	case bl.line == 0:
		if v.at != nil {
			before.text = "changed"
		}
		return before, true
	case v.at == nil:
		return before, !v.parent.blob.IsZero()
	}
	if before.line, ok = v.at[bl.line]; ok {
		before.text = strings.Join(sync.Block(v.parent.lines, before.line, bl.asked.Col), "\n")
	}
	return before, ok
}
