package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// MaxFileSize is how many bytes a file may have.
const MaxFileSize = 16 << 20

// lfsPointer begins what git stores in place of a file that Git LFS keeps.
const lfsPointer = "version https://git-lfs.github.com/spec/v1\n"

// source says where a file is.
type source struct {
	fs   fs.FS
	path string
	// display is the file's name in findings.
	display     string
	secretsOnly bool
}

// file is a file while it is read, and what was found in it and in those that were read before.
type file struct {
	source
	namespace string
	terse     bool

	// objects without a Go value are those that the API server would not take.
	objects []*Object
	skipped map[groupKind]sighting
	// ingresses are those of skipped that are for Kong.
	ingresses  sighting
	kustomized kustomized
	findings   diag.List

	// budget is how much text aliases may still stand for. It grows with the file, so that the work is linear in its size.
	budget int
	*scratch
}

// scratch is memory that a worker uses for one object after the other.
type scratch struct {
	data     bytes.Buffer
	decoder  decoder
	outcomes outcomes
	shapes   shapes
	layouts  layouts
	alike    *alike
	// compiled are the schemas whose rules are.
	compiled map[*schema]bool
}

func newScratch() *scratch {
	a := newAlike()
	return &scratch{
		outcomes: outcomes{held: map[outcomeKey]outcome{}}, shapes: newShapes(a), layouts: layouts{},
		alike: a, compiled: map[*schema]bool{},
	}
}

// load reads and decodes a file.
func (f *file) load(from source) {
	f.source = from
	data, err := f.read()
	if err != nil {
		f.findings = append(f.findings, unreadable(f.display, err))
		return
	}
	if len(data) > MaxFileSize {
		f.findings = append(f.findings, diag.Finding{
			Severity: diag.Error, Code: CodeTooLarge, Pos: diag.Pos{File: f.display},
			Message: fmt.Sprintf("the file has more than %d MiB", MaxFileSize>>20), Hint: "split it",
		})
		return
	}
	if bytes.HasPrefix(data, []byte(lfsPointer)) {
		f.findings = append(f.findings, diag.Finding{
			Severity: diag.Error, Code: CodeUnreadable, Pos: f.pos(1, 1),
			Message: "cannot be read: only Git LFS's pointer to it is here", Hint: "run git lfs pull; with actions/checkout, set lfs: true",
		})
		return
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	f.budget = 1<<20 + 4*len(data)
	for _, c := range split(data) {
		f.chunk(c)
	}
}

// read returns the file's content, or the first part of a file that is too large. It is good until the next file is read.
func (f *file) read() ([]byte, error) {
	r, err := f.fs.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f.data.Reset()
	limit := int64(MaxFileSize + 1)
	if info, err := r.Stat(); err == nil && info.Mode().IsRegular() && 0 < info.Size() && info.Size() < limit {
		limit = info.Size() // so that nobody asks what comes behind
		f.data.Grow(int(limit) + bytes.MinRead)
	}
	_, err = f.data.ReadFrom(io.LimitReader(r, limit))
	return f.data.Bytes(), err
}

// chunk decodes the documents of a chunk.
func (f *file) chunk(c chunk) {
	roots, err := parse(c.text, strings.HasSuffix(f.path, ".json"), f.shapes.parse)
	if err != nil {
		f.findings = append(f.findings, f.syntax(c, err))
		return
	}
	before := len(f.findings)
	for _, root := range roots {
		f.add(document{root: root, line: c.line - 1}, 0)
	}
	if bytes.Contains(c.text, []byte("{{")) {
		hintTemplates(c, f.findings[before:])
	}
}

// hintTemplates says of what is wrong in a line of a template that it is one: some templates are valid YAML.
func hintTemplates(c chunk, findings diag.List) {
	if len(findings) == 0 {
		return
	}
	template := map[int]bool{}
	for at, line := 0, c.line; at < len(c.text); line++ {
		n := lineLength(c.text[at:])
		template[line] = bytes.Contains(c.text[at:at+n], []byte("{{"))
		at += n
	}
	for i := range findings {
		if f := &findings[i]; f.Severity == diag.Error && template[f.Pos.Line] {
			f.Hint = templateHint
		}
	}
}

// syntax returns the finding for a chunk that could not be parsed.
func (f *file) syntax(c chunk, err error) diag.Finding {
	found := diag.Finding{Severity: diag.Error, Code: CodeSyntaxError, Pos: f.pos(c.line, 0)}
	var e *syntaxError
	if errors.As(err, &e) {
		if e.col == 0 {
			e.locate(c.text)
		}
		found.Hint = e.hint
		if e.line > 0 {
			found.Pos = f.pos(c.line-1+min(e.line, lineCount(c.text)), e.col)
		}
	}
	found.Message = err.Error()
	return found
}

func (f *file) pos(line, col int) diag.Pos { return diag.Pos{File: f.display, Line: line, Col: col} }

// spend takes work that an alias asked for out of the budget, and reports whether there was enough.
func (f *file) spend(n int) bool {
	f.budget = max(f.budget-n, -1)
	return f.budget >= 0
}

// unreadable returns the finding for a file or directory that could not be read.
func unreadable(display string, err error) diag.Finding {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err // display says which
	}
	return diag.Finding{Severity: diag.Error, Code: CodeUnreadable, Pos: diag.Pos{File: display}, Message: "cannot be read: " + err.Error(),
		Hint: diag.HintOf(err)}
}
