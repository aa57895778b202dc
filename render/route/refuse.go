package route

import "strings"

// maxLine is how long the request line and each header may be, in bytes with the line end (nginx's large_client_header_buffers).
const maxLine = 8192

// refusal returns the status by which nginx refuses a request before Kong's router sees it, or 0.
//
// Source: nginx 1.25.3, ngx_http_parse.c and ngx_http_request.c.
func (r Request) refusal() int {
	line := len(r.Method) + 1 + len(r.Target) + len(" HTTP/1.1\r\n")
	switch {
	case strings.Trim(r.Method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") != "" || r.Method == "":
		return 400
	case line > maxLine:
		return 414
	case !validTarget(r.Target):
		return 400
	case r.Host == "" && r.Version != "HTTP/1.0":
		return 400
	case r.Host != "" && !validHost(r.Host):
		return 400
	}
	for _, h := range r.Header {
		if strings.EqualFold(h[0], "host") || !validHeader(h) {
			return 400
		}
	}
	if status := r.badLength(); status != 0 {
		return status
	}
	if r.Method == "CONNECT" || r.Method == "TRACE" {
		return 405
	}
	return 0
}

// validHost reports whether nginx takes s as a host, with or without a port.
func validHost(s string) bool {
	host, _, _ := strings.Cut(s, ":")
	if strings.HasPrefix(s, "[") {
		host = s
	}
	return host != "" && host != "." && !strings.Contains(s, "..") && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '/'
	})
}

// validHeader reports whether nginx takes a header, be it to drop it for its name.
func validHeader(h [2]string) bool {
	return h[0] != "" && len(h[0])+len(": ")+len(h[1])+len("\r\n") <= maxLine && !strings.ContainsAny(h[1], "\x00\r\n") &&
		!strings.ContainsFunc(h[0], func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// badLength returns the status by which nginx refuses what a request says of the length of its body, or 0.
func (r Request) badLength() int {
	if r.Version == "HTTP/2" {
		return 0
	}
	var lengths, codings []string
	for _, h := range r.Header {
		switch {
		case strings.EqualFold(h[0], "content-length"):
			lengths = append(lengths, h[1])
		case strings.EqualFold(h[0], "transfer-encoding"):
			codings = append(codings, h[1])
		}
	}
	switch {
	case len(lengths) > 1 || len(lengths) == 1 && (lengths[0] == "" || strings.Trim(lengths[0], decDigits) != ""):
		return 400
	case len(codings) == 0:
		return 0
	case len(codings) > 1 || len(lengths) > 0 || r.Version == "HTTP/1.0":
		return 400
	case !strings.EqualFold(codings[0], "chunked"):
		return 501
	}
	return 0
}

// validTarget reports whether nginx takes s as a request target: printable, well escaped, and not above the root.
func validTarget(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	authority, path := cutAuthority(s)
	if !strings.HasPrefix(path, "/") || authority == "" && path != s {
		return false
	}
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	decoded, ok := unescape(path)
	return ok && !strings.Contains(decoded, "\x00") && !aboveRoot(decoded)
}

// aboveRoot reports whether the decoded path leaves the root by dot segments.
func aboveRoot(path string) bool {
	depth := 0
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}
