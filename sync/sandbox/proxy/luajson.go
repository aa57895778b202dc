package proxy

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// decodeLuaJSON reads JSON as Kong's cjson does: numbers are float64. Objects are map[string]any, arrays []any.
func decodeLuaJSON(b []byte) (any, bool) {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, false
	}
	return v, true
}

// encodeLuaJSON writes JSON as Kong's cjson does: numbers in at most 14 digits, slashes escaped. The order of names, which is
// that of a hash table there, is alphabetical.
func encodeLuaJSON(v any) []byte { return appendLuaJSON(nil, v) }

// encodeExitJSON writes JSON as kong.response.exit does: with slashes as they are.
func encodeExitJSON(v any) string { return strings.ReplaceAll(string(encodeLuaJSON(v)), `\/`, "/") }

func appendLuaJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return append(b, "null"...)
		}
		return append(b, luaNumber(v)...)
	case string:
		return append(b, strings.ReplaceAll(encodeJSON(v), "/", `\/`)...)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendLuaJSON(b, e)
		}
		return append(b, ']')
	case map[string]any:
		b = append(b, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendLuaJSON(b, name), ':')
			b = appendLuaJSON(b, v[name])
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// appendLuaValue is the transformers' append_value: text becomes a list of two, a list grows, an object gets the key that an
// array would have there, and anything else is replaced by a list of one.
func appendLuaValue(current, v any) any {
	switch current := current.(type) {
	case string:
		return []any{current, v}
	case []any:
		return append(slices.Clip(current), v)
	case map[string]any:
		if len(current) == 0 {
			return []any{v}
		}
		n := 1
		for current[strconv.Itoa(n)] != nil {
			n++
		}
		current[strconv.Itoa(n)] = v
		return current
	}
	return []any{v}
}
