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
