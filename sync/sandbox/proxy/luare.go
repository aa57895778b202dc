package proxy

import (
	"regexp"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// ngxRe is ngx.re. Expressions are Go's, which has no look-around and no back-references: code that uses these is not modelled.
//
// Source: OpenResty's lua-nginx-module, README.markdown, "ngx.re.match" and what follows it.
func (t *luaThread) ngxRe() *lua.LTable {
	cache := map[[2]string]*regexp.Regexp{}
	compile := func(l *lua.LState) *regexp.Regexp {
		key := [2]string{l.CheckString(2), l.OptString(3, "")}
		if re := cache[key]; re != nil {
			return re
		}
		re := t.compileRe(l, key[0], key[1])
		if len(cache) < 1000 {
			cache[key] = re
		}
		return re
	}
	return t.module("ngx.re", functions{
		"match": func(l *lua.LState) int {
			re, subject := compile(l), l.CheckString(1)
			from := t.reContext(l)
			at := re.FindStringSubmatchIndex(subject[from:])
			if at == nil {
				l.Push(lua.LNil)
				return 1
			}
			t.advance(l, from+at[1])
			l.Push(t.matchTable(re, subject[from:], at))
			return 1
		},
		"find": func(l *lua.LState) int {
			re, subject := compile(l), l.CheckString(1)
			from := t.reContext(l)
			at := re.FindStringSubmatchIndex(subject[from:])
			n := 2 * l.OptInt(5, 0)
			if at == nil || n < 0 || n+1 >= len(at) || at[n] < 0 {
				l.Push(lua.LNil)
				return 1
			}
			t.advance(l, from+at[1])
			l.Push(lua.LNumber(from + at[n] + 1))
			l.Push(lua.LNumber(from + at[n+1]))
			return 2
		},
		"gmatch": func(l *lua.LState) int {
			l.Push(t.matches(l, compile(l), l.CheckString(1)))
			return 1
		},
		"sub":  func(l *lua.LState) int { return t.substitute(l, compileForSub(t, l), 1) },
		"gsub": func(l *lua.LState) int { return t.substitute(l, compileForSub(t, l), -1) },
	}, "opt")
}

// matches returns a function that returns a match after the other, and then nil.
func (t *luaThread) matches(l *lua.LState, re *regexp.Regexp, subject string) *lua.LFunction {
	all, i := re.FindAllStringSubmatchIndex(subject, -1), 0
	return l.NewFunction(func(l *lua.LState) int {
		if i == len(all) {
			l.Push(lua.LNil)
		} else {
			l.Push(t.matchTable(re, subject, all[i]))
			i++
		}
		return 1
	})
}

func compileForSub(t *luaThread, l *lua.LState) *regexp.Regexp {
	return t.compileRe(l, l.CheckString(2), l.OptString(4, ""))
}

func (t *luaThread) compileRe(l *lua.LState, pattern, options string) *regexp.Regexp {
	flags, anchored := "", false
	for _, o := range options {
		switch o {
		case 'i', 's', 'm':
			flags += string(o)
		case 'a':
			anchored = true
		case 'j', 'o', 'u', 'U':
		default:
			t.unmodelled(l, "the option %q of ngx.re", string(o))
		}
	}
	if flags != "" {
		flags = "(?" + flags + ")"
	}
	text := flags + "(?:" + pattern + ")"
	if anchored {
		text = `\A` + text
	}
	re, err := regexp.Compile(text)
	if err != nil {
		t.unmodelled(l, "the regular expression %q", pattern)
	}
	return re
}

// reContext returns where a match begins: what the context table says, the fourth argument.
func (t *luaThread) reContext(l *lua.LState) int {
	table, ok := l.Get(4).(*lua.LTable)
	if !ok {
		return 0
	}
	n, _ := table.RawGetString("pos").(lua.LNumber)
	return min(max(int(n)-1, 0), len(l.CheckString(1)))
}

func (t *luaThread) advance(l *lua.LState, to int) {
	if table, ok := l.Get(4).(*lua.LTable); ok {
		table.RawSetString("pos", lua.LNumber(to+1))
	}
}

// matchTable returns the match and its captures, by number and name; those that matched nothing are false.
func (t *luaThread) matchTable(re *regexp.Regexp, subject string, at []int) *lua.LTable {
	out := t.NewTable()
	for i, name := range re.SubexpNames() {
		var v lua.LValue = lua.LFalse
		if at[2*i] >= 0 {
			v = lua.LString(subject[at[2*i]:at[2*i+1]])
		}
		out.RawSetInt(i, v)
		if name != "" {
			out.RawSetString(name, v)
		}
	}
	return out
}

// substitute is ngx.re.sub and gsub: $1 and ${1} in the replacement are captures, $$ is a dollar sign.
func (t *luaThread) substitute(l *lua.LState, re *regexp.Regexp, most int) int {
	subject := l.CheckString(1)
	all := re.FindAllStringSubmatchIndex(subject, most)
	var b strings.Builder
	end := 0
	add := func(s string) {
		t.spend(l, len(s))
		b.WriteString(s)
	}
	for _, at := range all {
		add(subject[end:at[0]])
		if f, ok := l.Get(3).(*lua.LFunction); ok {
			l.Push(f)
			l.Push(t.matchTable(re, subject, at))
			l.Call(1, 1)
			add(luaText14(l.Get(-1)))
			l.Pop(1)
		} else {
			t.expand(l, l.CheckString(3), subject, at, add)
		}
		end = at[1]
	}
	add(subject[end:])
	l.Push(lua.LString(b.String()))
	l.Push(lua.LNumber(len(all)))
	l.Push(lua.LNil)
	return 3
}

var replacement = regexp.MustCompile(`\$(\$|\d+|\{\d+\})`)

func (t *luaThread) expand(l *lua.LState, text, subject string, at []int, add func(string)) {
	end := 0
	for _, m := range replacement.FindAllStringSubmatchIndex(text, -1) {
		add(text[end:m[0]])
		end = m[1]
		digits := strings.Trim(text[m[2]:m[3]], "{}")
		if digits == "$" {
			add("$")
			continue
		}
		n, err := strconv.Atoi(digits)
		if err != nil || 2*n+1 >= len(at) {
			raise(l, "invalid capture %s in the replacement", digits)
		}
		if at[2*n] >= 0 {
			add(subject[at[2*n]:at[2*n+1]])
		}
	}
	add(text[end:])
}
