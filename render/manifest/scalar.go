package manifest

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Kinds of scalars, named as JSON names them.
const (
	isNull    = "null"
	isString  = "string"
	isNumber  = "number"
	isInteger = "integer"
	isBoolean = "boolean"
	isNothing = "" // has no counterpart in JSON
)

// scalar is a scalar node as JSON sees it.
type scalar struct {
	is string
	// text is the string, or the JSON of a number or boolean.
	text string
	// plain says that a string stands for itself: no quotes, no tag made it one.
	plain bool
}

// scalarOf resolves a scalar node as kubectl does, which is as YAML 1.1 has it: yes, no, on, off, y and n are booleans, 010 is
// eight, 0b1 and 1_000 are numbers; a date is a string. Only the base 60 numbers are not known.
func scalarOf(n *yaml.Node) scalar {
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		return tagged(n.Tag, n.Value)
	case n.Style&quoted != 0:
		return scalar{is: isString, text: n.Value}
	}
	return plain(n.Value)
}

// tagged resolves a scalar that has a tag, such as !!str 80.
func tagged(tag, value string) scalar {
	s := plain(value)
	switch tag {
	case "!!null", "!!bool", "!!int":
		want := map[string]string{"!!null": isNull, "!!bool": isBoolean, "!!int": isInteger}[tag]
		if s.is != want {
			return scalar{}
		}
		return s
	case "!!float":
		if s.is != isInteger && s.is != isNumber {
			return scalar{}
		}
		return s
	case "!!binary":
		b, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return scalar{}
		}
		return scalar{is: isString, text: string(b)}
	}
	return scalar{is: isString, text: value}
}

// plain resolves a scalar without quotes and tag.
func plain(v string) scalar {
	str := scalar{is: isString, text: v, plain: true}
	if isNullText(v) {
		return scalar{is: isNull, text: "null"}
	}
	switch c := v[0]; {
	case isDigit(c) || c == '+' || c == '-' || c == '.':
		if s, ok := number(v); ok {
			return s
		}
		return str
	case strings.IndexByte("yYnNtTfFoO", c) < 0:
		return str
	}
	switch v {
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return scalar{is: isBoolean, text: "true"}
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return scalar{is: isBoolean, text: "false"}
	}
	return str
}

func isNullText(v string) bool {
	switch v {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// number resolves what begins like a number, and reports whether it is one.
func number(v string) (scalar, bool) {
	switch v {
	case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
		return scalar{is: isNothing}, true
	}
	digits := strings.ReplaceAll(v, "_", "")
	if v[0] == '.' {
		digits = v
	} else if i, err := strconv.ParseInt(digits, 0, 64); err == nil {
		return scalar{is: isInteger, text: strconv.FormatInt(i, 10)}, true
	} else if u, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return scalar{is: isInteger, text: strconv.FormatUint(u, 10)}, true
	}
	if strings.ContainsAny(digits, "xXpPiInN_") { // what ParseFloat knows and YAML does not
		return scalar{}, false
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsInf(f, 0) {
		return scalar{}, false
	}
	b, err := json.Marshal(f)
	if err != nil {
		return scalar{}, false
	}
	if strings.ContainsAny(string(b), ".e") {
		return scalar{is: isNumber, text: string(b)}, true
	}
	return scalar{is: isInteger, text: string(b)}, true
}

// key returns the text of a mapping's key: JSON's keys are strings, so kubectl turns numbers and booleans into some.
func (s scalar) key() (string, bool) {
	return s.text, s.is != isNull && s.is != isNothing
}

// appendJSON appends the scalar.
func (s scalar) appendJSON(b []byte) []byte {
	if s.is == isString {
		return appendString(b, s.text)
	}
	return append(b, s.text...)
}

// appendString appends a JSON string. What is not UTF-8 becomes the replacement character when it is read.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		if c < ' ' {
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		} else {
			b = append(b, '\\', c)
		}
		from = i + 1
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
