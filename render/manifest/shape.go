package manifest

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// shapes are the YAML documents that a worker has read, by their shape, which is the text without the words in it. Repositories hold
// documents of one shape by the hundred, written after one pattern: they are parsed once, and then have their words put in.
//
// A word stands at the end of a line, behind a key or the dash of a list item: name: WORD, - WORD, - "WORD". It consists of what means
// nothing in YAML, so that wherever one of them is a scalar any other one is, too, and everything else stays what and where it is. That
// it is a scalar is not for shapes to say: a shape is of use only if the parser has made one of each word. No scalar's text matters to
// the parser; what 80 or yes mean is up to the decoder.
type shapes struct {
	known map[string]*shape
	// words are the texts of those.
	words *alike
	// text and slots are of the document at hand.
	text  []byte
	slots []slot
}

// shape is what documents of one shape have in common.
type shape struct {
	// roots belong to the document that was read last.
	roots []*yaml.Node
	// scalars are the words, in their order; nil where the parser has not made a scalar of each.
	scalars []*yaml.Node
}

// slot is a word in a document. Lines and columns count from 1.
type slot struct {
	line, col int
	style     yaml.Style
	text      []byte
}

func newShapes(words *alike) shapes { return shapes{known: map[string]*shape{}, words: words} }

// parse returns the root nodes of the documents in a text that is no JSON, which are good until the next call.
func (s *shapes) parse(text []byte) ([]*yaml.Node, error) {
	const longest, many = 1 << 14, 1 << 9 // some MiB of nodes
	if len(text) > longest || bytes.IndexByte(text, '\r') >= 0 {
		return parseYAML(text)
	}
	s.read(text)
	if known := s.known[string(s.text)]; known != nil && known.fill(s.slots, s.words) {
		return known.roots, nil
	}
	roots, err := parseYAML(text)
	if err != nil {
		return nil, err
	}
	if len(s.known) == many {
		clear(s.known)
	}
	s.known[string(s.text)] = &shape{roots: roots, scalars: scalarsAt(roots, s.slots)}
	return roots, nil
}

// fill puts the words of another document in, and reports whether it can.
func (s *shape) fill(words []slot, known *alike) bool {
	if s.scalars == nil {
		return false
	}
	for i, w := range words {
		s.scalars[i].Value = known.word(w.text)
	}
	return true
}

// scalarsAt returns the scalars that the parser has made of some words, nil if not of each.
func scalarsAt(roots []*yaml.Node, words []slot) []*yaml.Node {
	type place struct{ line, col int }
	at := map[place]*yaml.Node{}
	var note func(*yaml.Node)
	note = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && n.Value != "" {
			at[place{n.Line, n.Column}] = n
		}
		for _, c := range n.Content {
			note(c)
		}
	}
	for _, root := range roots {
		note(root)
	}
	scalars := make([]*yaml.Node, 0, len(words))
	for _, w := range words {
		n := at[place{w.line, w.col}]
		if n == nil || n.Style != w.style || n.Value != string(w.text) {
			return nil
		}
		scalars = append(scalars, n)
	}
	return scalars
}

// read takes a text apart into its shape and its words.
func (s *shapes) read(text []byte) {
	s.text, s.slots = s.text[:0], s.slots[:0]
	for line := 1; len(text) > 0; line++ {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			end = len(text)
		}
		if at, style := lastWord(text[:end]); at < end {
			mark, quotes := byte(0), 0
			if style != 0 {
				mark, quotes = text[at], 1
			}
			s.slots = append(s.slots, slot{line: line, col: at + 1, style: style, text: text[at+quotes : end-quotes]})
			s.text = append(append(s.text, text[:at]...), 0, mark) // there is no NUL in the text
		} else {
			s.text = append(s.text, text[:end]...)
		}
		if end < len(text) {
			s.text, end = append(s.text, '\n'), end+1
		}
		text = text[end:]
	}
}

// lastWord returns where the word begins that ends a line, and how it is quoted. A line without one has it where the line ends.
func lastWord(line []byte) (at int, style yaml.Style) {
	const longest = 256 // the parser takes no more than 1024 characters for a key
	end := len(line)
	if end < 3 {
		return end, 0
	}
	at = end - 1
	switch line[at] {
	case '"':
		style = yaml.DoubleQuotedStyle
	case '\'':
		style = yaml.SingleQuotedStyle
	}
	if style != 0 {
		for at--; at >= 0 && isQuotable(line[at]); at-- {
		}
		if at < 0 || line[at] != line[end-1] || at == end-2 {
			return end, 0
		}
	} else {
		for at >= 0 && isPlain(line[at]) {
			at--
		}
		if at++; at == end || !isLowerOrDigit(line[at]) && !isUpper(line[at]) && line[at] != '/' {
			return end, 0
		}
	}
	if end-at > longest || at < 2 || line[at-1] != ' ' || line[at-2] != ':' && line[at-2] != '-' || bytes.IndexByte(line[:at], '#') >= 0 {
		return end, 0
	}
	return at, style
}

// isPlain reports whether a character can stand anywhere in a scalar without quotes but at its beginning.
func isPlain(c byte) bool {
	return isLowerOrDigit(c) || isUpper(c) || c == '-' || c == '_' || c == '.' || c == '/'
}

// isQuotable reports whether a character stands for itself between quotes.
func isQuotable(c byte) bool { return ' ' <= c && c <= '~' && c != '"' && c != '\'' && c != '\\' }
