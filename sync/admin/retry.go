package admin

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
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

// retrying returns an HTTP client that tries again, says nothing, and follows no redirects: they would carry our headers,
// and with them our token, to whatever address an answer names.
func (c *Client) retrying(transport http.RoundTripper, timeout time.Duration, retries int) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     whole{transport},
			Timeout:       timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryWaitMin: firstWait,
		RetryWaitMax: longestWait,
		RetryMax:     retries,
		CheckRetry:   c.again,
		Backoff:      wait,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// again reports whether a request is worth another try.
func (c *Client) again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		return c.transient(err), nil
	}
	c.reached.Store(true)
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, nil
	}
	return false, nil
}

// transient reports whether the failure to get an answer may be over soon.
func (c *Client) transient(err error) bool {
	if errors.Is(err, errTooLarge) {
		return false
	}
	if c.reached.Load() {
		return true
	}
	return !isDial(err) && !isTLS(err) && !errors.Is(err, http.ErrSchemeMismatch)
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
	var op *net.OpError
	return errors.As(err, &unverified) || errors.As(err, &alert) || errors.As(err, &record) ||
		errors.As(err, &op) && op.Op == "remote error"
}

// wait returns how long to wait before try number attempt+1: what Retry-After says, else twice as long each time, a random
// half of it, so that many requests that failed together do not come back together.
func wait(first, longest time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil && resp.Header.Get("Retry-After") != "" {
		return min(retryablehttp.DefaultBackoff(first, longest, attempt, resp), longest)
	}
	d := min(first<<min(attempt, 16), longest)
	return d/2 + rand.N(d/2)
}

// whole reads each answer to its end before handing it on: an answer that is cut short is then a failure like any other
// and tried again, and the connection is free for the next request.
type whole struct{ next http.RoundTripper }

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)

func (w whole) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var body bytes.Buffer
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
	resp.Body, resp.ContentLength = io.NopCloser(&body), n
	return resp, nil
}
