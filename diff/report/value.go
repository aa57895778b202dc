package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// Colors, as parameters of ANSI's SGR sequence.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
)

func (p *printer) paint(color, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// value returns a value of a field on one line. A reference is shown by the name of what it refers to.
func (p *printer) value(c diff.Change, f diff.Field, v kong.Value) string {
	id, ok := v.(string)
	if kind := referenced(c, f); ok && kind != "" {
		return diag.Printable(p.name(kong.Key{Kind: kind, ID: id}))
	}
	return plain(v)
}

func isReference(c diff.Change, f diff.Field) bool { return referenced(c, f) != "" }

// referenced returns the kind that the field's value is an id of, or "".
func referenced(c diff.Change, f diff.Field) kong.Kind {
	row, _ := c.Entity().Kind().Row()
	for _, r := range row.Refs {
		if f.Path == "/"+r.Field+"/id" {
			return r.Kind
		}
	}
	return ""
}

// plain returns a value on one line, much as YAML writes it.
func plain(v kong.Value) string {
	switch v := v.(type) {
	case string:
		return text(v)
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = plain(v[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]kong.Value:
		b, err := json.Marshal(v)
		if err != nil {
			return "(no JSON)"
		}
		return diag.Printable(string(b))
	}
	return fmt.Sprint(v)
}

// text returns a string, in quotes where it could be read as something else.
func text(s string) string {
	if strings.Contains(s, "-----BEGIN ") {
		sum := sha256.Sum256([]byte(s))
		return "(PEM, sha256 " + hex.EncodeToString(sum[:4]) + ")"
	}
	_, err := strconv.ParseFloat(s, 64)
	quote := s == "" || err == nil || s == "true" || s == "false" || !diag.IsPrintable(s) ||
		strings.TrimSpace(s) != s || strings.ContainsAny(s[:1], "\"[{(") && s != diff.Redacted || strings.Contains(s, " -> ")
	if quote {
		return strconv.Quote(s)
	}
	return s
}
