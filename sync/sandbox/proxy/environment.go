package proxy

import (
	"net/http"
	"strings"
)

// environment returns what the templates of a plugin see. Each table is as the request was when it was first asked for.
func (x *exchange) environment() luaIndex {
	known := map[any]luaIndex{}
	return func(key any) any {
		if table := known[key]; table != nil {
			return table
		}
		var table luaIndex
		switch key {
		case "headers":
			table = headerIndex(x.out.header.Clone(), x.in.Host)
		case "query_params":
			table = queryIndex(parseArgs(x.out.query))
		case "uri_captures":
			table = captureIndex(x.match.Captures)
		case "shared":
			table = func(any) any { return nil }
		default:
			return nil
		}
		known[key] = table
		return table
	}
}

// headerIndex looks headers up as OpenResty does: whatever the case, and with _ for -.
func headerIndex(h http.Header, host string) luaIndex {
	if host != "" {
		h.Set("Host", host)
	}
	return func(key any) any {
		name, ok := key.(string)
		if !ok {
			return nil
		}
		values := h.Values(name)
		if len(values) == 0 {
			values = h.Values(strings.ReplaceAll(name, "_", "-"))
		}
		return luaValue(len(values), func(i int) any { return values[i] })
	}
}

func queryIndex(a args) luaIndex {
	return func(key any) any {
		name, _ := key.(string)
		values := a[name]
		return luaValue(len(values), func(i int) any {
			if values[i].bare {
				return true
			}
			return values[i].value
		})
	}
}

// captureIndex looks up what the route captured: numbers and names are kept apart, though in one table.
func captureIndex(captures map[string]string) luaIndex {
	return func(key any) any {
		var name string
		switch key := key.(type) {
		case float64:
			name = luaNumber(key)
		case string:
			if key == "" || key[0] >= '0' && key[0] <= '9' {
				return nil
			}
			name = key
		}
		if s, ok := captures[name]; ok {
			return s
		}
		return nil
	}
}

// luaValue returns n values as OpenResty does: nil for none, the one there is, or a list.
func luaValue(n int, at func(i int) any) any {
	switch n {
	case 0:
		return nil
	case 1:
		return at(0)
	}
	return luaIndex(func(key any) any {
		if f, ok := key.(float64); ok && f >= 1 && f <= float64(n) && f == float64(int(f)) {
			return at(int(f) - 1)
		}
		return nil
	})
}
