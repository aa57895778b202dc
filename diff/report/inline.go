package report

import (
	"slices"
	"strings"
	"unicode"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// maxTokens bounds the work on one value: what takes more is shown as two values.
const maxTokens = 2000

// inline writes what differs between two long values: the words of a line, the lines of a text, or the elements of a list. It
// writes nothing, and says so, where that would be harder to read than both values.
func (p *printer) inline(label string, old, now kong.Value) bool {
	oldList, isList := old.([]any)
	nowList, both := now.([]any)
	if isList && both {
		return p.listed(label, items(oldList), items(nowList), false)
	}
	oldText, isText := old.(string)
	nowText, both := now.(string)
	switch {
	case !isText || !both || strings.Contains(oldText+nowText, "-----BEGIN "):
		return false
	case strings.Contains(oldText, "\n") || strings.Contains(nowText, "\n"):
		return p.listed(label, lines(oldText), lines(nowText), true)
	}
	return p.worded(label, words(oldText), words(nowText))
}

func items(list []any) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = plain(list[i])
	}
	return out
}

func lines(s string) []string {
	out := strings.Split(s, "\n")
	for i := range out {
		out[i] = diag.Printable(out[i])
	}
	return out
}

// words splits a line into words and what is between them.
func words(s string) []string {
	var out []string
	start, inWord := 0, false
	for i, r := range s {
		isWord := unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_'
		if i > start && (!isWord || !inWord) {
			out = append(out, diag.Printable(s[start:i]))
			start = i
		}
		inWord = isWord
	}
	return append(out, diag.Printable(s[start:]))
}

// edit is a run of tokens that stay, go or come.
type edit struct {
	op     diffmatchpatch.Operation
	tokens []string
}

// edits compares two lists of tokens. Every distinct token stands for one character in a text that go-diff compares.
func edits(old, now []string) ([]edit, bool) {
	if len(old)+len(now) > maxTokens {
		return nil, false
	}
	const private = 0x100000 // a plane of characters that mean nothing
	runes := map[string]rune{}
	encode := func(tokens []string) []rune {
		out := make([]rune, len(tokens))
		for i, t := range tokens {
			if runes[t] == 0 {
				runes[t] = private + rune(len(runes))
			}
			out[i] = runes[t]
		}
		return out
	}
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0 // the same text whatever the time: the work is bounded by maxTokens
	diffs := dmp.DiffCleanupSemantic(dmp.DiffMainRunes(encode(old), encode(now), false))
	var out []edit
	oldAt, nowAt := 0, 0
	for _, d := range diffs {
		n := len([]rune(d.Text))
		e := edit{op: d.Type}
		if d.Type == diffmatchpatch.DiffInsert {
			e.tokens = now[nowAt : nowAt+n]
		} else {
			e.tokens = old[oldAt : oldAt+n]
			oldAt += n
		}
		if d.Type != diffmatchpatch.DiffDelete {
			nowAt += n
		}
		out = append(out, e)
	}
	return out, slices.ContainsFunc(out, func(e edit) bool { return e.op == diffmatchpatch.DiffEqual })
}

// worded writes one line with [-what goes-] and {+what comes+}.
func (p *printer) worded(label string, old, now []string) bool {
	changes, ok := edits(old, now)
	if !ok {
		return false
	}
	var b strings.Builder
	for i, e := range changes {
		s := strings.Join(e.tokens, "")
		switch e.op {
		case diffmatchpatch.DiffDelete:
			b.WriteString(p.paint(red, "[-"+s+"-]"))
		case diffmatchpatch.DiffInsert:
			b.WriteString(p.paint(green, "{+"+s+"+}"))
		case diffmatchpatch.DiffEqual:
			b.WriteString(abridge(s, i > 0, i < len(changes)-1))
		}
	}
	p.line(label + b.String())
	return true
}

// abridge shortens what stays to what is next to a change, before or after it.
func abridge(s string, before, after bool) string {
	const keep = 30
	r := []rune(s)
	var head, tail []rune
	if before {
		head = r[:min(keep, len(r))]
	}
	if after {
		tail = r[max(0, len(r)-keep):]
	}
	if len(head)+len(tail) >= len(r) {
		return s
	}
	return string(head) + "..." + string(tail)
}

// listed writes a line for each token that goes or comes, and with context for the ones beside them.
func (p *printer) listed(label string, old, now []string, context bool) bool {
	changes, ok := edits(old, now)
	if !ok {
		return false
	}
	const indent = "      "
	p.line(strings.TrimSuffix(label, " "))
	for i, e := range changes {
		for _, t := range e.tokens {
			switch e.op {
			case diffmatchpatch.DiffDelete:
				p.line(indent + p.paint(red, "- "+t))
			case diffmatchpatch.DiffInsert:
				p.line(indent + p.paint(green, "+ "+t))
			case diffmatchpatch.DiffEqual:
			}
		}
		if e.op == diffmatchpatch.DiffEqual && context {
			for _, t := range neighbours(e.tokens, i > 0, i < len(changes)-1) {
				p.line(indent + "  " + t)
			}
		}
	}
	return true
}

// neighbours returns the first and last of what stays, as far as a change is next to it.
func neighbours(tokens []string, before, after bool) []string {
	var out []string
	if before {
		out = append(out, tokens[0])
	}
	if len(tokens) > len(out)+1 || len(tokens) > len(out) && !after {
		out = append(out, "...")
	}
	if last := len(tokens) - 1; after && (last > 0 || !before) {
		out = append(out, tokens[last])
	}
	return out
}
