package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gwsync/gwsync/render/kong"
)

const streamGuide = `{"_format_version":"3.0","services":[{"name":"s","host":"u","protocol":"tcp",
	"routes":[{"name":"r","protocols":["tcp"],"sources":[{"ip":"127.0.0.1"}]%s}]}],
	"upstreams":[{"name":"u","targets":[{"target":"a.svc:1","weight":10},{"target":"b.svc:2","weight":30}]}]}`

// passthroughGuide has a stream whose TLS Kong passes on.
const passthroughGuide = `{"_format_version":"3.0","services":[{"name":"p","host":"p.svc","port":443,"protocol":"tcp",
	"routes":[{"name":"p","protocols":["tls_passthrough"],"snis":["p.com"]}]}]}`

// openStream returns how to connect to a proxy that listens for streams, and what it logs.
func openStream(t *testing.T, config string) (dial func(port int) net.Conn, logged func() string) {
	t.Helper()
	return openStreams(t, stateOf(t, config), kong.TraditionalCompatible, Options{})
}

// openStreams is openStream with a configuration as it is.
func openStreams(t *testing.T, s kong.State, f kong.Flavor, o Options) (dial func(port int) net.Conn, logged func() string) {
	t.Helper()
	var mu sync.Mutex
	var log strings.Builder
	o.Log = func(m string) {
		mu.Lock()
		defer mu.Unlock()
		log.WriteString(m + "\n")
	}
	p := New(func() (kong.State, uint64) { return s, 1 }, f, o)
	plain, secure := newListener(9000), newListener(9443)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() { _ = p.ServeTCP(ctx, plain) }()
	go func() { _ = p.ServeTLSStream(ctx, secure) }()
	dial = func(port int) net.Conn {
		c := map[int]*listener{9000: plain, 9443: secure}[port].dial()
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	return dial, func() string {
		mu.Lock()
		defer mu.Unlock()
		return log.String()
	}
}

func TestStreamsAreSpreadByWeight(t *testing.T) {
	dial, _ := openStream(t, strings.Replace(streamGuide, "%s", "", 1))
	count := map[string]int{}
	for range 40 {
		c := dial(9000)
		_, _ = io.WriteString(c, "x\n")
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		count[line]++
		_ = c.Close()
	}
	if count["a.svc:1: x\n"] != 10 || count["b.svc:2: x\n"] != 30 {
		t.Errorf("got %v", count)
	}
}

// The echo ends the TLS that Kong passes on.
func TestEchoOfPassthrough(t *testing.T) {
	dial, _ := openStream(t, passthroughGuide)
	c := tls.Client(dial(9443), &tls.Config{ServerName: "p.com", InsecureSkipVerify: true})
	_, _ = io.WriteString(c, "x\n")
	if line, err := bufio.NewReader(c).ReadString('\n'); line != "p.svc:443: x\n" {
		t.Errorf("got %q, %v", line, err)
	}
}

// A plugin that cannot run on streams closes them; one that is not for streams does not count.
func TestPluginsOfStreams(t *testing.T) {
	for _, tt := range []struct{ plugin, want, logged string }{
		{`{"name":"ip-restriction","config":{"deny":["127.0.0.1"]}}`, "", "IP address not allowed: 127.0.0.1"},
		{`{"name":"ip-restriction","config":{"deny":["10.0.0.0/8"]}}`, "x\n", ""},
		{`{"name":"proxy-cache","protocols":["tcp"]}`, "", "plugin proxy-cache on streams is not supported"},
		{`{"name":"proxy-cache","protocols":["http"]}`, "x\n", ""},
	} {
		dial, logged := openStream(t, strings.Replace(streamGuide, "%s", `,"plugins":[`+tt.plugin+`]`, 1))
		c := dial(9000)
		_, _ = io.WriteString(c, "x\n")
		line, _ := bufio.NewReader(c).ReadString('\n')
		if !strings.HasSuffix(line, tt.want) || tt.want == "" && line != "" || !strings.Contains(logged(), tt.logged) {
			t.Errorf("%s: got %q, logged %q", tt.plugin, line, logged())
		}
	}
}

// What looks at the start of a stream must neither panic nor take anything from it.
func FuzzServerName(f *testing.F) {
	near, far := net.Pipe()
	go func() {
		_ = tls.Client(near, &tls.Config{ServerName: "a.example.com", InsecureSkipVerify: true}).Handshake()
	}()
	hello := make([]byte, 4096)
	n, err := far.Read(hello)
	if err != nil {
		f.Fatal(err)
	}
	_, _ = near.Close(), far.Close()
	if name, err := serverName(bufio.NewReaderSize(bytes.NewReader(hello[:n]), maxRecord)); name != "a.example.com" || err != nil {
		f.Fatalf("got %q, %v", name, err)
	}
	f.Add(hello[:n])
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Add([]byte("\x16\x03\x01\xff\xff"))
	f.Add([]byte{22, 3, 1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(b), maxRecord)
		_, _ = serverName(r)
		if rest, _ := io.ReadAll(r); !bytes.Equal(rest, b) {
			t.Errorf("%d of %d bytes are left", len(rest), len(b))
		}
	})
}
