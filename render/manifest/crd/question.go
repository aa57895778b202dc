package crd

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
)

// question is what a rule asks about a string: one of CEL's functions with another string that is written in the rule.
type question struct {
	function, text string
	answer         func(string) bool
}

// questionsOf returns what a call asks about its first argument, nothing for a call that asks about more than a string.
func questionsOf(function string, of []ast.Expr) []question {
	if len(of) != 2 || (function == "@in") != (of[1].Kind() == ast.ListKind) {
		return nil
	}
	var questions []question
	for _, text := range literals(of[1]) {
		q := question{function: function, text: text}
		switch function {
		case "_==_", "_!=_", "@in":
			q.answer = func(s string) bool { return s == text }
		case "startsWith":
			q.answer = func(s string) bool { return strings.HasPrefix(s, text) }
		case "endsWith":
			q.answer = func(s string) bool { return strings.HasSuffix(s, text) }
		case "contains":
			q.answer = func(s string) bool { return strings.Contains(s, text) }
		case "matches":
			pattern, err := regexp.Compile(text)
			if err != nil {
				return nil
			}
			q.answer = pattern.MatchString
		default:
			return nil
		}
		questions = append(questions, q)
	}
	return questions
}

// literals returns the strings that an expression consists of, if they are written there: one, or a list of some.
func literals(e ast.Expr) []string {
	switch e.Kind() {
	case ast.LiteralKind:
		if text, ok := e.AsLiteral().(types.String); ok {
			return []string{string(text)}
		}
	case ast.ListKind:
		var texts []string
		for _, element := range e.AsList().Elements() {
			if element.Kind() != ast.LiteralKind {
				return nil
			}
			text := literals(element)
			if text == nil {
				return nil
			}
			texts = append(texts, text...)
		}
		return texts
	}
	return nil
}

// ask notes some questions.
func (l *look) ask(questions []question) {
	for _, q := range questions {
		known := false
		for _, k := range l.questions {
			known = known || k.function == q.function && k.text == q.text
		}
		if !known {
			l.questions = append(l.questions, q)
		}
	}
}

// appendAnswers appends the answers of a JSON string to what is asked about it, and its length, on which the cost depends. Of another
// value, or one with escapes, it appends all.
func (l *look) appendAnswers(b, value []byte) []byte {
	if value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 || !utf8.Valid(value) {
		return append(b, value...)
	}
	text := string(value[1 : len(value)-1])
	b = append(b, '?')
	for _, q := range l.questions {
		if q.answer(text) {
			b = append(b, '1')
		} else {
			b = append(b, '0')
		}
	}
	b = strconv.AppendInt(append(b, ' '), int64(len(text)), 10)
	return strconv.AppendInt(append(b, ' '), int64(utf8.RuneCountInString(text)), 10)
}
