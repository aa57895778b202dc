package kong

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// This file holds what writes canonical text and what reads it again. Canonical text is JSON without white space, with the members of
// objects in the order of their names, without null members, and with each string and each number spelled in one way only. What reads it
// trusts that it is.
//
// A number has 14 significant digits, and is zero beyond them: that is what Kong keeps of one, and answers.
//
// Source: Kong 3.9.3 encodes numbers as "%.14g", in its database as in its answers and in GET /config (lua-cjson's encode_number_precision,
// and Lua's tostring).

// appendValue appends v, of whatever Go type encoding/json decodes to, as canonical text. Null members of objects are left out unless nulls
// is set. Errors are for what JSON has no word for.
func appendValue(b []byte, v any, nulls bool) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return appendInt(b, int64(v)), nil
	case int64:
		return appendInt(b, v), nil
	case float64:
		return appendFloat(b, v)
	case json.Number:
		return appendNumber(b, v.String())
	case string:
		return appendText(b, v)
	case []string:
		return appendList(b, v, appendText)
	case []any:
		return appendList(b, v, func(b []byte, v any) ([]byte, error) { return appendValue(b, v, nulls) })
	case map[string]any:
		return appendMap(b, v, nulls)
	}
	return nil, fmt.Errorf("a %T is no JSON value", v)
}

// appendText appends a string, which must be UTF-8.
func appendText(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("%q is not UTF-8", s)
	}
	return appendString(b, s), nil
}

func appendList[T any](b []byte, list []T, appendOne func([]byte, T) ([]byte, error)) ([]byte, error) {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendOne(b, v); err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return append(b, ']'), nil
}

func appendMap(b []byte, m map[string]any, nulls bool) ([]byte, error) {
	b = append(b, '{')
	first := len(b)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if m[name] == nil && !nulls {
			continue
		}
		var err error
		if b, err = appendValue(appendName(b, first, name), m[name], nulls); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return append(b, '}'), nil
}

// appendName appends the name of an object's member, after a comma unless it is the first, which begins at first.
func appendName(b []byte, first int, name string) []byte {
	if len(b) > first {
		b = append(b, ',')
	}
	return append(appendString(b, name), ':')
}

// appendNumber appends a number as JSON spells it: as an integer if it is one, whatever it looks like.
func appendNumber(b []byte, s string) ([]byte, error) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return appendInt(b, i), nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("number %s: %w", s, err)
	}
	return appendFloat(b, f)
}

// kept is how many significant digits of a number Kong keeps, and beyond the least integer that has more.
const (
	kept   = 14
	beyond = 1e14
)

func appendInt(b []byte, i int64) []byte {
	if -beyond < i && i < beyond {
		return strconv.AppendInt(b, i, 10)
	}
	return appendRounded(b, float64(i))
}

func appendFloat(b []byte, f float64) ([]byte, error) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil, fmt.Errorf("%v is no JSON number", f)
	case f == math.Trunc(f) && math.Abs(f) < beyond:
		return strconv.AppendInt(b, int64(f), 10), nil
	}
	return appendRounded(b, f), nil
}

// appendRounded appends what Kong keeps of a number.
func appendRounded(b []byte, f float64) []byte {
	if r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'e', kept-1, 64), 64); err == nil { // else it rounds to infinity
		f = r
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.AppendInt(b, int64(f), 10)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// appendString appends s as a JSON string, as encoding/json does without its escapes for HTML.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
		if plainByte[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		escape := escaped(r, size)
		if escape != "" {
			b = append(append(b, s[done:i]...), escape...)
			done = i + size
		}
		i += size
	}
	return append(append(b, s[done:]...), '"')
}

// plainByte says which bytes stand for themselves in a string.
var plainByte = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// escaped returns how a character is spelled in a string, "" for as it is.
func escaped(r rune, size int) string {
	switch r {
	case '"':
		return `\"`
	case '\\':
		return `\\`
	case '\b':
		return `\b`
	case '\f':
		return `\f`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case '\u2028':
		return `\u2028`
	case '\u2029':
		return `\u2029`
	}
	switch {
	case r == utf8.RuneError && size == 1:
		return `\ufffd`
	case r < ' ':
		return fmt.Sprintf(`\u%04x`, r)
	}
	return ""
}

// value decodes canonical text: string, bool, int64, float64, []any, map[string]Value, or nil for null and for no text.
func value(t string) Value {
	if t == "" {
		return nil
	}
	switch t[0] {
	case '"':
		return text(t)
	case '{':
		m := map[string]Value{}
		for name, v := range members(t) {
			m[name] = value(v)
		}
		return m
	case '[':
		list := []any{}
		for v := range elements(t) {
			list = append(list, value(v))
		}
		return list
	case 't', 'f':
		return t[0] == 't'
	case 'n':
		return nil
	}
	if i, err := strconv.ParseInt(t, 10, 64); err == nil {
		return i
	}
	f, _ := strconv.ParseFloat(t, 64) // canonical numbers are in range
	return f
}

// text decodes a string in canonical text; "" for anything else.
func text(t string) string {
	if t == "" || t[0] != '"' {
		return ""
	}
	if strings.IndexByte(t, '\\') < 0 {
		return t[1 : len(t)-1]
	}
	s, err := strconv.Unquote(t) // Go has all escapes that canonical text has
	if err != nil {
		return t[1 : len(t)-1]
	}
	return s
}

// members iterates over the names and values of an object in canonical text, or of any text that skip can read.
func members(t string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if t == "" || t[0] != '{' {
			return
		}
		for i := 1; i < len(t)-1; i++ {
			colon := skip(t, i)
			end := skip(t, colon+1)
			if !yield(text(t[i:colon]), t[colon+1:end]) {
				return
			}
			i = end
		}
	}
}

// lookup returns the value of a field in an entity's canonical text, "" if there is none. It looks no further than the fields' order makes
// it.
func lookup(t, name string) string {
	for i := skip(t, len(`{"id":`)) + 1; i < len(t)-1; i++ {
		colon := skip(t, i)
		end := skip(t, colon+1)
		n := t[i+1 : colon-1]
		if strings.IndexByte(n, '\\') >= 0 {
			n = text(t[i:colon])
		}
		if n >= name {
			if n == name {
				return t[colon+1 : end]
			}
			return ""
		}
		i = end
	}
	return ""
}

// elements iterates over the values in an array in canonical text, whatever stands behind it.
func elements(t string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if t == "" || t[0] != '[' {
			return
		}
		for i := 0; t[i] != ']' && t[i+1] != ']'; {
			end := skip(t, i+1)
			if !yield(t[i+1 : end]) {
				return
			}
			i = end
		}
	}
}

// member returns the value of an object's member, "" if there is none.
func member(t, name string) string {
	for n, v := range members(t) {
		if n == name {
			return v
		}
	}
	return ""
}

// skip returns where the value that begins at t[i] ends.
func skip(t string, i int) int {
	switch t[i] {
	case '"':
		return skipString(t, i)
	case '{', '[':
		for depth := 0; ; i++ {
			switch t[i] {
			case '"':
				i = skipString(t, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for ; i < len(t); i++ {
		switch t[i] {
		case ',', ']', '}':
			return i
		}
	}
	return i
}

// skipString returns where the string that begins at t[i] ends.
func skipString(t string, i int) int {
	for {
		i += 1 + strings.IndexByte(t[i+1:], '"')
		escapes := i
		for t[escapes-1] == '\\' {
			escapes--
		}
		if (i-escapes)%2 == 0 {
			return i + 1
		}
	}
}

// sortSet puts the array that b ends with, beginning at b[start], in order, and leaves out what is in it twice.
func sortSet(b []byte, start int) []byte {
	if isPlainSet(b[start:]) {
		return b
	}
	t := string(b[start:])
	if isSet(t) {
		return b
	}
	list := slices.SortedFunc(elements(t), compareElements)
	b = append(b[:start], '[')
	for i, e := range slices.Compact(list) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, e...)
	}
	return append(b, ']')
}

// isPlainSet reports whether t is an array of strings without escapes that are in order, each but once, as nearly all sets are.
func isPlainSet(t []byte) bool {
	var before []byte
	for i := 1; i < len(t)-1; i++ {
		if t[i] != '"' {
			return false
		}
		end := i + stringLen(t[i:])
		v := t[i+1 : end-1]
		if before != nil && bytes.Compare(before, v) >= 0 || bytes.IndexByte(v, '\\') >= 0 {
			return false
		}
		before, i = v, end
	}
	return t[0] == '['
}

// isSet reports whether t is no array, or one whose elements are in order, each but once.
func isSet(t string) bool {
	before := ""
	for e := range elements(t) {
		if before != "" && compareElements(before, e) >= 0 {
			return false
		}
		before = e
	}
	return true
}

// compareElements orders the elements of sets: strings as such, all else as text.
func compareElements(a, b string) int {
	return cmp.Or(strings.Compare(elementKey(a), elementKey(b)), strings.Compare(a, b))
}

func elementKey(t string) string {
	if t[0] == '"' {
		return text(t)
	}
	return t
}
