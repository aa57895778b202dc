package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// syntaxError is why a chunk could not be parsed. It does not repeat the chunk's text, which may be a Secret's.
type syntaxError struct {
	// line and col count from the beginning of the chunk and from 1; 0 is unknown.
	line, col     int
	message, hint string
}

func (e *syntaxError) Error() string { return e.message }

// parse returns the root nodes of a chunk's documents: one of YAML, which is for a function to parse, any number of JSON. Lines count
// from the chunk's first.
func parse(text []byte, isJSON bool, parseYAML func([]byte) ([]*yaml.Node, error)) ([]*yaml.Node, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	if body := afterMarker(text); len(body) > 0 && (isJSON || body[0] == '{' || body[0] == '[') {
		roots, err := parseJSON(text, len(text)-len(body))
		if err == nil || isJSON {
			return roots, err
		}
	}
	return parseYAML(text)
}

// afterMarker returns what follows the white space and the document marker at the beginning of a chunk.
func afterMarker(text []byte) []byte {
	const space = " \t\r\n"
	text = bytes.TrimLeft(text, space)
	if isMarker(text, "---") {
		text = bytes.TrimLeft(text[len("---"):], space)
	}
	return text
}

// parseYAML returns the document in text, if there is one.
func parseYAML(text []byte) ([]*yaml.Node, error) {
	roots, err := readYAML(bytes.NewReader(text))
	if err != nil {
		return nil, explain(text, err)
	}
	return roots, nil
}

var errConfused = errors.New("the YAML parser cannot make sense of this document")

// readYAML returns the documents that r holds. It reads no further than the first mistake.
func readYAML(r io.Reader) (roots []*yaml.Node, err error) {
	defer func() {
		if recover() != nil { // the parser's comment handling panics on some broken documents
			roots, err = nil, errConfused
		}
	}()
	d := yaml.NewDecoder(r)
	for {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return roots, nil
		}
		if err != nil {
			return nil, err
		}
		roots = append(roots, doc.Content...)
	}
}

// explain turns the parser's words into an error.
func explain(text []byte, err error) *syntaxError {
	e := &syntaxError{message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if rest, ok := strings.CutPrefix(e.message, "line "); ok {
		number, rest, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); err == nil {
			e.line, e.message = n, rest
		}
	}
	for _, message := range []string{"key", "node content", "'-' indicator", "',' or ']'", "',' or '}'"} {
		if e.message == "did not find expected "+message { // the parser counts these lines from 0
			e.line++
		}
	}
	if name, ok := strings.CutPrefix(e.message, "unknown anchor '"); ok { // neither a line nor a name that may be a password
		name = "*" + strings.TrimSuffix(name, "' referenced")
		e.message = "an alias (*name) has no anchor (&name) before it"
		e.line = lineCount(text[:max(0, bytes.Index(text, []byte(name)))+1])
	}
	if e.line == 0 {
		e.line = 1 // the parser does not say so
	}
	switch {
	case bytes.Contains(text, []byte("{{")):
		e.hint = templateHint
	case strings.Contains(e.message, "cannot start any token"):
		e.hint = "indent with spaces, not tabs; put quotes around text that begins with @, ` or %"
	}
	return e
}

// templateHint is for the templates of a Helm chart, which are no manifests yet.
const templateHint = "this looks like a template: give gwsync what it renders to, such as the output of helm template"

// checkText returns an error at the first character that a manifest must not have (YAML 1.2.2, section 5.1).
func checkText(text []byte) error {
	for i := 0; i < len(text); {
		if c := text[i]; ' ' <= c && c <= '~' || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		invalid := r == utf8.RuneError && n == 1
		switch {
		case r == 0:
			return syntaxErrorAt(text, i, "a NUL byte is not allowed", "if the file is UTF-16, save it as UTF-8")
		case (invalid || !isPrintable(r) && breakLength(text[i:]) == 0) && isBinary(text):
			return syntaxErrorAt(text, i, "this is a binary file, not text",
				"keep it out of the directory, or rename it: *.yaml, *.yml and *.json are read")
		case invalid:
			return syntaxErrorAt(text, i, "this is not UTF-8 text", "save the file as UTF-8")
		case !isPrintable(r) && breakLength(text[i:]) == 0:
			return syntaxErrorAt(text, i, fmt.Sprintf("the control character %U is not allowed", r), "")
		}
		i += n
	}
	return nil
}

// isBinary reports whether a text that is none has NUL bytes, as programs and archives have, and UTF-16 with its mark at the beginning.
func isBinary(text []byte) bool {
	return bytes.IndexByte(text, 0) >= 0 && !bytes.HasPrefix(text, []byte("\xff\xfe")) && !bytes.HasPrefix(text, []byte("\xfe\xff"))
}

// syntaxErrorAt returns an error at an offset in a text.
func syntaxErrorAt(text []byte, at int, message, hint string) *syntaxError {
	e := &syntaxError{message: message, hint: hint}
	e.line, e.col = lineAndColumn(text, at)
	return e
}

// lineAndColumn returns where in a text an offset is, both from 1.
func lineAndColumn(text []byte, at int) (line, col int) {
	line, col = 1, 1
	for i := 0; i < at; {
		if n := breakLength(text[i:]); n > 0 {
			line, col, i = line+1, 1, i+n
			continue
		}
		_, n := utf8.DecodeRune(text[i:])
		col, i = col+1, i+n
	}
	return line, col
}

func isPrintable(r rune) bool {
	return r == '\t' || ' ' <= r && r <= '~' || 0xa0 <= r && r <= 0xd7ff || 0xe000 <= r && r <= 0xfffd && r != 0xfeff || r >= 0x10000
}
