package lua_test

import (
	"slices"
	"strings"
	"testing"

	golua "github.com/yuin/gopher-lua"

	"github.com/gwsync/gwsync/render/lua"
)

// TestCopiesKeepTheOrderOfLines asks for the lines of one header in the order in which the client sent them, however it spells each:
// OpenResty has them in one list only in the table by lower-case names.
func TestCopiesKeepTheOrderOfLines(t *testing.T) {
	const environment = `
local lines = { { "Host", "x" }, { "X-Line", "1" }, { "x-line", "2" }, { "X-Line", "3" }, { "Other", "o" } }
local function get_headers(_, raw)
  local out = {}
  for _, line in ipairs(lines) do
    local name = raw and line[1] or string.lower(line[1])
    local found = out[name]
    if type(found) == "table" then
      table.insert(found, line[2])
    else
      out[name] = found and { found, line[2] } or line[2]
    end
  end
  return out
end
local function at(_, _, _, message) sent = message end
kong = { ctx = { plugin = {} }, request = { get_raw_body = function() return "" end } }
local function get_method() return "GET" end
ngx = { var = { upstream_uri = "/", request_uri = "/" }, timer = { at = at }, req = { get_headers = get_headers, get_method = get_method } }
`
	state := golua.NewState()
	defer state.Close()
	program := lua.Copies([]lua.Mirror{{Addresses: []lua.Address{{Host: "b", Port: 80, Weight: 1}}, Share: 1, Of: 1}})
	if err := state.DoString(environment + string(program)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.SplitSeq(state.GetGlobal("sent").String(), "\r\n") {
		if name, value, ok := strings.Cut(line, ": "); ok && strings.EqualFold(name, "x-line") {
			got = append(got, value)
		}
	}
	if !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("the lines of X-Line are sent as %q", got)
	}
}
