package main

import "testing"

func TestWrapped(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"lines are joined, and broken anew": {"one two\nthree four five", "one two\nthree four\nfive\n"},
		"paragraphs stay apart":             {"one\n\ntwo\nthree\n", "one\n\ntwo three\n"},
		"what is indented stays":            {"one\ntwo\n  a  very long line\nthree\n", "one two\n  a  very long line\nthree\n"},
		"a word that is too long":           {"one abcdefghijklmn two", "one\nabcdefghijklmn\ntwo\n"},
		"letters count, not bytes":          {"äöü äöü äöü", "äöü äöü\näöü\n"},
		"nothing":                           {"", ""},
	} {
		if got := wrapped(tt.text, 10); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
