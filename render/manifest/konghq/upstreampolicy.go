package konghq

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KongUpstreamPolicy says how Kong spreads the requests for a Service over its addresses. Its version is v1beta1. What is nil or empty
// is as Kong has it by itself.
type KongUpstreamPolicy struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              KongUpstreamPolicySpec `json:"spec,omitempty"`
}

// KongUpstreamPolicySpec has the fields of Kong's Upstream.
type KongUpstreamPolicySpec struct {
	// Algorithm is Kong's, or "sticky-sessions", which only an Enterprise Kong has.
	Algorithm string `json:"algorithm,omitempty"`
	Slots     *int64 `json:"slots,omitempty"`
	// HashOn is what requests are told apart by, with the algorithm consistent-hashing; HashOnFallback where they do not have it.
	HashOn         *UpstreamHash   `json:"hashOn,omitempty"`
	HashOnFallback *UpstreamHash   `json:"hashOnFallback,omitempty"`
	Healthchecks   *Healthchecks   `json:"healthchecks,omitempty"`
	StickySessions *StickySessions `json:"stickySessions,omitempty"`
}

// UpstreamHash is one property of a request: of all but CookiePath, one is set.
type UpstreamHash struct {
	// Input is a property that needs no name: "ip", "consumer", "path" or "none".
	Input  string `json:"input,omitempty"`
	Header string `json:"header,omitempty"`
	Cookie string `json:"cookie,omitempty"`
	// CookiePath is the path of the cookie that Kong sets where a request has none.
	CookiePath string `json:"cookiePath,omitempty"`
	QueryArg   string `json:"queryArg,omitempty"`
	URICapture string `json:"uriCapture,omitempty"`
}

// StickySessions bind a client to an address by a cookie.
type StickySessions struct {
	Cookie     string `json:"cookie"`
	CookiePath string `json:"cookiePath,omitempty"`
}

// Healthchecks say which addresses get no requests.
type Healthchecks struct {
	Active  *ActiveHealthcheck  `json:"active,omitempty"`
	Passive *PassiveHealthcheck `json:"passive,omitempty"`
	// Threshold is the percentage of the weight that must be healthy for any requests to be sent.
	Threshold *int64 `json:"threshold,omitempty"`
}

// ActiveHealthcheck is a check by requests that Kong makes itself. Times are in seconds.
type ActiveHealthcheck struct {
	Type                   string              `json:"type,omitempty"`
	Concurrency            *int64              `json:"concurrency,omitempty"`
	Headers                map[string][]string `json:"headers,omitempty"`
	Healthy                *Healthy            `json:"healthy,omitempty"`
	Unhealthy              *Unhealthy          `json:"unhealthy,omitempty"`
	HTTPPath               string              `json:"httpPath,omitempty"`
	HTTPSSNI               string              `json:"httpsSni,omitempty"`
	HTTPSVerifyCertificate *bool               `json:"httpsVerifyCertificate,omitempty"`
	Timeout                *int64              `json:"timeout,omitempty"`
}

// PassiveHealthcheck is a check by the answers to the requests that are proxied.
type PassiveHealthcheck struct {
	Type      string     `json:"type,omitempty"`
	Healthy   *Healthy   `json:"healthy,omitempty"`
	Unhealthy *Unhealthy `json:"unhealthy,omitempty"`
}

// Healthy says what makes an address healthy.
type Healthy struct {
	HTTPStatuses []int64 `json:"httpStatuses,omitempty"`
	Interval     *int64  `json:"interval,omitempty"`
	Successes    *int64  `json:"successes,omitempty"`
}

// Unhealthy says what makes an address unhealthy.
type Unhealthy struct {
	HTTPFailures *int64  `json:"httpFailures,omitempty"`
	HTTPStatuses []int64 `json:"httpStatuses,omitempty"`
	Interval     *int64  `json:"interval,omitempty"`
	TCPFailures  *int64  `json:"tcpFailures,omitempty"`
	Timeouts     *int64  `json:"timeouts,omitempty"`
}
