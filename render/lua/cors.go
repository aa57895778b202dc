package lua

// CORS is a policy on cross-origin requests.
type CORS struct {
	// Origins are those that are allowed, in lower case and always with a port: "https://example.com:443". Wildcards allow more. Any
	// allows all, "null" too.
	Origins   []string
	Wildcards []OriginWildcard
	Any       bool
	// Credentials allows requests with credentials.
	Credentials bool
	// Methods, Headers and Expose are the values of Access-Control-Allow-Methods, -Allow-Headers and -Expose-Headers; "" for none. "*" stands
	// for all: of methods and headers those that the request asks for, which browsers take for more than a "*".
	Methods, Headers, Expose string
	// MaxAge is for how many seconds a browser may remember the answer to a preflight request.
	MaxAge int32
}

// OriginWildcard stands for the origins that begin and end like this and have something between.
type OriginWildcard struct{ Before, After string }

// Access returns the program for the access phase, before all others: it notes what was asked for [CORS.HeaderFilter], and answers
// preflight requests. Those carry no credentials, so that whatever asks for some must come later.
func (c CORS) Access() Chunk {
	return New(`local origin, method = kong.request.get_header("origin"), nil
if origin and kong.request.get_method() == "OPTIONS" then method = kong.request.get_header("access-control-request-method") end
kong.ctx.shared.gwsync_cors = { origin = origin, method = method, headers = kong.request.get_header("access-control-request-headers") }
if method then return kong.response.exit(204) end`, nil)
}

// HeaderFilter returns the program for the header_filter phase: it puts the policy's headers on the answer, whoever gave it, in place of
// those that are there.
//
// Source: the Fetch standard, section "CORS protocol"; HTTPCORSFilter in the Gateway API.
func (c CORS) HeaderFilter() Chunk {
	program := New(`local cors = kong.ctx.shared.gwsync_cors
kong.response.add_header("Vary", "Origin")
if not cors or not cors.origin then return end
for _, name in ipairs({ "Origin", "Credentials", "Methods", "Headers" }) do kong.response.clear_header("Access-Control-Allow-" .. name) end
kong.response.clear_header("Access-Control-Expose-Headers")
kong.response.clear_header("Access-Control-Max-Age")
`, nil)
	if c.Any && !c.Credentials {
		program += New(`kong.response.set_header("Access-Control-Allow-Origin", "*")
`, nil)
	} else {
		program += c.match() + New(`kong.response.set_header("Access-Control-Allow-Origin", cors.origin)
`, nil)
	}
	if c.Credentials {
		program += New(`kong.response.set_header("Access-Control-Allow-Credentials", "true")
`, nil)
	}
	return program + c.expose() + c.preflight()
}

// match returns the part of the program that ends it for an origin that is not allowed. A port that is not named is that of the scheme.
func (c CORS) match() Chunk {
	if c.Any {
		return ""
	}
	origins, wildcards := map[string]any{}, []any{}
	for _, o := range c.Origins {
		origins[o] = true
	}
	for _, w := range c.Wildcards {
		wildcards = append(wildcards, []string{w.Before, w.After})
	}
	return New(`local scheme, authority = string.match(string.lower(cors.origin), "^(https?)://([%w._:%[%]-]+)$")
if not scheme then return end
if not string.find(authority, ":%d+$") then authority = authority .. (scheme == "https" and ":443" or ":80") end
local origin = scheme .. "://" .. authority
local allowed = (@origins)[origin]
for _, w in ipairs(@wildcards) do
  local inside = #origin > #w[1] + #w[2]
  allowed = allowed or inside and string.sub(origin, 1, #w[1]) == w[1] and string.sub(origin, -#w[2]) == w[2]
end
if not allowed then return end
`, Values{"origins": origins, "wildcards": wildcards})
}

// expose returns the part of the program that exposes headers. With credentials a "*" would be the name of a header, so that all are named,
// those that Kong writes after this program too.
func (c CORS) expose() Chunk {
	switch {
	case c.Expose == "":
		return ""
	case c.Expose != "*" || !c.Credentials:
		return New(`kong.response.set_header("Access-Control-Expose-Headers", @expose)
`, Values{"expose": c.Expose})
	}
	return New(`if not cors.method then
  local present, names = kong.response.get_headers(1000), {}
  for name in pairs(present) do names[#names + 1] = name end
  for _, name in ipairs({ "server", "via", "x-kong-proxy-latency", "x-kong-request-id", "x-kong-response-latency", "x-kong-upstream-latency" }) do
    if not present[name] then names[#names + 1] = name end
  end
  table.sort(names)
  kong.response.set_header("Access-Control-Expose-Headers", table.concat(names, ", "))
end
`, nil)
}

// preflight returns the part of the program for preflight requests.
func (c CORS) preflight() Chunk {
	program := New(`if cors.method then
`, nil)
	switch c.Methods {
	case "":
	case "*":
		program += New(`  kong.response.set_header("Access-Control-Allow-Methods", cors.method)
`, nil)
	default:
		program += New(`  kong.response.set_header("Access-Control-Allow-Methods", @methods)
`, Values{"methods": c.Methods})
	}
	switch c.Headers {
	case "":
	case "*":
		program += New(`  if cors.headers then kong.response.set_header("Access-Control-Allow-Headers", cors.headers) end
`, nil)
	default:
		program += New(`  kong.response.set_header("Access-Control-Allow-Headers", @headers)
`, Values{"headers": c.Headers})
	}
	return program + New(`  kong.response.set_header("Access-Control-Max-Age", @age)
end`, Values{"age": int(c.MaxAge)})
}
