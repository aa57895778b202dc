package proxy

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// luaNull is what ngx.null is: a value that stands for JSON's null.
type luaNull struct{}

// luaText14 is tostring, with numbers as LuaJIT writes them: in at most 14 digits.
func luaText14(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		switch f := float64(v); {
		case math.IsNaN(f):
			return "nan"
		case math.IsInf(f, 1):
			return "inf"
		case math.IsInf(f, -1):
			return "-inf"
		default:
			return luaNumber(f)
		}
	case *lua.LUserData:
		if _, ok := v.Value.(luaNull); ok {
			return "userdata: NULL"
		}
	}
	return v.String()
}

// luaNumber writes a number as LuaJIT does, in at most 14 digits.
func luaNumber(f float64) string { return strconv.FormatFloat(f, 'g', 14, 64) }

// toLua returns a JSON value, or what is made of such values and lists of strings, as Lua has it.
func (t *luaThread) toLua(v any) lua.LValue {
	switch v := v.(type) {
	case nil:
		return lua.LNil
	case bool:
		return lua.LBool(v)
	case float64:
		return lua.LNumber(v)
	case int64:
		return lua.LNumber(v)
	case int:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	case []string:
		out := t.CreateTable(len(v), 0)
		for _, e := range v {
			out.Append(lua.LString(e))
		}
		return out
	case []any:
		out := t.CreateTable(len(v), 0)
		for i, e := range v {
			if e == nil {
				out.RawSetInt(i+1, t.null())
			} else {
				out.RawSetInt(i+1, t.toLua(e))
			}
		}
		return out
	case map[string]string:
		out := t.CreateTable(0, len(v))
		for name, e := range v {
			out.RawSetString(name, lua.LString(e))
		}
		return out
	case map[string]any:
		out := t.CreateTable(0, len(v))
		for name, e := range v {
			if e == nil {
				out.RawSetString(name, t.null())
			} else {
				out.RawSetString(name, t.toLua(e))
			}
		}
		return out
	}
	return lua.LString(fmt.Sprint(v))
}

func (t *luaThread) null() lua.LValue {
	return &lua.LUserData{Value: luaNull{}, Env: t.Env, Metatable: lua.LNil}
}

// What of a Lua value has no place in JSON.
var (
	errLuaDepth  = errors.New("cannot serialise, excessive depth (1001)")
	errLuaType   = errors.New("type not supported")
	errLuaSparse = errors.New("cannot serialise table: excessively sparse array")
)

// fromLua returns a Lua value as a JSON value: a table of the keys 1 to n is a list.
func fromLua(v lua.LValue, depth int) (any, error) {
	if depth > 1000 {
		return nil, errLuaDepth
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(v), nil
	case lua.LNumber:
		return float64(v), nil
	case lua.LString:
		return string(v), nil
	case *lua.LUserData:
		if _, ok := v.Value.(luaNull); ok {
			return nil, nil
		}
	case *lua.LTable:
		return fromLuaTable(v, depth)
	}
	return nil, errLuaType
}

func fromLuaTable(table *lua.LTable, depth int) (any, error) {
	object, largest, count, list := map[string]any{}, 0, 0, true
	var failed error
	table.ForEach(func(k, v lua.LValue) {
		count++
		if n, ok := k.(lua.LNumber); ok && n >= 1 && n == lua.LNumber(int(n)) {
			largest = max(largest, int(n))
		} else {
			list = false
		}
		switch k.(type) {
		case lua.LString, lua.LNumber:
		default:
			failed = errLuaType
		}
		if failed != nil {
			return
		}
		var e any
		if e, failed = fromLua(v, depth+1); failed == nil {
			object[luaText14(k)] = e
		}
	})
	if failed != nil || !list || count == 0 {
		return object, failed
	}
	if largest > 10 && largest > 2*count {
		return nil, errLuaSparse
	}
	out := make([]any, largest)
	for i := range out {
		out[i] = object[luaNumber(float64(i+1))]
	}
	return out, nil
}

// eachHeader calls do with each text key of a table and its value as headers have it: one text, or several.
func eachHeader(l *lua.LState, table *lua.LTable, do func(name string, values []string)) {
	table.ForEach(func(k, v lua.LValue) {
		name, ok := k.(lua.LString)
		if !ok {
			raise(l, "invalid name %q: got %s, expected string", luaText14(k), k.Type())
		}
		do(string(name), headerValues(l, string(name), v))
	})
}

// headerValues returns what code sets a header to.
func headerValues(l *lua.LState, name string, v lua.LValue) []string {
	switch v := v.(type) {
	case lua.LString, lua.LNumber, lua.LBool:
		return []string{cleanHeader(luaText14(v))}
	case *lua.LTable:
		var out []string
		for i := 1; i <= v.Len(); i++ {
			out = append(out, cleanHeader(luaText14(v.RawGetInt(i))))
		}
		return out
	}
	raise(l, "invalid header value for %q: got %s, expected array of string, string, number or boolean", name, v.Type())
	return nil
}

// cleanHeader escapes line ends, as OpenResty does, and trims what is around.
func cleanHeader(s string) string {
	s = strings.Trim(s, " \t")
	return strings.NewReplacer("\r", "%0D", "\n", "%0A", "\x00", "%00").Replace(s)
}
