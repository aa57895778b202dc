package bind

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/diag"
)

// say is fmt.Sprintf for people: what comes from the manifests cannot break the line or steer a terminal.
func say(format string, args ...any) string {
	for i, a := range args {
		switch a := a.(type) {
		case string:
			args[i] = diag.Printable(a)
		case fmt.Stringer:
			args[i] = diag.Printable(a.String())
		}
	}
	return fmt.Sprintf(format, args...)
}

// listing joins words as a sentence does: "a, b and c".
func listing(words []string) string { return join(words, len(words), "and") }

// some is listing for a list that may be long: it names the first most words and counts the others.
func some(words []string, most int) string { return join(words, most, "and") }

// either is some for a choice: "a, b or c".
func either(words []string, most int) string { return join(words, most, "or") }

func join(words []string, most int, last string) string {
	n := len(words)
	switch {
	case n > most:
		return fmt.Sprintf("%s %s %d more", strings.Join(words[:most], ", "), last, n-most)
	case n > 1:
		return fmt.Sprintf("%s %s %s", strings.Join(words[:n-1], ", "), last, words[n-1])
	}
	return strings.Join(words, "")
}

// place returns " at file:line:col", or "" if that is not known.
func place(p diag.Pos) string {
	if p.IsZero() {
		return ""
	}
	return " at " + diag.Printable(p.String())
}

// scalar returns s as YAML that reads back as the string s and nothing else: names such as "true" and "8080" are quoted.
func scalar(s string) string {
	if plainScalar(s) {
		return s
	}
	return strconv.QuoteToASCII(s)
}

func plainScalar(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		digit := '0' <= c && c <= '9' || c == '-' || c == '.' || c == '/' || c == '_'
		if !letter && (!digit || i == 0) {
			return false
		}
	}
	return s != "" && !reservedWord(s)
}

// reservedWord reports whether YAML 1.1 reads s, in any case, as something other than a string.
func reservedWord(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return true
	}
	return false
}

// indent puts two spaces a level before every line of s.
func indent(s string, levels int) string {
	pad := strings.Repeat("  ", levels)
	return pad + strings.ReplaceAll(s, "\n", "\n"+pad)
}
