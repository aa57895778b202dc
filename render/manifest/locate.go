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
func (e *syntaxError) locate(text []byte) {
	if strings.Contains(e.message, "max depth") {
		return // no character is to blame
	}
	t := trial{text: text, budget: 1<<14 + 16*len(text)}
	at, ok := t.opening(e)
	if !ok {
		at, ok = t.mistake()
	}
	if !ok {
		return
	}
	switch c := text[at]; {
	case c == '[' || c == '{':
		e.message += ", in what begins here"
	case (c == '"' || c == '\'') && e.message == endless:
		e.message = "the quoted text that begins here does not end"
	case c == '"' && strings.Contains(e.message, "unknown escape"):
		at = wrongEscape(text, at)
	}
	e.line, e.col = lineAndColumn(text, at)
}

// endless is what the parser says of quoted text.
const endless = "found unexpected end of stream"

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

// trial tries how much of a text can be read.
type trial struct {
	text []byte
	// budget is how many bytes may still be read.
	budget int
}

// opening returns the offset of the quote or bracket that is never closed, which is in the line that the parser says, or in the first
// one: of that one it does not.
func (t *trial) opening(e *syntaxError) (at int, ok bool) {
	if e.message != endless && !strings.HasPrefix(e.message, "did not find expected ',' or ") {
		return 0, false
	}
	for _, line := range []int{e.line, 1} {
		from, end := lineAt(t.text, line)
		for at := from; at < end; at++ {
			if strings.IndexByte("\"'[{", t.text[at]) < 0 {
				continue
			}
			_, before := t.reads(at)
			_, with := t.reads(at + 1)
			_, all := t.reads(end)
			if before && !with && !all && t.budget > 0 {
				return at, true
			}
		}
	}
	return 0, false
}

// mistake returns the offset of the first character with which the text cannot be read, tried from its end: lines first, then the
// characters of the line.
func (t *trial) mistake() (at int, ok bool) {
	lines := []int{0}
	for at := lineLength(t.text); at < len(t.text); at += lineLength(t.text[at:]) {
		lines = append(lines, at)
	}
	end := len(t.text) // what stands before it cannot be read
	for t.budget > 0 {
		last, _ := slices.BinarySearch(lines, end)
		used, reads := t.reads(lines[last-1])
		if reads {
			break
		}
		end = used
	}
	for t.budget > 0 {
		_, n := utf8.DecodeLastRune(t.text[:end])
		used, reads := t.reads(end - n)
		if reads {
			return end - n, true
		}
		end = used
	}
	return 0, false
}

// reads reports whether the text up to an offset can be read. If it cannot, nor can what begins with as much of it as was used.
func (t *trial) reads(end int) (used int, reads bool) {
	const cost = 64 // of the shortest text
	r := bytes.NewReader(t.text[:end])
	_, err := readYAML(oneByte{r})
	used = end - r.Len()
	t.budget -= cost + used
	return used, err == nil
}

// oneByte reads no more than it has to, so that what was used of a text ends soon after a mistake.
type oneByte struct{ r *bytes.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

// lineAt returns where a line begins and ends. Lines count from 1.
func lineAt(text []byte, line int) (from, end int) {
	for end = lineLength(text); line > 1 && end < len(text); line-- {
		from, end = end, end+lineLength(text[end:])
	}
	return from, end
}
