package proxy

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// luaBase is what every chunk sees: the safe part of Lua's library, and below it kong, ngx and a require that refuses.
//
// Source: Kong 3.9.3, kong/tools/sandbox.lua and kong-lua-sandbox.lua.
type luaBase struct {
	t       *luaThread
	globals map[string]lua.LValue
	below   *lua.LTable // the metatable of environments
}

// safeLua are the names of Lua's own library that the sandbox lets through.
const safeLua = `_VERSION assert error ipairs next pairs pcall select tonumber tostring type unpack xpcall
coroutine.create coroutine.resume coroutine.running coroutine.status coroutine.wrap coroutine.yield
math.abs math.acos math.asin math.atan math.atan2 math.ceil math.cos math.cosh math.deg math.exp math.fmod math.floor math.frexp
math.huge math.ldexp math.log math.log10 math.max math.min math.modf math.pi math.pow math.rad math.random math.sin math.sinh
math.sqrt math.tan math.tanh
os.clock os.date os.difftime os.time
string.byte string.char string.find string.format string.gmatch string.gsub string.len string.lower string.match string.rep
string.reverse string.sub string.upper
table.concat table.insert table.maxn table.remove table.sort`

func newLuaBase(t *luaThread) luaBase {
	for _, lib := range []struct {
		name string
		open lua.LGFunction
	}{
		{lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}, {lua.StringLibName, lua.OpenString},
		{lua.MathLibName, lua.OpenMath}, {lua.OsLibName, lua.OpenOs}, {lua.CoroutineLibName, lua.OpenCoroutine},
	} {
		t.Push(t.NewFunction(lib.open))
		t.Push(lua.LString(lib.name))
		t.Call(1, 0)
	}
	t.containStrings()
	b := luaBase{t: t, globals: map[string]lua.LValue{}, below: t.NewTable()}
	modules := map[string]*lua.LTable{}
	for _, id := range strings.Fields(safeLua) {
		module, name, ok := strings.Cut(id, ".")
		if !ok {
			b.globals[id] = t.GetGlobal(id)
			continue
		}
		if modules[module] == nil {
			modules[module] = t.NewTable()
			b.globals[module] = t.protected(modules[module], module)
		}
		modules[module].RawSetString(name, t.GetField(t.GetGlobal(module), name))
	}
	b.globals["_VERSION"] = lua.LString("Lua 5.1")
	if s, ok := t.GetMetatable(lua.LString("")).(*lua.LTable); ok { // "x":upper() finds the contained functions too
		s.RawSetString("dump", lua.LNil)
	}
	under := t.NewTable()
	under.RawSetString("kong", t.kongModule())
	under.RawSetString("ngx", t.ngxModule())
	under.RawSetString(concatName, t.NewFunction(t.concat))
	under.RawSetString("require", t.NewFunction(t.require))
	b.below.RawSetString("__index", under)
	return b
}

// environment returns the globals of a chunk.
func (b *luaBase) environment() *lua.LTable {
	env := b.t.NewTable()
	for name, v := range b.globals {
		env.RawSetString(name, v)
	}
	env.RawSetString("_G", env)
	env.Metatable = b.below
	return env
}

// protected returns a table that shows a module, and refuses to be written to.
func (t *luaThread) protected(module *lua.LTable, name string) *lua.LTable {
	meta := t.NewTable()
	meta.RawSetString("__index", module)
	meta.RawSetString("__newindex", t.NewFunction(func(l *lua.LState) int {
		l.RaiseError("Can not modify %s.%s. Protected by the sandbox.", name, luaText14(l.Get(2)))
		return 0
	}))
	out := t.NewTable()
	out.Metatable = meta
	return out
}

// containStrings replaces what of Lua's library LuaJIT does otherwise, what could make text without a limit, and what could catch
// the end of the code.
func (t *luaThread) containStrings() {
	t.SetGlobal("tostring", t.NewFunction(func(l *lua.LState) int {
		l.CheckAny(1)
		l.Push(lua.LString(luaText14(l.Get(1))))
		return 1
	}))
	for _, name := range []string{"pcall", "xpcall"} {
		t.SetGlobal(name, t.guarded(t.GetGlobal(name)))
	}
	coroutines := t.GetGlobal("coroutine").(*lua.LTable)
	for _, name := range []string{"resume", "wrap"} {
		coroutines.RawSetString(name, t.guarded(coroutines.RawGetString(name)))
	}
	text := t.GetGlobal("string").(*lua.LTable)
	for _, name := range []string{"char", "lower", "upper", "reverse", "format", "rep", "gsub"} {
		text.RawSetString(name, t.counted(name, text.RawGetString(name)))
	}
	text.RawSetString("match", t.nilForNone(text.RawGetString("match")))
	tables := t.GetGlobal("table").(*lua.LTable)
	tables.RawSetString("concat", t.NewFunction(t.tableConcat))
}

// guarded calls a function that catches errors, and goes on ending if the code has ended.
func (t *luaThread) guarded(f lua.LValue) *lua.LFunction {
	return t.NewFunction(func(l *lua.LState) int {
		l.Insert(f, 1)
		l.Call(l.GetTop()-1, lua.MultRet)
		if t.stopped() {
			t.stop(l)
		}
		return l.GetTop()
	})
}

// nilForNone calls a function, and returns nil where it returns nothing.
func (t *luaThread) nilForNone(f lua.LValue) *lua.LFunction {
	return t.NewFunction(func(l *lua.LState) int {
		l.Insert(f, 1)
		l.Call(l.GetTop()-1, lua.MultRet)
		if l.GetTop() == 0 {
			l.Push(lua.LNil)
		}
		return l.GetTop()
	})
}

// counted calls a function that makes text, and counts it; what could become large is looked at before.
func (t *luaThread) counted(name string, f lua.LValue) *lua.LFunction {
	return t.NewFunction(func(l *lua.LState) int {
		switch name {
		case "rep":
			if n := l.CheckInt(2); n > 0 {
				size := len(l.CheckString(1))
				if size > 0 && n > luaText/size {
					t.spend(l, luaText+1)
				}
			}
		case "format":
			if wideFormat(l.CheckString(1)) {
				raise(l, "invalid format (width or precision too long)")
			}
		case "gsub":
			t.containGsub(l)
		}
		l.Insert(f, 1)
		l.Call(l.GetTop()-1, lua.MultRet)
		if s, ok := l.Get(1).(lua.LString); ok {
			t.spend(l, len(s))
		}
		return l.GetTop()
	})
}

// containGsub bounds what the replacements of a gsub can add up to.
func (t *luaThread) containGsub(l *lua.LState) {
	subject := len(l.CheckString(1))
	switch v := l.Get(3).(type) {
	case lua.LString:
		if len(v) > 0 && subject >= luaText/len(v) {
			t.spend(l, luaText+1)
		}
	case *lua.LTable, *lua.LFunction:
		l.Replace(3, t.NewFunction(func(l *lua.LState) int {
			if table, ok := v.(*lua.LTable); ok {
				l.Push(l.GetTable(table, l.Get(1)))
			} else {
				n := l.GetTop()
				l.Insert(v, 1)
				l.Call(n, 1)
			}
			if s, ok := l.Get(-1).(lua.LString); ok {
				t.spend(l, len(s))
			}
			return 1
		}))
	}
}

// wideFormat reports whether a format asks for a width or precision of more than two digits, which Lua refuses.
func wideFormat(format string) bool {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		digits := 0
		for i++; i < len(format) && strings.IndexByte("-+ #0.123456789", format[i]) >= 0; i++ {
			if digits++; digits > 7 {
				return true
			}
			if format[i] == '.' {
				digits = 3
			}
		}
		if digits > 6 {
			return true
		}
	}
	return false
}

// concat is the operator "..".
func (t *luaThread) concat(l *lua.LState) int {
	var b strings.Builder
	for i := 1; i <= l.GetTop(); i++ {
		switch v := l.Get(i).(type) {
		case lua.LString:
			t.spend(l, len(v))
			b.WriteString(string(v))
		case lua.LNumber:
			b.WriteString(luaText14(v))
		default:
			l.RaiseError("attempt to concatenate a %s value", v.Type())
		}
	}
	l.Push(lua.LString(b.String()))
	return 1
}

// tableConcat is table.concat.
func (t *luaThread) tableConcat(l *lua.LState) int {
	list, separator := l.CheckTable(1), l.OptString(2, "")
	from, to := l.OptInt(3, 1), l.OptInt(4, list.Len())
	var b strings.Builder
	for i := from; i <= to; i++ {
		switch v := list.RawGetInt(i).(type) {
		case lua.LString, lua.LNumber:
			s := luaText14(v)
			t.spend(l, len(s)+len(separator))
			b.WriteString(s)
		default:
			l.RaiseError("invalid value (%s) at index %d in table for 'concat'", v.Type(), i)
		}
		if i < to {
			b.WriteString(separator)
		}
	}
	l.Push(lua.LString(b.String()))
	return 1
}
