package proxy

import (
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// templateScope is what the templates of a plugin see of an exchange. Each of its tables is as the request was when it was first asked
// for.
type templateScope struct {
	x   *exchange
	env *lua.LTable
}

// evaluate returns the value of an expression.
func (s *templateScope) evaluate(c *luaChunk) (lua.LValue, error) {
	t := s.x.thread()
	f := t.function(c)
	if s.env == nil {
		s.env = s.environment(t)
	}
	f.Env = s.env
	return t.call(f)
}

func (s *templateScope) environment(t *luaThread) *lua.LTable {
	env := t.NewTable()
	env.RawSetString(concatName, t.NewFunction(t.concat))
	return t.computed(env, func(l *lua.LState) int {
		var v *lua.LTable
		name := luaText14(l.Get(2))
		switch name {
		case "headers":
			v = t.headerTable(s.x.out.header)
			if s.x.in.Host != "" {
				v.RawSetString("host", lua.LString(s.x.in.Host))
			}
		case "query_params":
			v, _ = t.toLua(parseArgs(s.x.out.query).json()).(*lua.LTable)
		case "uri_captures":
			v = t.captureTable(s.x.match.Captures)
		case "shared":
			v = t.sharedTable()
		default:
			return 0
		}
		env.RawSetString(name, v)
		l.Push(v)
		return 1
	}, nil)
}

// captureTable returns what the route captured of the path: by number and by name.
func (t *luaThread) captureTable(captures map[string]string) *lua.LTable {
	out := t.NewTable()
	for name, v := range captures {
		if n, err := strconv.Atoi(name); err == nil {
			out.RawSetInt(n, lua.LString(v))
		} else {
			out.RawSetString(name, lua.LString(v))
		}
	}
	return out
}
