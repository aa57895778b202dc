package route_test

import (
	"testing"

	"github.com/gwsync/gwsync/render/route"
)

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"a.b":          "a.b",
		"a.b:80":       "a.b:80",
		"1.2.3.4:5":    "1.2.3.4:5",
		"::1":          "[0000:0000:0000:0000:0000:0000:0000:0001]",
		"[::1]:80":     "[0000:0000:0000:0000:0000:0000:0000:0001]:80",
		"1.2.3.256":    "invalid ipv4 address: 1.2.3.256",
		"a b":          "invalid hostname: a b",
		"a..b":         "invalid hostname: a..b",
		"a-.b":         "invalid hostname: a-.b",
		"a:70000":      "invalid port number",
		"[::1]:":       "invalid port number",
		"[::1]80":      "invalid ipv6 address",
		"1.2.3.4:":     "invalid ipv4 address: 1.2.3.4:",
		"1.2.3":        "invalid ipv4 address: 1.2.3",
		":":            "invalid hostname: :",
		"a.":           "a.",
		"fe80::1%eth0": "invalid ipv6 address: fe80::1%eth0",
		"":             "invalid hostname: ",
	} {
		a, err := route.ParseAddress(in)
		got := a.String()
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
