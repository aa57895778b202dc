package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

func TestStreamListen(t *testing.T) {
	got, err := parseStreamListen([]string{"127.0.0.1:9000", "127.0.0.1:9443 ssl", "[::1]:9001  udp"})
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, s := range got {
		text = append(text, s.String()+" "+s.kind())
	}
	if diff := cmp.Diff([]string{"127.0.0.1:9000 TCP", "127.0.0.1:9443 ssl TLS", "[::1]:9001 udp UDP"}, text); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, wrong := range []string{"", "9000", "127.0.0.1:9000 reuseport", "127.0.0.1:9000 ssl udp"} {
		if _, err := parseStreamListen([]string{wrong}); err == nil || !strings.Contains(err.Error(), "--stream-listen") {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
}

func TestPortListen(t *testing.T) {
	got, err := parseFronts([]string{"80=127.0.0.1:8000", "443=127.0.0.1:8443 ssl", "8080=[::1]:9001"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[front]string{{80, false}: "127.0.0.1:8000", {443, true}: "127.0.0.1:8443", {8080, false}: "[::1]:9001"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(front{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, wrong := range []string{"", "80", "127.0.0.1:80", "0=127.0.0.1:80", "80=8000", "80=127.0.0.1:8000 udp"} {
		if _, err := parseFronts([]string{wrong}); err == nil || !strings.Contains(err.Error(), "--port-listen") {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
	if _, err := parseFronts([]string{"80=127.0.0.1:1", "80=127.0.0.1:2"}); err == nil {
		t.Error("two addresses of a port: no error")
	}
}

// portOf returns the port of an URL.
func portOf(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }

// A box answers on all of its listeners, and its Admin API says which they are.
func TestBoxListens(t *testing.T) {
	b := newBox(sandbox.Config{}, proxy.Options{})
	state, err := kong.Decode(strings.NewReader(`{"_format_version":"3.0","services":[{"name":"s","host":"db.svc","port":5432,"protocol":"tcp",
		"routes":[{"name":"r","protocols":["tcp"],"sources":[{"ip":"127.0.0.1"}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.kong.Load(state); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended, listening := make(chan error, 1), make(chan addresses, 1)
	const free = "127.0.0.1:0"
	at := addresses{admin: free, proxy: free, secure: free, fronts: map[front]string{{8080, false}: free, {8443, true}: free},
		streams: []streamListen{{address: free}, {address: free, udp: true}}}
	go func() { ended <- b.serve(ctx, at, func(at addresses) { listening <- at }) }()
	at = <-listening
	c, err := net.Dial("tcp", at.streams[0].address)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(c, "hello\n")
	if line, err := bufio.NewReader(c).ReadString('\n'); line != "db.svc:5432: hello\n" {
		t.Errorf("got %q, %v", line, err)
	}
	_ = c.Close()
	resp, err := http.Get(at.admin)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var root struct {
		Configuration struct {
			Proxy  []string `json:"proxy_listen"`
			Stream []string `json:"stream_listen"`
			Maps   []string `json:"port_maps"`
		} `json:"configuration"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&root); err != nil {
		t.Fatal(err)
	}
	plain, secure := at.fronts[front{8080, false}], at.fronts[front{8443, true}]
	want := []string{bare(at.proxy) + " http2", bare(at.secure) + " http2 ssl", bare(plain) + " http2", bare(secure) + " http2 ssl",
		at.streams[0].address, at.streams[1].address + " udp", "8080:" + portOf(plain), "8443:" + portOf(secure)}
	if diff := cmp.Diff(want, slices.Concat(root.Configuration.Proxy, root.Configuration.Stream, root.Configuration.Maps)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if resp, err := http.Get(plain); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("got %v, %v; want 404", resp, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
