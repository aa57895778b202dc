package diag

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable returns s as one line of text that a terminal shows as it is: whatever is not printable by [strconv.IsPrint] is
// written as its escape in Go. That covers escape sequences, line ends, bytes that are no UTF-8, and the invisible characters that
// reorder or hide text (Unicode's Cf), which can make a line of a review read as another.
func Printable(s string) string {
	if IsPrintable(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i])|0x100, 16)[1:])
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		i += size
	}
	return b.String()
}

// PrintableLines returns [Printable] of each line of s, with its tabs as spaces.
func PrintableLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\t", "    "), "\n")
	for i, line := range lines {
		lines[i] = Printable(line)
	}
	return strings.Join(lines, "\n")
}

// Line returns s as one line of printable text in which line ends, tabs and runs of spaces are one space each: for the words of a
// server, whose lines mean nothing here.
func Line(s string) string { return Printable(strings.Join(strings.Fields(s), " ")) }

// IsPrintable reports whether [Printable] has nothing to escape in s.
func IsPrintable(s string) bool {
	for i, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			return false
		}
	}
	return true
}
