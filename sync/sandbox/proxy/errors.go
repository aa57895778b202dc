package proxy

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// errorType is a media type that Kong has an error page in.
type errorType struct {
	contentType string
	page        func(message, requestID string) string
}

func jsonPage(message, id string) string {
	return "{\n  \"message\":\"" + message + "\",\n  \"request_id\":\"" + id + "\"\n}"
}

func plainPage(message, id string) string { return message + "\nrequest_id: " + id + "\n" }

func htmlPage(message, id string) string {
	return "<!doctype html>\n<html>\n  <head>\n    <meta charset=\"utf-8\">\n    <title>Error</title>\n  </head>\n  <body>\n" +
		"    <h1>Error</h1>\n    <p>" + message + ".</p>\n    <p>request_id: " + id + "</p>\n  </body>\n</html>\n"
}

func xmlPage(message, id string) string {
	return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<error>\n  <message>" + message + "</message>\n  <requestid>" + id +
		"</requestid>\n</error>\n"
}

func emptyPage(string, string) string { return "" }

// acceptRange is one element of an Accept header as Kong reads it: a media type of at least two characters a side, perhaps a
// quality, and anything after that.
//
// Source: Kong 3.9.3, kong/tools/http.lua, get_response_type.
var acceptRange = regexp.MustCompile(`^(?i:((?:[a-z0-9][a-z0-9\-!#$&^_+.]+|\*)/(?:[a-z0-9][a-z0-9\-!#$&^_+.]+|\*))` +
	`(?:\s*;\s*q=(1(?:\.0{0,3})?|0(?:\.[0-9]{0,3})?)|\s*;\s*[a-z0-9][a-z0-9\-!#$&^_+.]+(?:=[^;]*)?)*)`)

// accepted returns the type that Kong answers an Accept header with: the one of the highest quality, the first of equal ones;
// JSON for all that it has no page in. Types are compared case-sensitively.
func accepted(accept string) errorType {
	best, quality := errorTypeOf(""), 0.0
	for _, element := range strings.Split(accept, ",") {
		m := acceptRange.FindStringSubmatch(strings.TrimSpace(element))
		if m == nil {
			continue
		}
		q := 1.0
		if m[2] != "" {
			q, _ = strconv.ParseFloat(m[2], 64) // the pattern lets only numbers through
		}
		if q > quality {
			best, quality = errorTypeOf(m[1]), q
		}
	}
	return best
}

func errorTypeOf(mediaType string) errorType {
	switch mediaType {
	case "text/plain", "text/*":
		return errorType{"text/plain; charset=utf-8", plainPage}
	case "text/html":
		return errorType{"text/html; charset=utf-8", htmlPage}
	case "application/xml":
		return errorType{"application/xml; charset=utf-8", xmlPage}
	case "application/grpc":
		return errorType{"", emptyPage}
	}
	return errorType{"application/json; charset=utf-8", jsonPage}
}

// fail is Kong's own error answer (kong.response.error): the message in the type that the client accepts.
func (x *exchange) fail(status int, message string) *response {
	t := accepted(strings.Join(x.in.Header.Values("Accept"), ","))
	r := newResponse(status, t.contentType, t.page(message, x.id))
	r.said = &said{typed: true}
	return r
}

// unmodelled is the answer to a request that only a whole Kong could serve.
func (x *exchange) unmodelled(format string, args ...any) *response {
	message := fmt.Sprintf(format, args...) + " is not supported by the gwsync sandbox"
	return exit(http.StatusNotImplemented, map[string]any{"message": message})
}

// errorPage is the answer to a failure that nginx itself met, or to an answer without a body whose status nginx has a page
// for. It differs from [exchange.fail] in little: without an Accept header the request's own Content-Type decides, and without
// that it is plain text.
//
// Source: Kong 3.9.3, kong/error_handlers.lua.
func (x *exchange) errorPage(status int) *response {
	message := pageMessages(status)
	if status == 494 { // nginx's own code for headers that are too large
		status = http.StatusBadRequest
	}
	accept, ok := firstHeader(x.in.Header, "Accept")
	if !ok {
		if accept, ok = firstHeader(x.in.Header, "Content-Type"); !ok {
			accept = "text/plain"
		}
	}
	var r *response
	if strings.HasPrefix(accept, "application/grpc") {
		r = exit(status, map[string]any{"message": message})
	} else {
		t := accepted(accept)
		r = newResponse(status, t.contentType, t.page(message, x.id))
	}
	switch status {
	case 400, 405, 413, 414, 500, 501, 505:
		r.header.Set("Connection", "close")
	}
	return r
}

// pageMessages returns what Kong's page for a status says, "" for the statuses that have no page of Kong's.
func pageMessages(status int) string {
	switch status {
	case 400:
		return "Bad request"
	case 404:
		return "Not found"
	case 405:
		return "Method not allowed"
	case 408:
		return "Request timeout"
	case 411:
		return "Length required"
	case 412:
		return "Precondition failed"
	case 413:
		return "Payload too large"
	case 414:
		return "URI too long"
	case 417:
		return "Expectation failed"
	case 494:
		return "Request header or cookie too large"
	case 500:
		return "An unexpected error occurred"
	case 502:
		return "An invalid response was received from the upstream server"
	case 503:
		return "The upstream server is currently unavailable"
	case 504:
		return "The upstream server is timing out"
	}
	return ""
}

// nginxTitle returns the title of nginx's own page for a status, "" where nginx has none either. Kong leaves these alone.
func nginxTitle(status int) string {
	switch status {
	case 301, 302, 303, 307, 308, 402, 403, 406, 409, 410, 415, 421, 501, 505, 507:
		return strconv.Itoa(status) + " " + http.StatusText(status)
	case 401:
		return "401 Authorization Required"
	case 416:
		return "416 Requested Range Not Satisfiable"
	case 429:
		return "429 Too Many Requests"
	}
	return ""
}

// bare is the answer to an exit with a status alone: Kong's page, nginx's page, or nothing at all.
func (x *exchange) bare(status int) *response {
	if x.isGRPC() {
		return &response{status: status, header: http.Header{}, said: &said{}}
	}
	if pageMessages(status) != "" {
		return x.errorPage(status)
	}
	title := nginxTitle(status)
	if title == "" {
		return &response{status: status, header: http.Header{"Content-Length": {"0"}}}
	}
	return newResponse(status, "text/html", "<html>\r\n<head><title>"+title+"</title></head>\r\n<body>\r\n<center><h1>"+title+
		"</h1></center>\r\n</body>\r\n</html>\r\n")
}

func firstHeader(h http.Header, name string) (string, bool) {
	if v := h.Values(name); len(v) > 0 {
		return v[0], true
	}
	return "", false
}
