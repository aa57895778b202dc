package proxy

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// The limits of what a plugin's Lua code may do in one run. Kong has none: there an endless loop stops a worker for good.
const (
	luaInstructions = 3_000_000
	luaTime         = 2 * time.Second
	luaText         = 64 << 20 // bytes of strings made
	luaNesting      = 1000     // of expressions and blocks in the code
)

// luaPool keeps the threads of a configuration. The one that was used last is the first to be used again, so that requests that come
// one by one all find the same globals and upvalues, as on a Kong with one worker.
type luaPool struct {
	mu   sync.Mutex
	idle []*luaThread
}

// maxIdleThreads bounds what the pool keeps.
const maxIdleThreads = 64

func newLuaPool() *luaPool { return &luaPool{} }

func (p *luaPool) get() *luaThread {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		t := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return t
	}
	return newLuaThread()
}

func (p *luaPool) put(t *luaThread) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < maxIdleThreads {
		p.idle = append(p.idle, t)
	}
}

// luaThread is a Lua state, with what plugins' code sees of Kong. It works for one exchange at a time, from its first Lua code to its
// end.
type luaThread struct {
	*lua.LState
	base      luaBase
	functions map[*luaChunk]*lua.LFunction
	ran       map[*luaChunk]bool // chunks that have run before, to whatever end

	// What follows belongs to the exchange.
	x       *exchange
	ctx     context.Context
	sockets []net.Conn // that the code has opened
	answer  *response  // the answer there is, in the phases that have one
	phase   string
	plugin  plugin
	shared  *lua.LTable            // kong.ctx.shared
	own     map[plugin]*lua.LTable // kong.ctx.plugin
	ngxCtx  *lua.LTable
	timers  []func() // what ngx.timer.at puts off
	printed []byte   // by ngx.say and ngx.print
	status  int      // ngx.status, as long as there is no answer; 0 if it is not set
	chunk   *bodyChunk
	// readsBody says that the code has had the body of the request read.
	readsBody bool

	// What follows belongs to the run.
	budget  *budget
	text    int
	ended   bool      // the code has ended itself, by an exit
	exited  *response // by this answer; nil for a closed connection, or a phase left early
	missing string    // what it asked for that is not modelled
}

func newLuaThread() *luaThread {
	t := &luaThread{
		LState: lua.NewState(lua.Options{
			SkipOpenLibs: true, CallStackSize: 200, MinimizeStackMemory: true,
			RegistrySize: 1024, RegistryMaxSize: 64 << 10, RegistryGrowStep: 4096,
		}),
		functions: map[*luaChunk]*lua.LFunction{}, ran: map[*luaChunk]bool{},
	}
	t.base = newLuaBase(t)
	return t
}

// thread returns the exchange's Lua thread.
func (x *exchange) thread() *luaThread {
	if x.lua == nil {
		x.lua = x.table.lua.get()
		x.lua.x, x.lua.ctx = x, x.in.Context()
		x.lua.own = map[plugin]*lua.LTable{}
	}
	return x.lua
}

// releaseLua gives the exchange's thread back, once what it has put off is done. That takes no part of the client's time.
func (x *exchange) releaseLua() {
	t := x.lua
	if t == nil {
		return
	}
	x.lua = nil
	if len(t.timers) == 0 || x.trace != nil {
		t.release()
		return
	}
	t.ctx = context.WithoutCancel(t.ctx)
	go t.release()
}

// release does what the thread has put off, and gives it back.
func (t *luaThread) release() {
	t.phase = "timer"
	for i := 0; i < len(t.timers); i++ {
		t.timers[i]()
	}
	for _, c := range t.sockets {
		_ = c.Close()
	}
	pool := t.x.table.lua
	t.x, t.ctx, t.sockets, t.budget = nil, nil, nil, nil
	t.answer, t.shared, t.own, t.ngxCtx, t.timers, t.printed, t.status, t.chunk = nil, nil, nil, nil, nil, nil, 0, nil
	t.plugin, t.exited, t.missing, t.readsBody = nil, nil, "", false
	pool.put(t)
}

// function returns the chunk as a function of this thread, with an environment of its own.
func (t *luaThread) function(c *luaChunk) *lua.LFunction {
	f := t.functions[c]
	if f == nil {
		f = t.NewFunctionFromProto(c.proto)
		f.Env = t.base.environment()
		t.functions[c] = f
	}
	return f
}

// budget is a context that is done when a number of instructions is: gopher-lua asks for Done before each.
type budget struct {
	context.Context
	parent context.Context // the client's
	cancel context.CancelFunc
	timer  *time.Timer // cancels when the time is over
	left   int
}

func newBudget(parent context.Context) *budget {
	ctx, cancel := context.WithCancel(parent)
	return &budget{Context: ctx, parent: parent, cancel: cancel, timer: time.AfterFunc(luaTime, cancel), left: luaInstructions}
}

func (b *budget) Done() <-chan struct{} {
	if b.left--; b.left == 0 {
		b.cancel()
	}
	return b.Context.Done()
}

// run runs a chunk in a phase. Code that returns a function the first time has only initialized it: from then on the function is what
// runs. Where the first time fails, or ends early by an exit, the chunk runs as a whole every time, and a function that it returns never
// does. Errors are *unmodelledError for what Kong would have done, others for what failed there too.
//
// Source: Kong 3.9.3, kong/plugins/pre-function/_handler.lua.
func (t *luaThread) run(c *luaChunk) error {
	f, first := t.function(c), !t.ran[c]
	t.ran[c] = true
	result, err := t.call(f)
	if err != nil || t.ended || !first {
		return err
	}
	if made, ok := result.(*lua.LFunction); ok {
		t.functions[c] = made
		_, err = t.call(made)
	}
	return err
}

// call calls a function within the limits, and returns its first result.
func (t *luaThread) call(f *lua.LFunction, args ...lua.LValue) (lua.LValue, error) {
	b := newBudget(t.ctx)
	t.budget = b
	defer b.cancel()
	defer b.timer.Stop()
	t.text, t.ended, t.exited, t.missing = 0, false, nil, ""
	t.SetContext(b)
	err := t.CallByParam(lua.P{Fn: f, NRet: 1, Protect: true}, args...)
	t.RemoveContext()
	switch {
	case t.missing != "":
		return nil, &unmodelledError{t.missing}
	case t.ended:
		return lua.LNil, nil
	case err != nil && b.Err() != nil && b.parent.Err() == nil:
		return nil, &unmodelledError{fmt.Sprintf("Lua code that runs for longer than %v or %d instructions", luaTime, luaInstructions)}
	case err != nil:
		return nil, fmt.Errorf("run Lua: %w", err)
	}
	result := t.Get(-1)
	t.Pop(1)
	return result, nil
}

// stop ends the code. No pcall catches it.
func (t *luaThread) stop(l *lua.LState) {
	l.Error(&lua.LUserData{}, 0)
}

// stopped reports whether the code is to end.
func (t *luaThread) stopped() bool { return t.ended || t.missing != "" }

// exit ends the code with an answer.
func (t *luaThread) exit(l *lua.LState, r *response) {
	t.ended, t.exited = true, r
	t.stop(l)
}

// unmodelled ends the code: it asks for what is not modelled.
func (t *luaThread) unmodelled(l *lua.LState, format string, args ...any) {
	if t.missing == "" {
		t.missing = fmt.Sprintf(format, args...)
	}
	t.stop(l)
}

// raise fails as Kong's own code does, without a position.
func raise(l *lua.LState, format string, args ...any) {
	l.Error(lua.LString(fmt.Sprintf(format, args...)), 0)
}

// spend counts text that the code makes.
func (t *luaThread) spend(l *lua.LState, n int) {
	if t.text += n; n < 0 || n > luaText || t.text > luaText {
		t.unmodelled(l, "Lua code that makes more than %d MiB of text", luaText>>20)
	}
}
