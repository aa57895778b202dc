package proxy

import (
	"os"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/gwsync/gwsync/render/kong"
)

// functions are the members of a Lua module.
type functions map[string]lua.LGFunction

// module returns a table of functions. Of the names in absent, which are Kong's too, each ends the code when it is called.
func (t *luaThread) module(name string, members functions, absent string) *lua.LTable {
	out := t.CreateTable(0, len(members))
	for field, f := range members {
		out.RawSetString(field, t.NewFunction(f))
	}
	for _, field := range strings.Fields(absent) {
		out.RawSetString(field, t.NewFunction(func(l *lua.LState) int {
			t.unmodelled(l, "%s.%s", name, field)
			return 0
		}))
	}
	return out
}

// computed makes a table look its missing fields up with get, and set them with set, which may be nil.
func (t *luaThread) computed(table *lua.LTable, get, set lua.LGFunction) *lua.LTable {
	meta := t.NewTable()
	meta.RawSetString("__index", t.NewFunction(get))
	if set != nil {
		meta.RawSetString("__newindex", t.NewFunction(set))
	}
	table.Metatable = meta
	return table
}

// only lets a function run in some phases.
func (t *luaThread) only(phases string, f lua.LGFunction) lua.LGFunction {
	list := strings.Split(phases, ", ")
	return func(l *lua.LState) int {
		if !slices.Contains(list, t.phase) {
			raise(l, "function cannot be called in %s phase (only in: %s)", t.phase, phases)
		}
		return f(l)
	}
}

// give returns a function without arguments.
func (t *luaThread) give(value func() any) lua.LGFunction {
	return func(l *lua.LState) int {
		l.Push(t.toLua(value()))
		return 1
	}
}

// absentKong are the parts of kong that are not modelled.
const absentKong = " db dns timer vault tracing telemetry worker_events cluster_events core_cache configuration_hash rpc sync async " +
	"internal_proxies enterprise_edition licensing plugin response_proxy "

// kongModule is the global kong.
func (t *luaThread) kongModule() *lua.LTable {
	inner := t.computed(t.NewTable(), func(l *lua.LState) int {
		if name := l.CheckString(2); strings.Contains(absentKong, " "+name+" ") {
			t.unmodelled(l, "kong.%s", name)
		}
		return 0
	}, nil)
	service := t.serviceModule()
	service.RawSetString("request", t.serviceRequestModule())
	service.RawSetString("response", t.serviceResponseModule())
	for name, v := range map[string]lua.LValue{
		"request": t.requestModule(), "response": t.responseModule(), "service": service, "client": t.clientModule(),
		"log": t.logModule(), "ctx": t.ctxModule(), "router": t.routerModule(), "table": t.tableModule(),
		"ip": t.module("kong.ip", functions{"is_trusted": func(l *lua.LState) int {
			l.Push(lua.LFalse)
			return 1
		}}, ""),
		"node": t.module("kong.node", functions{
			"get_id": t.give(func() any { return t.x.options.NodeID }),
			"get_hostname": t.give(func() any {
				name, _ := os.Hostname()
				return name
			}),
		}, "get_memory_stats"),
		"nginx":   t.module("kong.nginx", functions{"get_subsystem": t.give(func() any { return "http" })}, "get_statistics"),
		"cluster": t.module("kong.cluster", functions{"get_id": t.give(func() any { return nil })}, ""),
		"version": lua.LString("3.9.3"), "version_num": lua.LNumber(3009003),
	} {
		inner.RawSetString(name, v)
	}
	outer, meta := t.NewTable(), t.NewTable()
	meta.RawSetString("__index", inner)
	outer.Metatable = meta
	outer.RawSetString("cache", t.cacheModule())
	outer.RawSetString("configuration", t.computed(t.NewTable(), func(l *lua.LState) int {
		t.unmodelled(l, "kong.configuration.%s", luaText14(l.Get(2)))
		return 0
	}, nil))
	return outer
}

// ctxModule is kong.ctx: tables that last as long as the request, one for all and one for each plugin.
func (t *luaThread) ctxModule() *lua.LTable {
	return t.computed(t.NewTable(), func(l *lua.LState) int {
		switch l.CheckString(2) {
		case "shared":
			l.Push(t.sharedTable())
		case "plugin":
			if t.own[t.plugin] == nil {
				t.own[t.plugin] = t.NewTable()
			}
			l.Push(t.own[t.plugin])
		default:
			return 0
		}
		return 1
	}, nil)
}

// sharedTable is kong.ctx.shared.
func (t *luaThread) sharedTable() *lua.LTable {
	if t.shared == nil {
		t.shared = t.NewTable()
	}
	return t.shared
}

// authenticatedGroups are those that code has put into kong.ctx.shared, and whether it has.
func (t *luaThread) authenticatedGroups() ([]string, bool) {
	if t == nil || t.shared == nil {
		return nil, false
	}
	table, ok := t.shared.RawGetString("authenticated_groups").(*lua.LTable)
	if !ok {
		return nil, false
	}
	var out []string
	for i := 1; i <= table.Len(); i++ {
		out = append(out, luaText14(table.RawGetInt(i)))
	}
	return out, true
}

// logModule is kong.log. Nobody reads what it is told.
func (t *luaThread) logModule() *lua.LTable {
	silent := func(*lua.LState) int { return 0 }
	members := functions{}
	for _, name := range strings.Fields("emerg alert crit err warn notice info debug inspect deprecation set_serialize_value set_format") {
		members[name] = silent
	}
	out, meta := t.module("kong.log", members, "serialize"), t.NewTable()
	meta.RawSetString("__call", t.NewFunction(silent))
	out.Metatable = meta
	return out
}

// cacheModule is kong.cache, as far as it computes a value once. Each thread has its own.
func (t *luaThread) cacheModule() *lua.LTable {
	values := t.NewTable()
	return t.module("kong.cache", functions{"get": func(l *lua.LState) int {
		key := lua.LString(l.CheckString(2))
		if l.Get(3) != lua.LNil {
			t.unmodelled(l, "kong.cache:get with options")
		}
		v := values.RawGetH(key)
		if v == lua.LNil {
			n := l.GetTop()
			for i := 4; i <= n; i++ {
				l.Push(l.Get(i))
			}
			l.Call(max(0, n-4), 1)
			v = l.Get(-1)
			values.RawSetH(key, v)
		}
		l.Push(v)
		return 1
	}}, "get_bulk probe invalidate invalidate_local safe_set renew purge")
}

// tableModule is kong.table.
func (t *luaThread) tableModule() *lua.LTable {
	return t.module("kong.table", functions{
		"new": func(l *lua.LState) int {
			l.Push(l.NewTable())
			return 1
		},
		"clear": func(l *lua.LState) int {
			table := l.CheckTable(1)
			var keys []lua.LValue
			table.ForEach(func(k, _ lua.LValue) { keys = append(keys, k) })
			for _, k := range keys {
				table.RawSet(k, lua.LNil)
			}
			return 0
		},
		"merge": func(l *lua.LState) int {
			out := l.NewTable()
			for i := 1; i <= 2; i++ {
				l.OptTable(i, l.NewTable()).ForEach(out.RawSet)
			}
			l.Push(out)
			return 1
		},
	}, "")
}

// routerModule is kong.router.
func (t *luaThread) routerModule() *lua.LTable {
	return t.module("kong.router", functions{
		"get_route":   t.give(func() any { return entityFields(t.x.match.Route) }),
		"get_service": t.give(func() any { return entityFields(t.x.match.Service) }),
	}, "")
}

// entityFields returns an entity as Kong's code has it; nil for none.
func entityFields(e kong.Entity) any {
	if e.IsZero() {
		return nil
	}
	out := map[string]any{"id": e.ID()}
	for name, v := range e.Fields() {
		out[name] = v
	}
	return out
}

// clientModule is kong.client.
func (t *luaThread) clientModule() *lua.LTable {
	address := t.give(func() any { return t.x.sender.Addr().Unmap().String() })
	port := t.give(func() any { return int(t.x.sender.Port()) })
	out := t.module("kong.client", functions{
		"get_ip": address, "get_forwarded_ip": address, "get_port": port, "get_forwarded_port": port,
		"get_credential": t.give(func() any { return entityFields(t.x.credential) }),
		"get_consumer":   t.give(func() any { return entityFields(t.x.consumer) }),
		"get_protocol":   t.give(func() any { return t.x.scheme }),
		"load_consumer": func(l *lua.LState) int {
			e, ok := t.x.table.identities.find(l.CheckString(1))
			if !ok {
				l.Push(lua.LNil)
				l.Push(lua.LString("could not find consumer"))
				return 2
			}
			l.Push(t.toLua(entityFields(e)))
			return 1
		},
		"authenticate": func(l *lua.LState) int {
			t.x.consumer, t.x.credential = t.entityOf(l, 1, kong.Consumers), t.entityOf(l, 2, keys)
			return 0
		},
	}, "")
	out.RawSetString("tls", t.tlsModule())
	return out
}

// entityOf reads an entity that code hands over.
func (t *luaThread) entityOf(l *lua.LState, n int, kind kong.Kind) kong.Entity {
	if l.Get(n) == lua.LNil {
		return kong.Entity{}
	}
	v, err := fromLua(l.CheckTable(n), 0)
	members, _ := v.(map[string]any)
	id, _ := members["id"].(string)
	if err != nil || id == "" {
		t.unmodelled(l, "kong.client.authenticate with what has no id")
	}
	e, err := kong.New(kind, id, members, kong.Origin{})
	if err != nil {
		raise(l, "%v", err)
	}
	return e
}
