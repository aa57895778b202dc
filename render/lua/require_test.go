package lua_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/lua"
)

func TestRequires(t *testing.T) {
	for program, want := range map[string][]string{
		`local a = require("resty.http") local b = require 'cjson.safe'.decode`: {"cjson.safe", "resty.http"},
		`require [[a]] require [==[b]==] require("a")`:                          {"a", "b"},
		"require -- which?\n(\n 'a')":                                           {"a"},
		`-- require("a")`:                                                       nil,
		`--[[ require("a") ]] --[==[ ]] require("b") ]==]`:                      nil,
		`local s = "require('a')" local required = ("b")`:                       nil,
		`require(name) local a = "b"`:                                           nil,
		`local s = "\"" require "a"`:                                            {"a"},
		`require`:                                                               nil,
		`require "a`:                                                            nil,
		``:                                                                      nil,
	} {
		if diff := cmp.Diff(want, lua.Requires(program)); diff != "" {
			t.Errorf("%s:\n%s", program, diff)
		}
	}
}

// FuzzRequires wants an end for any program, and what a program requires whatever comes before it in a comment.
func FuzzRequires(f *testing.F) {
	for _, s := range []string{`require "a"`, `--[=[`, "[=", "[[", `"\`, "require(", "]]", "\n--x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := lua.Requires(s)
		if got := lua.Requires("--[==[ require 'x' ]==]\n" + s); !cmp.Equal(want, got) {
			t.Errorf("%q requires %q, after a comment %q", s, want, got)
		}
	})
}
