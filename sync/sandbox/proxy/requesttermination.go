package proxy

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// requestTermination is Kong's plugin request-termination.
type requestTermination struct {
	passive
	Status      int    `json:"status_code"`
	Message     string `json:"message"`
	ContentType string `json:"content_type"`
	Body        string `json:"body"`
	Trigger     string `json:"trigger"`
	Echo        bool   `json:"echo"`
}

func newRequestTermination(config kong.Value) (plugin, error) {
	t := &requestTermination{Status: http.StatusServiceUnavailable}
	if err := decode(config, t); err != nil {
		return nil, err
	}
	if t.Status < 200 { // no answer can end with such a status; Kong leaves the client waiting
		return nil, fmt.Errorf("status_code %d", t.Status)
	}
	return t, nil
}

// access answers, if the trigger is in the request or there is none.
//
// Source: Kong 3.9.3, kong/plugins/request-termination/handler.lua.
func (t *requestTermination) access(x *exchange) (*response, error) {
	if t.Trigger != "" {
		_, inHeader := x.out.header[http.CanonicalHeaderKey(t.Trigger)]
		_, inQuery := parseArgs(x.out.query)[t.Trigger]
		if !inHeader && !inQuery {
			return nil, nil
		}
	}
	message := t.Message
	if message == "" {
		message = terminationMessage(t.Status)
	}
	switch {
	case t.Echo:
		return t.echo(x, message)
	case t.Body != "":
		r := newResponse(t.Status, t.ContentType, t.Body)
		if t.ContentType == "" {
			r.header.Del("Content-Type")
		}
		return r, nil
	case message != "":
		return exit(t.Status, map[string]any{"message": message}), nil
	}
	return x.bare(t.Status), nil
}

func terminationMessage(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "Unauthorized"
	case http.StatusBadGateway:
		return "Bad Gateway"
	case http.StatusServiceUnavailable:
		return "Service unavailable"
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusInternalServerError:
		return pageMessages(status)
	}
	return ""
}

// echo answers with what Kong saw of the request.
func (t *requestTermination) echo(x *exchange, message string) (*response, error) {
	body, err := x.readBody()
	if err != nil {
		return nil, err
	}
	hostname, _ := os.Hostname()
	headers := map[string]any{}
	for name, values := range x.out.header {
		headers[strings.ToLower(name)] = oneOrMany(values)
	}
	if x.in.Host != "" {
		headers["host"] = x.in.Host
	}
	named, unnamed := captures(x.match.Captures)
	content := map[string]any{
		"kong": map[string]any{"node_id": x.options.NodeID, "worker_pid": os.Getpid(), "hostname": hostname},
		"request": map[string]any{
			"scheme": x.scheme, "host": x.host, "port": x.at.Port(),
			"headers": headers, "query": parseArgs(x.out.query).json(),
			"raw_body": string(body), "method": x.in.Method, "path": route.NormalizePath(x.path()),
			"uri_captures": map[string]any{"named": named, "unnamed": unnamed},
		},
		"matched_route": x.match.Route,
	}
	if !x.match.Service.IsZero() {
		content["matched_service"] = x.match.Service
	}
	if message != "" {
		content["message"] = message
	}
	return exit(t.Status, content), nil
}

// captures parts what the route captured of the path: by name, and the rest in its order without the whole match.
func captures(all map[string]string) (named map[string]string, unnamed []string) {
	named, unnamed = map[string]string{}, []string{}
	for i := 1; ; i++ {
		s, ok := all[strconv.Itoa(i)]
		if !ok {
			break
		}
		unnamed = append(unnamed, s)
	}
	for name, s := range all {
		if name[0] < '0' || name[0] > '9' {
			named[name] = s
		}
	}
	return named, unnamed
}

// oneOrMany returns a single value as itself, several as a list, as Lua tables of headers and arguments have them.
func oneOrMany(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	return values
}
