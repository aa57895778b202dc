package route

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where and why a text is no expression.
type SyntaxError struct {
	// Line and Column are where the error is, from 1. Columns count characters.
	Line, Column int
	// Message says what is wrong, in Kong's words where Kong has any.
	Message string

	cause  error  // why a regex is none, or nil
	source string // the line
	width  int    // how many characters are wrong, 0 for a place between two
}

// Error returns the message with the place and the line marked under it, as Kong's Admin API prints it.
func (e *SyntaxError) Error() string {
	number := strconv.Itoa(e.Line)
	margin := strings.Repeat(" ", len(number))
	mark := "^---"
	switch {
	case e.width == 1:
		mark = "^"
	case e.width > 1:
		mark = "^" + strings.Repeat("-", e.width-2) + "^"
	}
	indent := []rune(e.source)
	indent = indent[:min(e.Column-1, len(indent))]
	for i, r := range indent {
		if r != '\t' {
			indent[i] = ' '
		}
	}
	return margin + "--> " + number + ":" + strconv.Itoa(e.Column) + "\n" +
		margin + " |\n" +
		number + " | " + e.source + "\n" +
		margin + " | " + string(indent) + mark + "\n" +
		margin + " |\n" +
		margin + " = " + e.Message
}

// Unwrap returns what [CompileRegex] said if the error is about a regex, else nil.
func (e *SyntaxError) Unwrap() error { return e.cause }

// errorAt returns an error about the bytes from start to end.
func (p *parser) errorAt(start, end int, message string) *SyntaxError {
	at, column := place(p.in, start)
	before := p.in[:start]
	line := strings.LastIndexByte(before, '\n') + 1
	source, _, cut := strings.Cut(p.in[line:], "\n")
	if start == end && start < len(p.in) && (p.in[start] == '\n' || p.in[start] == '\r') {
		source = strings.ReplaceAll(source, "\r", "␍")
		if cut {
			source += "␊"
		}
	}
	return &SyntaxError{
		Line:    at,
		Column:  column,
		Message: message,
		source:  strings.ReplaceAll(source, "\r", ""),
		width:   utf8.RuneCountInString(p.in[start:end]),
	}
}

// place returns the line and the column of a byte in s, from 1. Columns count characters.
func place(s string, at int) (line, column int) {
	before := s[:at]
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}
