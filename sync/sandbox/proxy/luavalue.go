package proxy

import (
	"errors"
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

// What Lua says of expressions that make no sense.
var (
	errCall   = errors.New("attempt to call a nil value")
	errIndex  = errors.New("attempt to index a value that is no table")
	errConcat = errors.New("attempt to concatenate a value that is no text")
)

// combine applies an operator to a value and an operand that it may leave alone.
type combine func(a any, b func() (any, error)) (any, error)

func compareLua(want bool) combine {
	return func(a any, b func() (any, error)) (any, error) {
		v, err := b()
		if err != nil {
			return nil, err
		}
		if _, ok := a.(luaIndex); ok {
			return !want, nil // no two of the tables here are the same one
		}
		if _, ok := v.(luaIndex); ok {
			return !want, nil
		}
		return (a == v) == want, nil
	}
}

func concatenable(v any) bool {
	switch v.(type) {
	case string, float64:
		return true
	}
	return false
}

func constant(v any) luaExpr { return func(luaIndex) (any, error) { return v, nil } }

func index(of, key luaExpr) luaExpr {
	return func(env luaIndex) (any, error) {
		v, err := of(env)
		if err != nil {
			return nil, err
		}
		t, ok := v.(luaIndex)
		if !ok {
			return nil, errIndex
		}
		k, err := key(env)
		if err != nil {
			return nil, err
		}
		return t(k), nil
	}
}

// call fails once its callee is known: the templates that Kong runs may not call anything.
func call(of luaExpr) luaExpr {
	return func(env luaIndex) (any, error) {
		if _, err := of(env); err != nil {
			return nil, err
		}
		return nil, errCall
	}
}
