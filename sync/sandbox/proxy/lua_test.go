package proxy

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
)

// functionConfig is a configuration with one route, /a, that a service answers for, and code in a phase of pre-function.
func functionConfig(t testing.TB, phase, code string) string {
	t.Helper()
	text, err := json.Marshal(code)
	if err != nil {
		t.Fatal(err)
	}
	return `{"_format_version":"3.0","services":[{"name":"s","host":"backend.example.com","port":80,"routes":[{"name":"r","paths":["/a"],` +
		`"plugins":[{"name":"pre-function","config":{"` + phase + `":[` + string(text) + `]}}]}]}]}`
}

// traced returns what becomes of a request for /a/b?x=1 with the code in its way.
func traced(t testing.TB, phase, code string) Trace {
	t.Helper()
	before, err := kong.Decode(strings.NewReader(functionConfig(t, phase, "-- none yet")))
	if err != nil {
		t.Fatal(err)
	}
	var entities []kong.Entity
	for e := range before.All() {
		if e.Kind() == kong.Plugins { // no YAML has a place for all that may be in the code
			if e, err = e.With("config", map[string]any{phase: []any{code}}); err != nil {
				t.Fatal(err)
			}
		}
		entities = append(entities, e)
	}
	state, err := kong.NewState(entities...)
	if err != nil {
		t.Fatal(err)
	}
	p := New(func() (kong.State, uint64) { return state, 1 }, kong.TraditionalCompatible, Options{})
	return p.Trace(httptest.NewRequest("GET", "/a/b?x=1", nil))
}

func TestCodeIsContained(t *testing.T) {
	for name, code := range map[string]string{
		"an endless loop":                      "while true do end",
		"one that catches errors":              "while true do pcall(function() while true do end end) end",
		"one in a coroutine":                   "local c = coroutine.wrap(function() while true do end end) while true do pcall(c) end",
		"a recursion without end":              "local function f() return 1 + f() end local ok = pcall(f) while ok do end error('deep')",
		"text that doubles":                    "local s = 'x' while true do s = s .. s end",
		"text that repeats":                    "return #string.rep('x', 1e15)",
		"text that repeats, caught":            "while true do pcall(string.rep, 'x', 2^40) end",
		"text that is replaced":                "local s = string.rep('x', 1e6) return #s:gsub('x', s)",
		"text that is replaced by a function":  "local s = string.rep('x', 1e6) return #s:gsub('x', function() return s end)",
		"text that is joined":                  "local t, s = {}, string.rep('x', 1e6) for i = 1, 1000 do t[i] = s end return #table.concat(t)",
		"a wide format":                        "return #string.format('%999999999d', 1)",
		"a table that holds itself":            "local t = {} t.t = t kong.response.exit(200, t)",
		"many values":                          "return select('#', unpack({}, 1, 1e7))",
		"a long sleep":                         "ngx.sleep(1e9)",
		"what is not modelled":                 "pcall(function() return kong.db.routes end)",
		"what is not modelled, in a coroutine": "coroutine.resume(coroutine.create(function() return kong.db.routes end))",
	} {
		t.Run(name, func(t *testing.T) {
			got := traced(t, "access", code)
			if got.Status != 500 && got.Status != 501 || got.Sent != nil {
				t.Errorf("got %d, sent %v: %.200s", got.Status, got.Sent, got.Body)
			}
		})
	}
}

func TestSandboxForbids(t *testing.T) {
	for _, name := range []string{
		"load", "loadstring", "loadfile", "dofile", "setfenv", "getfenv", "io", "debug", "package", "print", "rawget", "rawset", "setmetatable",
		"getmetatable", "collectgarbage", "newproxy", "module", "os.execute", "os.getenv", "os.exit", "os.remove", "string.dump",
		"math.randomseed", "('').dump",
	} {
		if got := traced(t, "access", "kong.response.exit(200, tostring("+name+"))"); string(got.Body) != "nil" {
			t.Errorf("%s is %s", name, got.Body)
		}
	}
}

// A thread that was ended half-way serves the next request as if nothing had happened.
func TestCodeAfterItsEnd(t *testing.T) {
	k := startKong(t, stateOf(t, functionConfig(t, "access", `
		n = (n or 0) + 1
		if n == 1 then kong.response.exit(200, "first") end
		if n == 2 then while true do end end
		if n == 3 then error("third") end
		kong.response.exit(200, tostring(n))`)), kong.TraditionalCompatible, Options{})
	var got []int
	for range 4 {
		resp, _ := k.get(t, "/a")
		got = append(got, resp.StatusCode)
	}
	if diff := cmp.Diff([]int{200, 501, 500, 200}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

// Code that is to return a function has one chance: Kong forgets to look for one after a first run that failed or answered.
func TestFunctionThatCodeReturns(t *testing.T) {
	for name, c := range map[string]struct {
		code string
		want []string
	}{
		"at once": {`local n = 0 return function() n = n + 1 kong.response.exit(200, tostring(n)) end`, []string{"200 1", "200 2", "200 3"}},
		"after an error": {`n = (n or 0) + 1 if n == 1 then error("x") end return function() kong.response.exit(200, "called") end`,
			[]string{"500", "200", "200"}},
		"after an answer": {`n = (n or 0) + 1 if n == 1 then kong.response.exit(418, "first") end ` +
			`return function() kong.response.exit(200, "called") end`, []string{"418 first", "200", "200"}},
		"the second time": {`n = (n or 0) + 1 if n == 2 then return function() kong.response.exit(200, "called") end end`,
			[]string{"200", "200", "200"}},
		"that fails": {`local n = 0 return function() n = n + 1 if n == 1 then error("x") end kong.response.exit(200, tostring(n)) end`,
			[]string{"500", "200 2", "200 3"}},
	} {
		k := startKong(t, stateOf(t, functionConfig(t, "access", c.code)), kong.TraditionalCompatible, Options{})
		var got []string
		for range c.want {
			resp, body := k.get(t, "/a")
			if one := fmt.Sprint(resp.StatusCode, " ", body); strings.HasPrefix(body, "{") {
				got = append(got, fmt.Sprint(resp.StatusCode)) // Kong's own, or the echo's
			} else {
				got = append(got, one)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRandomShareOfErrors(t *testing.T) {
	k := startKong(t, stateOf(t, functionConfig(t, "access",
		`if math.random(4) <= 1 then return kong.response.exit(500, { message = "no existing backendRef provided" }) end`)),
		kong.TraditionalCompatible, Options{})
	count := map[int]int{}
	for range 400 {
		resp, _ := k.get(t, "/a")
		count[resp.StatusCode]++
	}
	if count[200]+count[500] != 400 || count[500] < 40 || count[500] > 180 {
		t.Errorf("got %v; want about 100 times 500, and 200 else", count)
	}
}

func TestCodeThatMirrors(t *testing.T) {
	const code = `
		local msg = kong.request.get_method() .. " " .. ngx.var.request_uri .. " HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n"
		ngx.timer.at(0, function()
			local s = ngx.socket.tcp()
			s:settimeouts(2000, 2000, 10000)
			if s:connect("mirror.example.com", 8080) then s:send(msg) s:receive("*l") s:close() end
		end)`
	got := traced(t, "access", code)
	var sent []string
	for _, s := range got.Sent {
		sent = append(sent, s.Backend+" "+s.Method+" "+s.Target)
	}
	if diff := cmp.Diff([]string{"backend.example.com:80 GET /b?x=1", "mirror.example.com:8080 GET /a/b?x=1"}, sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	arrived := make(chan string, 1)
	mirror := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { arrived <- r.RequestURI }))
	defer mirror.Close()
	k := startKong(t, stateOf(t, functionConfig(t, "access", code)), kong.TraditionalCompatible, Options{
		Backend: func(host string, _ int) (string, bool) {
			return mirror.Listener.Addr().String(), host == "mirror.example.com"
		},
	})
	if resp, _ := k.get(t, "/a/b?x=1"); resp.StatusCode != 200 {
		t.Errorf("got %d", resp.StatusCode)
	}
	if got := <-arrived; got != "/a/b?x=1" {
		t.Errorf("the mirror got %s", got)
	}
}

func TestCodeThatAsksByItself(t *testing.T) {
	got := traced(t, "access", `
		local s = ngx.socket.tcp()
		assert(s:connect("other.example.com", 80))
		assert(s:send({"GET /x HTTP/1.1\r\nHost: o\r\n", "\r\n"}))
		local line, n = s:receive("*l"), 0
		while true do
			local h = s:receive("*l")
			if h == "" then break end
			n = tonumber(h:match("^Content%-Length: (%d+)")) or n
		end
		kong.response.exit(200, line .. "\n" .. s:receive(n))`)
	if got.Status != 200 || !strings.HasPrefix(string(got.Body), "HTTP/1.1 200 OK\n{") ||
		!strings.Contains(string(got.Body), "other.example.com:80") {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
}

func TestCodeThatChangesTheService(t *testing.T) {
	const code = `kong.service.set_upstream("u") kong.service.set_timeouts(1, 2, 3) kong.service.set_retries(0)
		kong.service.request.set_header("Backend", "two")`
	config := strings.TrimSuffix(functionConfig(t, "access", code), "}") +
		`,"upstreams":[{"name":"u","targets":[{"target":"two.example.com:81"}]}]}`
	state := stateOf(t, config)
	p := New(func() (kong.State, uint64) { return state, 1 }, kong.TraditionalCompatible, Options{})
	got := p.Trace(httptest.NewRequest("GET", "/a", nil))
	if len(got.Sent) != 1 || got.Sent[0].Backend != "two.example.com:81" || got.Sent[0].Header.Get("Backend") != "two" {
		t.Errorf("sent %v", got.Sent)
	}
}

func TestRegularExpressions(t *testing.T) {
	for code, want := range map[string]string{
		`return ngx.re.match("ab12", "([a-z]+)(?<n>[0-9]+)").n`:                            "12",
		`return ngx.re.match("ab", "(x)?(b)")[1]`:                                          "false",
		`return ngx.re.find("AB", "b", "i")`:                                               "2",
		`return ngx.re.find("xab", "ab", "a")`:                                             "nil",
		`return (ngx.re.gsub("a-b-c", "-(b)", "[$1]"))`:                                    "a[b]-c",
		`return (ngx.re.sub("aaa", "a", function(m) return m[0]:upper() end))`:             "Aaa",
		`local n = 0 for m in ngx.re.gmatch("a1b2", "[0-9]") do n = n + m[0] end return n`: "3",
	} {
		got := traced(t, "access", "kong.response.exit(200, tostring((function() "+code+" end)()))")
		if string(got.Body) != want {
			t.Errorf("%s: got %s, want %s", code, got.Body, want)
		}
	}
	got := traced(t, "access", `return ngx.re.find("ab", "a(?=b)")`)
	if got.Status != 501 || !strings.Contains(string(got.Body), "regular expression") {
		t.Errorf("a look-ahead: got %d %s", got.Status, got.Body)
	}
}

func FuzzLua(f *testing.F) {
	for _, s := range []string{
		"kong.response.exit(200, {a = 1, b = {1, 2}}, {['X-A'] = 'b'})", "return function() kong.log('x') end", "local a <const> = 1",
		"ngx.header.x = {1, true} ngx.say(ngx.var.uri, ngx.re.gsub('a', 'b', '$0'))", "error({})", "kong.service.set_target('h', 1)",
		"for k, v in pairs(kong.request.get_headers()) do kong.service.request.add_header(k, v) end", "goto x ::x::", "a = b .. c .. 1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		if len(code) > 2000 || !utf8.ValidString(code) { // Kong's JSON has no other text
			return
		}
		for _, phase := range []string{"access", "header_filter", "body_filter"} {
			if got := traced(t, phase, code); got.Status != 0 && (got.Status < 200 || got.Status > 599) {
				t.Errorf("%s: status %d", phase, got.Status)
			}
		}
	})
}

func TestChunksOfTheBody(t *testing.T) {
	k := startKong(t, stateOf(t, functionConfig(t, "body_filter", "error('x')")), kong.TraditionalCompatible, Options{})
	c := k.connect(t, "http", "")
	defer c.Close()
	go func() { _, _ = io.WriteString(c, "GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n") }()
	if _, err := http.ReadResponse(bufio.NewReader(c), nil); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a filter that fails: got %v, want the end of the connection", err)
	}
}
