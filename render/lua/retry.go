package lua

// Retry says when a request is sent to a backend again. Times are in milliseconds; 0 is none.
type Retry struct {
	// Addresses are the addresses of the backends: one list, or one for each backend that [Choose] chooses from, in their order.
	Addresses [][]Address
	// Codes are the statuses that are no answer as long as there are attempts left. Failures to get an answer never are one.
	Codes []int
	// Attempts is how often a request is sent again at most, Backoff how long to wait before that.
	Attempts int
	Backoff  int64
	// Request limits all attempts together, BackendRequest each one, from connecting to the end of the answer.
	Request, BackendRequest int64
	// Connect, Write and Read limit what the other two do not: connecting, and any one piece sent or received.
	Connect, Write, Read int64
	// TLS is what is spoken to all of the backends; nil for none.
	TLS *TLS
}

// Resend returns a program for the access phase of post-function that asks the backends by itself, over HTTP/1.1, and answers with what
// they answer: as Kong would ask, but again where r says so, of those addresses first that did not fail, and with the TLS of r, as which
// see [TLS.Modules] for what it needs. It must be the last program of its plugin. WebSockets are left to Kong, but answered 501 with TLS.
//
// Both the request and the answer are in memory as a whole: an answer that never ends ends in a timeout. Trailers are dropped. Each
// attempt has a connection of its own.
func Resend(r Retry) Chunk {
	codes := make([]any, len(r.Codes))
	for i, c := range r.Codes {
		codes[i] = c
	}
	lists := make([]any, len(r.Addresses))
	for i, l := range r.Addresses {
		lists[i] = addresses(l)
	}
	values := Values{
		"codes": codes, "addresses": lists, "attempts": r.Attempts, "backoff": r.Backoff, "request": r.Request,
		"attempt": r.BackendRequest, "connect": r.Connect, "write": r.Write, "read": r.Read,
	}
	if r.TLS == nil {
		return New(outgoing+answer+resend, values)
	}
	values["tls"] = r.TLS.value()
	return New(handshake(r.TLS)+outgoing+answer+resend, values)
}

// Unsized is a program for the header_filter phase of the same plugin: what the backend gave no length for HEAD or with status 304 has
// none, where Kong would say 0.
const Unsized Chunk = `if kong.ctx.plugin.gwsync_unsized then kong.response.clear_header("Content-Length") end`

// answer reads an answer from a socket. Every read waits until a deadline at most, which only a read of whatever is there can
// promise: other reads start anew with every piece.
//
// Source: RFC 9112, sections 4 to 7.
const answer = `local function reader(socket, remaining)
  local buffer = ""
  local function fill()
    local time = remaining()
    if time <= 0 then
      return nil, "timeout"
    end
    socket:settimeouts(time, time, time)
    local data, err = socket:receiveany(65536)
    if not data then
      return nil, err
    end
    return data
  end
  local self = {}
  function self.line()
    while true do
      local from, to = string.find(buffer, "\r?\n")
      if from then
        local line = string.sub(buffer, 1, from - 1)
        buffer = string.sub(buffer, to + 1)
        return line
      end
      if #buffer > 65536 then
        return nil, "line too long"
      end
      local data, err = fill()
      if not data then
        return nil, err
      end
      buffer = buffer .. data
    end
  end
  function self.bytes(count)
    local pieces, size = { buffer }, #buffer
    while size < count do
      local data, err = fill()
      if not data then
        if count == math.huge and err == "closed" then
          break
        end
        return nil, err
      end
      pieces[#pieces + 1], size = data, size + #data
    end
    local all = table.concat(pieces)
    if size <= count then
      buffer = ""
      return all
    end
    buffer = string.sub(all, count + 1)
    return string.sub(all, 1, count)
  end
  return self
end
local function chunked(read)
  local pieces = {}
  while true do
    local line, err = read.line()
    local digits = line and string.match(line, "^%x+")
    local size = digits and tonumber(digits, 16)
    if not size then
      return nil, err or "not a chunk"
    end
    if size == 0 then
      break
    end
    local piece
    piece, err = read.bytes(size)
    if not piece then
      return nil, err
    end
    pieces[#pieces + 1] = piece
    line, err = read.line()
    if line ~= "" then
      return nil, err or "not a chunk"
    end
  end
  repeat
    local line, err = read.line()
    if not line then
      return nil, err
    end
  until line == ""
  return table.concat(pieces)
end
local function head(read)
  local line, err = read.line()
  local status = line and tonumber(string.match(line, "^HTTP/1%.%d (%d%d%d)"))
  if not status or status < 100 or status > 599 then
    return nil, err or "not HTTP"
  end
  local found, options = {}, {}
  while true do
    line, err = read.line()
    if not line then
      return nil, err
    end
    if line == "" then
      return status, found, options
    end
    local name, value = string.match(line, "^([^%s:]+):[ \t]*(.-)[ \t]*$")
    if not name then
      return nil, "not HTTP"
    end
    local key = string.lower(name)
    if key == "connection" then
      for option in string.gmatch(string.lower(value), "[^%s,]+") do
        options[option] = true
      end
    end
    found[key] = found[key] or { name = name }
    table.insert(found[key], value)
  end
end
local function receive(socket, method, remaining)
  local read = reader(socket, remaining)
  local status, found, options
  repeat
    status, found, options = head(read)
    if not status then
      return nil, found
    end
  until status >= 200
  local length, coding = found["content-length"], found["transfer-encoding"]
  local body, err = "", nil
  local bare = method == "HEAD" or status == 204 or status == 304
  if not bare then
    if coding then
      body, err = chunked(read)
    else
      body, err = read.bytes(length and tonumber(length[1]) or math.huge)
    end
    if not body then
      return nil, err
    end
  end
  if coding or not bare then
    found["content-length"] = nil
  end
  local headers = {}
  for key, values in pairs(found) do
    if not options[key] then
      headers[values.name] = { unpack(values) }
    end
  end
  for _, key in ipairs({ "connection", "keep-alive", "proxy-connection", "transfer-encoding", "trailer", "upgrade" }) do
    if found[key] then
      headers[found[key].name] = nil
    end
  end
  return status, headers, body, bare and not found["content-length"]
end
`

const resend = `local tls = @tls
if ngx.var.upstream_upgrade == "websocket" then
  if tls then
    return kong.response.exit(501, { message = "no WebSockets to this backend" })
  end
  return
end
local codes, addresses = {}, @addresses
for _, code in ipairs(@codes) do
  codes[code] = true
end
addresses = addresses[kong.ctx.plugin.gwsync_backend or 1]
local started, failed = ngx.now(), {}
local function left()
  return @request > 0 and @request - (ngx.now() - started) * 1000 or math.huge
end
local function pick()
  local total = 0
  for i, address in ipairs(addresses) do
    total = total + (failed[i] and 0 or address.weight)
  end
  if total == 0 then
    failed = {}
    return pick()
  end
  local number = math.random(total)
  for i, address in ipairs(addresses) do
    number = number - (failed[i] and 0 or address.weight)
    if number <= 0 then
      return i
    end
  end
end
local method = ngx.req.get_method()
local function ask(address)
  local message, begun = outgoing(address, tls), ngx.now()
  local function remaining(most)
    local own = @attempt > 0 and @attempt - (ngx.now() - begun) * 1000 or math.huge
    return math.ceil(math.min(own, left(), own == math.huge and left() == math.huge and most or math.huge))
  end
  local socket = ngx.socket.tcp()
  socket:settimeouts(math.max(1, remaining(@connect)), 1, 1)
  local ok, err = socket:connect(address.host, address.port)
  if not ok then
    return nil, err
  end
  if tls then
    local most = math.max(1, remaining(@connect))
    socket:settimeouts(most, most, most)
    ok, err = secure(socket, tls)
    if not ok then
      socket:close()
      return nil, err
    end
  end
  socket:settimeouts(1, math.max(1, remaining(@write)), 1)
  ok, err = socket:send(message)
  if not ok then
    socket:close()
    return nil, err
  end
  local status, headers, body, unsized = receive(socket, method, function()
    return remaining(@read)
  end)
  socket:close()
  return status, headers, body, unsized
end
local status, headers, body, unsized
for attempt = 0, @attempts do
  if attempt > 0 and @backoff > 0 then
    if left() <= @backoff then
      break
    end
    ngx.sleep(@backoff / 1000)
  end
  local i = pick()
  status, headers, body, unsized = ask(addresses[i])
  failed[i] = true
  if status and not codes[status] or left() <= 0 then
    break
  end
end
if not status then
  return kong.response.error(headers == "timeout" and 504 or 502)
end
kong.ctx.plugin.gwsync_unsized = unsized
return kong.response.exit(status, body, headers)`
