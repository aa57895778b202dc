package lua

// Backend is one of those that [Choose] chooses from.
type Backend struct {
	Weight int64
	// Broken backends answer with a status of their own.
	Broken bool
	// Upstream is the Upstream to send the request to; "" leaves it with the route's Service. So does Scheme, which is "http" or "https".
	Upstream, Scheme string
	// Request is what is done to a request for the backend, Response what to its response: programs for the phases access and
	// header_filter that do not end with a return.
	Request, Response Chunk
	// Answer is the end of Request for a backend that some or all requests do not get to: a program that may return.
	Answer Chunk
}

// Errors returns a program for the access phase that answers bad of total requests with a status, at random.
func Errors(status int, bad, total int64, message string) Chunk {
	return New("if math.random(@total) <= @bad then return kong.response.exit(@status, { message = @message }) end",
		Values{"bad": bad, "total": total, "status": status, "message": message})
}

// Exit returns a program for the access phase that answers every request with a status.
func Exit(status int, message string) Chunk {
	return New("return kong.response.exit(@status, { message = @message })", Values{"status": status, "message": message})
}

// Choose returns a program for the access phase of post-function that gives each request to one of the backends, at random and in
// proportion to their weights, and does what that backend has for requests. Broken ones answer with the status and message. Later programs
// of the same plugin find the number of the backend, from 1 on, in kong.ctx.plugin.gwsync_backend.
func Choose(backends []Backend, status int, message string) Chunk {
	if len(backends) == 1 {
		return backends[0].chosen(1, status, message)
	}
	var total int64
	var out Chunk
	for i, b := range backends {
		total += b.Weight
		test := New("elseif number <= @total then", Values{"total": total})
		if i == 0 {
			test = New("if number <= @total then", Values{"total": total})
		}
		out = Join(out, test, b.chosen(i+1, status, message))
	}
	return Join(New("local number = math.random(@total)", Values{"total": total}), out, "end")
}

// chosen is what is done once the backend of a number is chosen.
func (b Backend) chosen(number, status int, message string) Chunk {
	v := Values{"number": number, "upstream": b.Upstream}
	if b.Broken {
		return Exit(status, message)
	}
	programs := []Chunk{New("kong.ctx.plugin.gwsync_backend = @number", v)}
	if b.Upstream != "" {
		programs = append(programs, New("assert(kong.service.set_upstream(@upstream))", v))
	}
	if b.Scheme != "" {
		programs = append(programs, New("kong.service.request.set_scheme(@scheme)", Values{"scheme": b.Scheme}))
	}
	return Join(append(programs, b.Request, b.Answer)...)
}

// Responses returns a program for the header_filter phase of the same plugin that does what the chosen backend has for responses.
// It is "" if no backend has anything.
func Responses(backends []Backend) Chunk {
	var programs []Chunk
	for i, b := range backends {
		if b.Response != "" {
			programs = append(programs, New("if kong.ctx.plugin.gwsync_backend == @number then", Values{"number": i + 1}), b.Response, "end")
		}
	}
	return Join(programs...)
}

// Prefix returns a program for the access phase that replaces the prefix of a request's path, as Kong compares it, by another one.
func Prefix(old, replacement string) Chunk {
	return New(`local path = @replacement .. string.sub(kong.request.get_path(), @from)
kong.service.request.set_path(path == "" and "/" or path)`, Values{"replacement": replacement, "from": len(old) + 1})
}

// Within returns a program that does what another one does, which may return before its end, and goes on.
func Within(program Chunk) Chunk {
	return Join("local function within()", program, "end", "within()")
}
