package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/gwsync/gwsync/render/kong"
)

// Client talks to one Kong's Admin API. It is safe for use by many goroutines.
type Client struct {
	base        *url.URL
	shown       string // the address as people write it
	header      http.Header
	workspace   string
	targets     func(kong.Entity) bool
	parallelism int

	// quick is for most requests, patient for whole configurations, undivided for those that are made once, and ahead for leases: these
	// have a limiter of their own.
	quick, patient, undivided, ahead *retryablehttp.Client
	// retries is how often a request is tried again, as the limiter allows.
	retries int
	limiter *limiter
	// reached is set by the first answer: only then is it worth trying again to connect.
	reached atomic.Bool

	clock clock

	// plane is the name of a control plane of Konnect, "" for none; planeID its id, once known.
	plane   string
	planeMu sync.Mutex
	planeID string
	// flavor is that of a Kong that does not say it.
	flavor kong.Flavor
	// server is the header Server of the last answer.
	server atomic.Value

	infoMu sync.Mutex
	root   *root

	schemasMu sync.Mutex
	schemas   kong.Schemas
}

// request is one request to the Admin API.
type request struct {
	method string
	// path are the unescaped elements of the path below the workspace.
	path  []string
	query url.Values
	// body is JSON; nil for none.
	body []byte
	// entity is what the body holds, so that an error can leave out its secrets.
	entity kong.Entity
	// state is the same for a whole configuration.
	state kong.State
	// patient is for requests that take Kong long.
	patient bool
	// undivided is for a request that has the time of all its tries at once. After that it is not made again.
	undivided bool
	// global is for requests to Konnect that are not about a control plane.
	global bool
}

// do makes a request, tries again as the package comment says, and returns the body of an answer with a 2xx status or 304. An
// answer with any other status is an *[Error].
func (c *Client) do(ctx context.Context, r request) ([]byte, error) { return c.answer(ctx, r, nil) }

// answer is like do, with a buffer that the body is read into if it is large enough.
func (c *Client) answer(ctx context.Context, r request, body []byte) ([]byte, error) {
	if err := c.locate(ctx, r); err != nil {
		return nil, err
	}
	target, err := c.url(r)
	if err != nil {
		return nil, err
	}
	resp, err := c.send(ctx, r, target)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, target.Path, ctx.Err())
		}
		return nil, &UnreachableError{Address: c.Address(), Err: withoutURL(err)}
	}
	defer resp.Body.Close()
	c.clock.set(resp.Header.Get("Date"))
	c.server.Store(resp.Header.Get("Server"))
	n := int(resp.ContentLength) // it is in memory already, and its length known: see whole
	body = slices.Grow(body[:0], n)[:n]
	if _, err := io.ReadFull(resp.Body, body); err != nil {
		return nil, &UnreachableError{Address: c.Address(), Err: err}
	}
	if resp.StatusCode/100 == 2 || resp.StatusCode == http.StatusNotModified {
		return body, c.checkJSON(resp, body)
	}
	return nil, c.refusal(r, target.Path, resp, body)
}

// url returns the address of a request. Path elements stay one element each, whatever is in them.
func (c *Client) url(r request) (*url.URL, error) {
	elements := append(make([]string, 0, len(r.path)+5), c.inKonnect(r)...)
	if c.workspace != "" {
		elements = append(elements, c.workspace)
	}
	elements = append(elements, r.path...)
	for i, e := range elements {
		if e == "" || e == "." || e == ".." {
			return nil, fmt.Errorf("%q is no name that the Admin API's paths can hold", e)
		}
		elements[i] = url.PathEscape(e)
	}
	base := c.base
	if base.Scheme == socket {
		base = &url.URL{Scheme: "http", Host: "localhost", Path: "/"} // what is dialed is the socket
	}
	u := base.JoinPath(elements...)
	u.RawQuery = r.query.Encode()
	return u, nil
}

// Address returns the Admin API's address as people write it, without credentials.
func (c *Client) Address() string {
	if c.plane != "" {
		return "control plane " + c.plane + " of " + c.shown
	}
	return c.shown
}

// notKong returns the error for an answer that does not come from Kong's Admin API.
func (c *Client) notKong(reason string) *NotKongError {
	return &NotKongError{Address: c.Address(), Reason: reason}
}

// checkJSON returns an error if an answer that means success holds something else than JSON: it is not from Kong then.
func (c *Client) checkJSON(resp *http.Response, body []byte) error {
	if len(body) == 0 || isJSON(resp) {
		return nil
	}
	return &NotKongError{Address: c.Address(), Reason: "it answers " + contentType(resp) + " instead of JSON", login: true}
}

func isJSON(resp *http.Response) bool { return contentType(resp) == "application/json" }

func contentType(resp *http.Response) string {
	t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return "something"
	}
	return t
}

// get makes a GET request and decodes the JSON of its answer into v.
func (c *Client) get(ctx context.Context, r request, v any) error {
	r.method = http.MethodGet
	body, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return c.notKong("its answer to GET /" + strings.Join(r.path, "/") + " is not what Kong answers: " + err.Error())
	}
	return nil
}
