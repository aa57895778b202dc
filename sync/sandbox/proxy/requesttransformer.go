package proxy

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// requestTransformer is Kong's plugin request-transformer.
//
// Source: Kong 3.9.3, kong/plugins/request-transformer/access.lua.
type requestTransformer struct {
	passive
	method string
	uri    template // nil for none

	headers, query, body verbs
}

func newRequestTransformer(config kong.Value) (plugin, error) {
	type lists struct{ Headers, Querystring, Body []string }
	var c struct {
		Method                               string `json:"http_method"`
		Remove, Rename, Replace, Add, Append lists
	}
	var replace struct{ Replace struct{ URI string } }
	if err := errors.Join(decode(config, &c), decode(config, &replace)); err != nil {
		return nil, err
	}
	t := &requestTransformer{method: strings.ToUpper(c.Method)}
	if t.method != "" && !validMethod(t.method) {
		return nil, errors.New("http_method is no method")
	}
	if replace.Replace.URI != "" {
		t.uri = parseTemplate(replace.Replace.URI)
	}
	part := func(list func(lists) []string) verbs {
		return verbs{
			pairsOf(list(c.Remove)), pairsOf(list(c.Rename)), pairsOf(list(c.Replace)), pairsOf(list(c.Add)), pairsOf(list(c.Append)),
		}
	}
	t.headers = part(func(l lists) []string { return l.Headers })
	t.query = part(func(l lists) []string { return l.Querystring })
	t.body = part(func(l lists) []string { return l.Body })
	return t, nil
}

func (t *requestTransformer) access(x *exchange) (*response, error) {
	e := &transformation{requestTransformer: t, templateScope: templateScope{x: x}}
	for _, step := range []func() error{e.changePath, e.changeMethod, e.changeHeaders, e.changeBody, e.changeQuery} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// transformation is a requestTransformer at work on one exchange.
type transformation struct {
	*requestTransformer
	templateScope
}

var errPath = errors.New("path must start with /")

func (t *transformation) changePath() error {
	if t.uri == nil {
		return nil
	}
	path, err := t.uri.render(&t.templateScope)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(path, "/") {
		return errPath
	}
	t.x.out.path = route.EscapePath(path)
	return nil
}

// changeMethod sets the method. For methods that have no body, a form in the body goes into the query too.
func (t *transformation) changeMethod() error {
	if t.method == "" {
		return nil
	}
	t.x.out.method = t.method
	switch t.method {
	case http.MethodGet, http.MethodHead, http.MethodTrace:
	default:
		return nil
	}
	if contentKind(t.x.out.header) != formBody {
		return nil
	}
	body, err := t.x.readBody()
	if err != nil {
		return err
	}
	query := parseArgs(t.x.out.query)
	for name, values := range parseArgs(string(body)) {
		query[name] = append(query[name], values...)
	}
	t.x.out.query = query.String()
	return nil
}

func (t *transformation) changeHeaders() error {
	_, err := t.change(headerFields{t.x}, t.headers, true)
	return err
}

// changeQuery changes the arguments of the query. As soon as the configuration has anything to say about them, they are
// written anew: in order, and escaped in one way.
func (t *transformation) changeQuery() error {
	if t.query.none() {
		return nil
	}
	query := parseArgs(t.x.out.query)
	if _, err := t.change(query, t.query, true); err != nil {
		return err
	}
	t.x.out.query = query.String()
	return nil
}
