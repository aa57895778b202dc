package render

import (
	"testing"

	"github.com/gwsync/gwsync/render/manifest"
)

func TestAddressesAreSpelledAsKongAnswersThem(t *testing.T) {
	for address, want := range map[string]string{
		"echo.example.com:80":  "echo.example.com",
		"10.0.0.1:80":          "10.0.0.1",
		"[::1]:80":             "[0000:0000:0000:0000:0000:0000:0000:0001]",
		"[2001:DB8::A]:80":     "[2001:0db8:0000:0000:0000:0000:0000:000a]",
		"[::ffff:10.0.0.1]:80": "[0000:0000:0000:0000:0000:ffff:0a00:0001]",
		"[10.0.0.1]:80":        "",
		"[fe80::1%eth0]:80":    "",
		"[::1:80":              "",
		"h:0":                  "",
		"a b:80":               "",
	} {
		a, err := NewAddresses(address, nil)
		if want == "" {
			if err == nil {
				t.Errorf("%s: no error", address)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got, _, err := a.Of(manifest.Ref{Namespace: "n", Name: "s"}, 80); got != want || err != nil {
			t.Errorf("%s: got %s, %v; want %s", address, got, err, want)
		}
	}
}

// Whoever reaches the cluster through other addresses can name those in the place of the Services' and endpoints'.
func TestAddressesInThePlaceOfOthers(t *testing.T) {
	a, err := NewAddresses("", map[string]string{
		"shop/cart:80":         "127.0.0.1:1",
		"echo.shop.svc:80":     "127.0.0.1:2",
		"10.0.0.1:80":          "127.0.0.1:3",
		"[2001:DB8::A]:80":     "127.0.0.1:4",
		"unused.shop.svc:8080": "127.0.0.1:5",
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int64{"cart": 1, "echo": 2} {
		if host, port, err := a.Of(manifest.Ref{Namespace: "shop", Name: name}, 80); host != "127.0.0.1" || port != want || err != nil {
			t.Errorf("Service %s: got %s:%d, %v; want 127.0.0.1:%d", name, host, port, err, want)
		}
	}
	for address, want := range map[string]int64{"10.0.0.1:80": 3, "[2001:db8::a]:80": 4, "10.0.0.1:81": 81} {
		if _, port, err := a.split(address); port != want || err != nil {
			t.Errorf("%s: got port %d, %v; want %d", address, port, err, want)
		}
	}
	for _, wrong := range []string{"cart:port", "shop/cart", "/cart:80", "shop/:80", "shop/cart:http", "a b:80"} {
		if _, err := NewAddresses("", map[string]string{wrong: "127.0.0.1:1"}); err == nil {
			t.Errorf("%s: no error", wrong)
		}
	}
}
