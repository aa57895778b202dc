package lua

import "strings"

// Join returns the programs as one, in order, without those that are empty. None of them may end with a return.
func Join(programs ...Chunk) Chunk {
	var lines []string
	for _, p := range programs {
		if p != "" {
			lines = append(lines, string(p))
		}
	}
	return Chunk(strings.Join(lines, "\n"))
}

// RequestHeader returns a program for the access phase that changes a header of the request to the backend. The verb is set, add or remove;
// set of Host chooses the Host that the backend sees.
func RequestHeader(verb, name, value string) Chunk {
	v := Values{"name": name, "value": value}
	switch verb {
	case "set":
		return New(`kong.service.request.set_header(@name, @value)`, v)
	case "add":
		return New(`kong.service.request.add_header(@name, @value)`, v)
	}
	return New(`kong.service.request.clear_header(@name)`, v)
}

// ResponseHeader returns a program for the header_filter phase that changes a header of the response. The verb is set, add or remove.
func ResponseHeader(verb, name, value string) Chunk {
	v := Values{"name": name, "value": value}
	switch verb {
	case "set":
		return New(`kong.response.set_header(@name, @value)`, v)
	case "add":
		return New(`kong.response.add_header(@name, @value)`, v)
	}
	return New(`kong.response.clear_header(@name)`, v)
}

// Variable returns a program for the access phase that changes a variable of nginx as if it were the header which is sent out of it: one
// that is empty is not sent. The verb is set, add or remove.
func Variable(name, verb, value string) Chunk {
	v := Values{"name": name, "value": value, "comma": ", " + value}
	switch verb {
	case "set":
		return New(`ngx.var[@name] = @value`, v)
	case "add":
		return New(`ngx.var[@name] = (ngx.var[@name] or "") == "" and @value or ngx.var[@name] .. @comma`, v)
	}
	return New(`ngx.var[@name] = ""`, v)
}

// Path returns a program for the access phase that makes a path that of the request to the backend. The query stays.
func Path(path string) Chunk {
	return New(`kong.service.request.set_path(@path)`, Values{"path": path})
}
