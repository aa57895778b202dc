package proxy

import (
	"strconv"
)

// luaIndex looks up a key, a string or a float64: it is a Lua table to be read. Values are nil, bool, float64, string and luaIndex.
type luaIndex func(key any) any

// luaExpr is a compiled expression.
type luaExpr func(env luaIndex) (any, error)

func truthy(v any) bool { return v != nil && v != false }

// luaString is Lua's tostring. A table has an address there; here it is always the same one.
func luaString(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return luaNumber(v)
	}
	return "table: 0x000000000000"
}

// luaNumber writes a number as Lua does, in at most 14 digits.
func luaNumber(f float64) string { return strconv.FormatFloat(f, 'g', 14, 64) }
