package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

func TestXXHash32(t *testing.T) {
	for s, want := range map[string]uint32{
		"": 0x02CC5D05, "a": 0x550D7456, "abc": 0x32D153FF, "Nobody inspects the spammish repetition": 0xE2293B2F,
	} {
		if got := xxhash32(s); got != want {
			t.Errorf("%q: got %#x, want %#x", s, got, want)
		}
	}
}

// A real Kong gave these requests to these targets of equal weight, 127.0.0.1:27201 and up.
func TestHashingChoosesAsKong(t *testing.T) {
	const config = `{"_format_version":"3.0","upstreams":[{"name":"u","targets":[%s],"algorithm":"consistent-hashing",%s}],
		"services":[{"name":"s","host":"u","routes":[{"name":"r","paths":["~/a/?(?<c>\\d*)"],"strip_path":false}]}]}`
	for _, tt := range []struct {
		hash    string
		targets int
		request string // with the number of the request
		want    string // the targets in turn
	}{
		{`"hash_on":"path"`, 2, "GET /a/%d HTTP/1.1\r\n", "1 1 2 1 1 2 1 1 2 1"},
		{`"hash_on":"query_arg","hash_on_query_arg":"k"`, 2, "GET /a?k=%d HTTP/1.1\r\n", "1 1 2 1 2 2 1 2 1 2"},
		{`"hash_on":"uri_capture","hash_on_uri_capture":"c"`, 2, "GET /a/%d HTTP/1.1\r\n", "1 1 2 1 2 2 1 2 1 2"},
		{`"hash_on":"cookie","hash_on_cookie":"ck"`, 2, "GET /a HTTP/1.1\r\nCookie: ck=v%d\r\n", "2 1 2 1 2 1 1 2 1 2"},
		{`"hash_on":"ip"`, 2, "GET /a?%d HTTP/1.1\r\n", "2 2 2"},
		{`"hash_on":"consumer","hash_fallback":"ip"`, 2, "GET /a?%d HTTP/1.1\r\n", "2 2 2"},
		// A header with a dash in its name never counts.
		{`"hash_on":"header","hash_on_header":"X-H"`, 3, "GET /a HTTP/1.1\r\nX-H: v%d\r\n", "3 3 3 3 3 3 3 3"},
		{`"hash_on":"header","hash_on_header":"X-H"`, 2, "GET /a?%d HTTP/1.1\r\n", "2 2"},
	} {
		t.Run(tt.hash, func(t *testing.T) {
			var targets []string
			for i := range tt.targets {
				targets = append(targets, fmt.Sprintf(`{"target":"127.0.0.1:%d"}`, 27201+i))
			}
			k := startKong(t, stateOf(t, fmt.Sprintf(config, strings.Join(targets, ","), tt.hash)), kong.TraditionalCompatible, Options{})
			for i, want := range strings.Fields(tt.want) {
				c := k.connect(t, "http", "")
				_, body := roundTripRaw(t, c, "GET", fmt.Sprintf(tt.request, i)+"Host: a\r\n\r\n")
				_ = c.Close()
				if !strings.Contains(body, `"backend": "127.0.0.1:2720`+want+`"`) {
					t.Errorf("request %d: want target %s, got %s", i, want, body)
				}
			}
		})
	}
}
