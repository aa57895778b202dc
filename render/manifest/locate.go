package manifest

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// locate finds out where the part of a chunk begins that cannot be read: the YAML parser says of some mistakes only in which line
// the object or list around them begins. What stands before that place can be read; with the character at the place it cannot.
// The work is limited; where it is not enough the parser's line has to do.
func (f *file) locate(text []byte, e *syntaxError) {
	if strings.Contains(e.message, "max depth") {
		return // no character is to blame
	}
	at, ok := f.unreadable(text)
	if !ok {
		return
	}
	switch c := text[at]; {
	case c == '[' || c == '{':
		e.message += ", in what begins here"
	case (c == '"' || c == '\'') && strings.Contains(e.message, "unexpected end of stream"):
		e.message = "the quoted text that begins here does not end"
	case c == '"' && strings.Contains(e.message, "unknown escape"):
		at = wrongEscape(text, at)
	}
	e.line, e.col = 1, 1
	for i := 0; i < at; {
		if n := breakLength(text[i:]); n > 0 {
			e.line, e.col, i = e.line+1, 1, i+n
			continue
		}
		_, n := utf8.DecodeRune(text[i:])
		e.col, i = e.col+1, i+n
	}
}

// wrongEscape returns the offset of the first escape that YAML does not know in the quoted text at an offset (YAML 1.1, section 5.6).
func wrongEscape(text []byte, quote int) int {
	for i := quote + 1; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if strings.IndexByte("0abt\tnvfre \"'/\\N_LPxuU", text[i+1]) < 0 && breakLength(text[i+1:]) == 0 {
			return i
		}
		i++
	}
	return quote
}

// unreadable returns the offset of the first character with which a chunk cannot be read, tried from its end: lines first, then the
// characters of the line.
func (f *file) unreadable(text []byte) (at int, ok bool) {
	lines := []int{0}
	for at := lineLength(text); at < len(text); at += lineLength(text[at:]) {
		lines = append(lines, at)
	}
	end := len(text) // what stands before it cannot be read
	for {
		last, _ := slices.BinarySearch(lines, end)
		used, reads, ok := f.reads(text[:lines[last-1]])
		if !ok {
			return 0, false
		}
		if reads {
			break
		}
		end = used
	}
	for {
		_, n := utf8.DecodeLastRune(text[:end])
		used, reads, ok := f.reads(text[:end-n])
		if !ok || reads {
			return end - n, ok
		}
		end = used
	}
}

// reads reports whether a text is YAML, and whether there was work left to find out. If it is none, so is all that begins with what
// was used of it.
func (f *file) reads(text []byte) (used int, reads, ok bool) {
	const cost = 64 // of the shortest text
	if f.search -= cost; f.search < 0 {
		return 0, false, false
	}
	r := bytes.NewReader(text)
	_, err := readYAML(r)
	used = len(text) - r.Len()
	f.search -= used
	return used, err == nil, true
}
