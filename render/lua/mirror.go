package lua

// Address is where a backend is.
type Address struct {
	Host   string
	Port   int64
	Weight int64
}

func addresses(list []Address) []any {
	out := make([]any, len(list))
	for i, a := range list {
		out[i] = map[string]any{"host": a.Host, "port": a.Port, "weight": a.Weight}
	}
	return out
}

// Mirror is a backend that gets copies of requests.
type Mirror struct {
	// Addresses are the backend's; a copy goes to one of them, at random.
	Addresses []Address
	// Share of Of requests are copied.
	Share, Of int64
	// Only is the backend that a request must have been given by [Choose] to be copied, counted from 1; 0 for any.
	Only int
	// TLS is what is spoken to the backend; nil for none.
	TLS *TLS
}

// Copies returns a program for the access phase of post-function that sends copies of requests to mirrors, as they would go to the backend:
// after the rule's filters. Nobody waits for a copy, and nobody reads its answer, beyond what keeps the connection open for a minute at
// most. Whatever fails in that, the request goes on. Handshakes of WebSockets are not copied.
func Copies(mirrors []Mirror) Chunk {
	list := make([]any, len(mirrors))
	var secured []*TLS
	for i, m := range mirrors {
		one := map[string]any{"addresses": addresses(m.Addresses)}
		if m.Share < m.Of {
			one["share"], one["of"] = m.Share, m.Of
		}
		if m.Only > 0 {
			one["only"] = m.Only
		}
		if m.TLS != nil {
			one["tls"] = m.TLS.value()
			secured = append(secured, m.TLS)
		}
		list[i] = one
	}
	values := Values{"mirrors": list}
	if len(secured) == 0 {
		return New(outgoing+copies, values)
	}
	return New(handshake(secured...)+outgoing+copies, values)
}

const copies = `local function send(premature, address, message, tls)
  if premature then
    return
  end
  local socket = ngx.socket.tcp()
  socket:settimeouts(10000, 60000, 60000)
  if not socket:connect(address.host, address.port) then
    return
  end
  if (not tls or secure(socket, tls)) and socket:send(message) then
    local last = ngx.now() + 60
    repeat
      local data = socket:receiveany(65536)
    until not data or ngx.now() > last
  end
  socket:close()
end
if ngx.var.upstream_upgrade == "websocket" then
  return
end
for _, mirror in ipairs(@mirrors) do
  local meant = not mirror.only or mirror.only == kong.ctx.plugin.gwsync_backend
  if meant and (not mirror.share or math.random(mirror.of) <= mirror.share) then
    local address = mirror.addresses[math.random(#mirror.addresses)]
    pcall(function()
      ngx.timer.at(0, send, address, outgoing(address, mirror.tls), mirror.tls)
    end)
  end
end`
