package manifest

import "bytes"

// chunk is the part of a file that holds one YAML document, or some JSON values one after the other.
type chunk struct {
	text []byte
	// line is the number of the chunk's first line in the file.
	line int
}

// split cuts a file before each "---" at the beginning of a line, and before what follows a "..." there. YAML forbids both
// inside a document, so that a document with a mistake in it does not take its neighbours along. What stands before the
// first document (comments, %YAML) belongs to it. The chunks together are the file.
func split(data []byte) []chunk {
	var chunks []chunk
	start, startLine := 0, 1
	begun, ended := false, false // whether the chunk has more than comments and directives, and whether it has a "..."
	line := 1
	for at := 0; at < len(data); line++ {
		n := lineLength(data[at:])
		text := data[at : at+n]
		aside, end := isAside(text), isMarker(text, "...")
		if ended && !aside && !end || begun && isMarker(text, "---") {
			chunks = append(chunks, chunk{data[start:at], startLine})
			start, startLine, begun, ended = at, line, false, false
		}
		begun = begun || !aside && text[0] != '%'
		ended = ended || end
		at += n
	}
	if start < len(data) {
		chunks = append(chunks, chunk{data[start:], startLine})
	}
	return chunks
}

// isMarker reports whether a line is a document marker, which may have something behind it.
func isMarker(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t' || breakLength(rest) > 0)
}

// isAside reports whether a line is blank or a comment.
func isAside(line []byte) bool {
	for len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		line = line[1:]
	}
	return len(line) == 0 || line[0] == '#' || breakLength(line) > 0
}

// lineLength returns the length of the first line with its break.
func lineLength(data []byte) int {
	for i, c := range data {
		if c == '\n' || c == '\r' || c >= 0x80 {
			if n := breakLength(data[i:]); n > 0 {
				return i + n
			}
		}
	}
	return len(data)
}

// lineCount returns the number of lines; an empty last one counts only if it is the only one.
func lineCount(data []byte) int {
	n := 0
	for at := 0; at < len(data) || n == 0; n++ {
		at += lineLength(data[at:])
	}
	return n
}

// breakLength returns the length of the line break that data begins with, or 0. YAML 1.1 knows five besides CR LF.
func breakLength(data []byte) int {
	if len(data) == 0 {
		return 0
	}
	switch {
	case data[0] == '\n':
		return 1
	case bytes.HasPrefix(data, []byte("\r\n")):
		return 2
	case data[0] == '\r':
		return 1
	case bytes.HasPrefix(data, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(data, []byte("\u2028")), bytes.HasPrefix(data, []byte("\u2029")):
		return 3
	}
	return 0
}
