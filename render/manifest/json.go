package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxDepth is how deep JSON values may be nested, as in the YAML parser.
const maxDepth = 10_000

// jsonParser builds the nodes that the YAML parser would, for what YAML reads otherwise: "\ud83d\ude00" is one character.
type jsonParser struct {
	text []byte
	base int // where the decoder started in text
	*json.Decoder
	// at is how far line and col have been counted.
	at, line, col int
}

// parseJSON returns the values that stand in text from base on, one after the other as kubectl allows it.
func parseJSON(text []byte, base int) ([]*yaml.Node, error) {
	p := &jsonParser{text: text, base: base, Decoder: json.NewDecoder(bytes.NewReader(text[base:])), line: 1, col: 1}
	p.UseNumber()
	var roots []*yaml.Node
	for {
		n, err := p.value(0)
		if errors.Is(err, io.EOF) {
			return roots, nil
		}
		if err != nil {
			return nil, p.explain(err)
		}
		roots = append(roots, n)
	}
}

// value returns the next value; io.EOF only where there is none.
func (p *jsonParser) value(depth int) (*yaml.Node, error) {
	t, n, err := p.next()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("exceeded max depth of %d", maxDepth)
	}
	switch t := t.(type) {
	case json.Delim:
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
		if t == '[' {
			n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		}
		for p.More() {
			child, err := p.value(depth + 1)
			if err != nil {
				return nil, inside(err)
			}
			n.Content = append(n.Content, child)
		}
		_, err = p.Token()
		return n, inside(err)
	case string:
		n.Style, n.Value = yaml.DoubleQuotedStyle, t
	default:
		n.Value = "null"
		if t != nil {
			n.Value = fmt.Sprint(t) // a json.Number or a bool
		}
	}
	return n, nil
}

// inside says that the end of the text came too early.
func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// next returns the next token, and a scalar node without a value where it begins.
func (p *jsonParser) next() (json.Token, *yaml.Node, error) {
	from := p.base + int(p.InputOffset())
	t, err := p.Token()
	if err != nil {
		return nil, nil, err
	}
	for bytes.IndexByte([]byte(" \t\r\n,:"), p.text[from]) >= 0 {
		from++
	}
	p.count(from)
	return t, &yaml.Node{Kind: yaml.ScalarNode, Line: p.line, Column: p.col}, nil
}

// count moves line and col on to an offset in text.
func (p *jsonParser) count(to int) {
	for p.at < min(to, len(p.text)) {
		if n := breakLength(p.text[p.at:]); n > 0 {
			p.at, p.line, p.col = p.at+n, p.line+1, 1
			continue
		}
		_, n := utf8.DecodeRune(p.text[p.at:])
		p.at, p.col = p.at+n, p.col+1
	}
}

func (p *jsonParser) explain(err error) *syntaxError {
	offset := p.InputOffset()
	var syntax *json.SyntaxError
	message := err.Error()
	if errors.As(err, &syntax) {
		offset = max(syntax.Offset-1, 0) // it counts the offending byte in
		message = "invalid JSON: " + message
	}
	p.count(p.base + int(offset))
	return &syntaxError{line: p.line, col: p.col, message: message}
}
