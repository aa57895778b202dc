package lua

// Redirect is where a request is sent to.
type Redirect struct {
	Status int
	// Origins are the scheme and port of the location by what the request came with: "http" or "https", or that with a port, "http:8080".
	// The entry "" is for all that have none of their own; without it they are answered 404, as no listener is there for them.
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
	v := Values{"status": r.Status, "host": r.Host, "path": r.Path, "from": r.Prefix + 1}
	program := r.origin(v) + New(`
local uri = ngx.var.request_uri
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
	host := New(`kong.request.get_host()`, nil)
	if r.Host != "" {
		host = New(`@host`, v)
	}
	return program + New(`return kong.response.exit(@status, nil, { Location = before .. `, v) + host + New(` .. after .. path .. query })`, nil)
}

// origin returns the part of the program that sets before and after.
func (r Redirect) origin(v Values) Chunk {
	if o, ok := r.Origins[""]; ok && len(r.Origins) == 1 {
		return New(`local before, after = @before, @after`, Values{"before": o.Before, "after": o.After})
	}
	origins := map[string]any{}
	for k, o := range r.Origins {
		origins[k] = []string{o.Before, o.After}
	}
	v["origins"] = origins
	return New(`local origins = @origins
local scheme = ngx.var.scheme
local origin = origins[scheme] or origins[scheme .. ":" .. (ngx.ctx.host_port or ngx.var.server_port)] or origins[""]
if not origin then return kong.response.exit(404, { message = "no Route matched with those values" }) end
local before, after = origin[1], origin[2]`, v)
}
