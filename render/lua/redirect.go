package lua

// Redirect is where a request is sent to.
type Redirect struct {
	Status int
	// Origins are the scheme and port of the location by what the request came with: "http" or "https", or that with a port, "http:8080"
	// (port_maps in kong.conf, if Kong listens on others). Requests with none are answered 404, as no listener is there for them. If
	// there is but one, under "", it is for all.
	Origins map[string]Origin
	// Host is the host of the location, "" for the request's own.
	Host string
	// Path replaces the request's path, as it is: all of it, or its first Prefix bytes if Prefix is not negative. The path counts as Kong
	// compares it then (kong.request.get_path). Without Replace the path stays as it was sent.
	Replace bool
	Path    string
	Prefix  int
}

// Origin is what stands before and after the host of a URL: a scheme with "://", and "" or a port with its ":".
type Origin struct{ Before, After string }

// Program returns a program for the access phase that answers with the redirect. The query is kept, even an empty one.
func (r Redirect) Program() Chunk {
	v := Values{"status": r.Status, "path": r.Path, "from": r.Prefix + 1}
	program, origin := r.origin()
	program += New(`local uri = ngx.var.request_uri
local mark = string.find(uri, "?", 1, true)
local query = mark and string.sub(uri, mark) or ""
`, nil)
	switch {
	case !r.Replace:
		program += New(`local path = mark and string.sub(uri, 1, mark - 1) or uri
`, v)
	case r.Prefix < 0:
		program += New(`local path = @path
`, v)
	default:
		// What Kong decoded and may not stand in a URL is escaped again, as Kong does it for backends (kong/tools/uri.lua, escape).
		program += New(`local path = kong.request.get_path()
path = @path .. (path == "/" and "" or string.sub(path, @from))
if path == "" then path = "/" end
path = string.gsub(path, "[^%w!#$&'()*+,/:;=?\064%[%]_.~%%-]", function(c) return string.format("%%%02X", string.byte(c)) end)
`, v)
	}
	return program + New(`return kong.response.exit(@status, nil, { Location = `, v) + origin + New(` .. path .. query })`, nil)
}

// origin returns the expression of what comes before the path of the location, and the part of the program that it needs before.
func (r Redirect) origin() (program, expression Chunk) {
	host := New(`kong.request.get_host()`, nil)
	if r.Host != "" {
		host = New(`@host`, Values{"host": r.Host})
	}
	if o, ok := r.Origins[""]; ok && len(r.Origins) == 1 {
		before, after := Chunk(Literal(o.Before)), Chunk(Literal(o.After))
		switch {
		case r.Host != "":
			return "", Chunk(Literal(o.Before + r.Host + o.After))
		case o.After == "":
			return "", before + " .. " + host
		}
		return "", before + " .. " + host + " .. " + after
	}
	origins := map[string]any{}
	for k, o := range r.Origins {
		origins[k] = []string{o.Before, o.After}
	}
	return New(`local origins = @origins
local scheme = ngx.var.scheme
local origin = origins[scheme] or origins[scheme .. ":" .. (ngx.ctx.host_port or ngx.var.server_port)]
if not origin then return kong.response.exit(404, { message = "no Route matched with those values" }) end
`, Values{"origins": origins}), New(`origin[1] .. `, nil) + host + New(` .. origin[2]`, nil)
}
