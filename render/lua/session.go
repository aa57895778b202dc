package lua

import "strings"

// Session is a token by which a client comes back to the backend that it had before.
type Session struct {
	// Name is that of the cookie or header which carries the token.
	Name   string
	Cookie bool
	// Seconds is how long a token is good, 0 for ever.
	Seconds int64
	// Permanent cookies last for Seconds, others as long as the browser's session.
	Permanent bool
}

// variable returns nginx's variable for the token of a request.
func (s Session) variable() string {
	if s.Cookie {
		return "cookie_" + s.Name
	}
	return "http_" + strings.ReplaceAll(s.Name, "-", "_")
}

// Begin returns a program for the access phase of post-function that gives a new token to a request without one, or with one that is too
// old or none of its own: the time and the request's id. The Upstream hashes on it as on one that the client sent.
func (s Session) Begin() Chunk {
	return New(begin, Values{"name": s.Name, "variable": s.variable(), "cookie": s.Cookie, "seconds": s.Seconds})
}

const begin = `local token, now = ngx.var[@variable], ngx.time()
local begun = token and tonumber(string.match(token, "^(%d+)%-%x+$"))
if begun and begun <= now and (@seconds == 0 or now - begun < @seconds) then
  return
end
token = now .. "-" .. ngx.var.kong_request_id
kong.ctx.plugin.gwsync_session = token
if not @cookie then
  return kong.service.request.set_header(@name, token)
end
local cookies = {}
for cookie in string.gmatch(ngx.var.http_cookie or "", "[^;]+") do
  cookie = string.match(cookie, "^%s*(.-)%s*$")
  if string.lower(string.match(cookie, "^[^=]*")) ~= string.lower(@name) then
    cookies[#cookies + 1] = cookie
  end
end
cookies[#cookies + 1] = @name .. "=" .. token
kong.service.request.set_header("Cookie", table.concat(cookies, "; "))`

// Hand returns a program for the header_filter phase of the same plugin that hands a new token to the client.
func (s Session) Hand() Chunk {
	if !s.Cookie {
		return New(`if kong.ctx.plugin.gwsync_session then kong.response.set_header(@name, kong.ctx.plugin.gwsync_session) end`,
			Values{"name": s.Name})
	}
	attributes := "; Path=/; SameSite=Lax; HttpOnly"
	if s.Permanent {
		attributes += "; Max-Age=" + Literal(s.Seconds)
	}
	return New(`if kong.ctx.plugin.gwsync_session then
  kong.response.add_header("Set-Cookie", @name .. "=" .. kong.ctx.plugin.gwsync_session .. @attributes)
end`, Values{"name": s.Name, "attributes": attributes})
}
