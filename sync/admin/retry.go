package admin

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// How long to wait before a request is tried again: at first, and at most. The longest wait is also what Retry-After can
// ask for.
const (
	firstWait   = 200 * time.Millisecond
	longestWait = 30 * time.Second
)

// maxAnswer is the size in bytes of the largest answer that is read: well over the largest configuration that a Kong can
// hold in its default 128 MiB of LMDB cache.
const maxAnswer = 512 << 20

// retrying returns an HTTP client that tries again, says nothing, and follows no redirects: they would carry our headers, and with them
// our token, to whatever address an answer names.
func (c *Client) retrying(transport http.RoundTripper, l *limiter, timeout time.Duration) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     limited{l, timeout, whole{transport, new(sync.Pool)}},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     math.MaxInt, // again counts
		CheckRetry:   c.again,
		Backoff:      wait,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// send makes a request as often as it takes, and returns the last answer.
func (c *Client) send(ctx context.Context, r request, target *url.URL) (*http.Response, error) {
	var body any // nil is no body, and a nil slice an empty one
	if r.body != nil {
		body = r.body
	}
	ctx = context.WithValue(ctx, triesKey{}, &tries{answered: c.limiter.answered(), undivided: r.undivided})
	req, err := retryablehttp.NewRequestWithContext(ctx, r.method, "", body)
	if err != nil {
		return nil, err
	}
	req.URL, req.Host, req.Header = target, target.Host, c.header
	if r.body != nil {
		req.Header = c.header.Clone()
		req.Header.Set("Content-Type", "application/json")
	}
	switch {
	case ctx.Value(aheadKey{}) != nil:
		return c.ahead.Do(req)
	case r.patient:
		return c.patient.Do(req)
	case r.undivided:
		return c.undivided.Do(req)
	}
	return c.quick.Do(req)
}

// limited makes requests when the limiter lets them begin, and gives each its time from then on.
type limited struct {
	limiter *limiter
	timeout time.Duration
	next    whole
}

func (l limited) RoundTrip(req *http.Request) (*http.Response, error) {
	began, err := l.limiter.begin(req.Context())
	if err != nil {
		return nil, err
	}
	if err := req.Context().Err(); err != nil { // as of a lease that was lost while this waited
		l.limiter.end(began, none, 0)
		return nil, err
	}
	ctx, cancel := context.WithTimeout(req.Context(), l.timeout)
	defer cancel() // the answer is read to its end by then
	resp, err := l.next.RoundTrip(req.WithContext(ctx))
	o, after := judge(resp, err, time.Since(began) > l.timeout/4)
	l.limiter.end(began, o, after)
	return resp, err
}

// tries are those of one request that count.
type tries struct {
	failed int
	// answered is how many requests of the client had a good answer before the last try.
	answered int
	// undivided says that one try has the time of all.
	undivided bool
}

// triesKey is the key of a request's *[tries] in its context.
type triesKey struct{}

// judge returns what an answer says about how much Kong bears, and how long it wants to be left alone.
func judge(resp *http.Response, err error, late bool) (outcome, time.Duration) {
	switch {
	case asksForFewer(resp):
		return refused, retryAfter(resp.Header.Get("Retry-After"))
	case late:
		return slow, 0
	case err != nil:
		return none, 0
	}
	return fine, 0
}

// retryAfter returns the time that the header says, in seconds or as a date, 0 for none.
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int(longestWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// again reports whether a request is worth another try, and has one left. While Kong asks for fewer requests and meanwhile answers others
// of ours, that is not counted as a try: it is others' turn.
func (c *Client) again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err == nil {
		c.reached.Store(true)
	}
	if err == nil && !passing(resp.StatusCode) || err != nil && !c.transient(err) {
		return false, nil
	}
	t, _ := ctx.Value(triesKey{}).(*tries)
	if t.undivided && isTimeout(err) {
		return false, nil
	}
	answered := c.limiter.answered()
	if !asksForFewer(resp) || answered == t.answered {
		t.failed++
	}
	t.answered = answered
	return t.failed <= c.retries, nil
}

// passing reports whether an answer of this status may be another one soon.
func passing(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// asksForFewer reports whether an answer, if there is one, asks for fewer requests.
func asksForFewer(resp *http.Response) bool {
	return resp != nil && (resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable)
}

// wait returns how long to wait before another try. Where Kong asks for fewer requests, the limiter waits.
func wait(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
	if asksForFewer(resp) {
		return 0
	}
	return backoff(attempt)
}

// transient reports whether the failure to get an answer may be over soon.
func (c *Client) transient(err error) bool {
	if errors.Is(err, errTooLarge) {
		return false
	}
	if c.reached.Load() {
		return true
	}
	return !isDial(err) && !isProxy(err) && !isTLS(err) && !errors.Is(err, http.ErrSchemeMismatch)
}

// isDial reports whether no connection came about.
func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// isTLS reports whether client and server could not agree on whom to trust.
func isTLS(err error) bool {
	var unverified *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	return errors.As(err, &unverified) || errors.As(err, &alert) || errors.As(err, &record) || isRemote(err)
}

// backoff returns how long to wait after failure number n: twice as long each time, a random half of it, so that many who failed together
// do not come back together.
func backoff(n int) time.Duration {
	d := min(firstWait<<min(n, 16), longestWait)
	return d/2 + rand.N(d/2)
}

// whole reads each answer to its end before handing it on: an answer that is cut short is then a failure like any other
// and tried again, and the connection is free for the next request.
type whole struct {
	next http.RoundTripper
	// free has buffers for answers, as of the hundred pages of a long listing.
	free *sync.Pool
}

// read is the body of an answer that was read. Its buffer is another's once it is closed.
type read struct {
	*bytes.Buffer
	free *sync.Pool
}

// Close implements [io.Closer].
func (r *read) Close() error {
	if r.Buffer != nil {
		r.free.Put(r.Buffer)
		r.Buffer = nil
	}
	return nil
}

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)

func (w whole) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, ok := w.free.Get().(*bytes.Buffer)
	if !ok {
		body = new(bytes.Buffer)
	}
	body.Reset()
	if n := resp.ContentLength; 0 < n && n <= 16<<20 {
		body.Grow(int(n) + bytes.MinRead)
	}
	n, err := body.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("the answer is cut short: %w", err)
	}
	if n > maxAnswer {
		return nil, errTooLarge
	}
	resp.Body, resp.ContentLength = &read{body, w.free}, n
	return resp, nil
}
