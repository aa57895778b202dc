package render_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync/sandbox/proxy"
)

// streamManifests have a TLS port with listeners of both modes, two TCP ports and one for UDP.
const streamManifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec:
  gatewayClassName: kong
  listeners:
  - {name: passed, port: 8883, protocol: TLS, hostname: "*.example.com", tls: {mode: Passthrough}}
  - {name: ended, port: 8883, protocol: TLS, hostname: tls.example.com, tls: {certificateRefs: [{name: certificate}]}}
  - {name: shut, port: 8883, protocol: TLS, hostname: shut.example.com, tls: {mode: Passthrough}}
  - {name: one, port: 9300, protocol: TCP}
  - {name: two, port: 9301, protocol: TCP}
  - {name: weighted, port: 9302, protocol: TCP}
  - {name: broken, port: 9303, protocol: TCP}
  - {name: unrouted, port: 9304, protocol: TCP}
  - {name: udp, port: 5300, protocol: UDP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: passed}
spec:
  parentRefs: [{name: kong, sectionName: passed}]
  hostnames: [abc.example.com, "*.example.com"]
  rules: [{backendRefs: [{name: a, port: 443}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: deeper}
spec:
  parentRefs: [{name: kong, sectionName: passed}]
  hostnames: ["*.deep.example.com"]
  rules: [{backendRefs: [{name: b, port: 443}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: ended}
spec:
  parentRefs: [{name: kong, sectionName: ended}]
  hostnames: [tls.example.com]
  rules: [{backendRefs: [{name: b, port: 443}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: one}
spec:
  parentRefs: [{name: kong, sectionName: one}]
  rules: [{backendRefs: [{name: a, port: 443}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: two}
spec:
  parentRefs: [{name: kong, port: 9301}]
  rules: [{backendRefs: [{name: b, port: 443}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: weighted}
spec:
  parentRefs: [{name: kong, sectionName: weighted}]
  rules: [{backendRefs: [{name: a, port: 443, weight: 3}, {name: b, port: 443, weight: 1}, {name: gone, port: 443, weight: 4}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: broken}
spec:
  parentRefs: [{name: kong, sectionName: broken}]
  rules: [{backendRefs: [{name: gone, port: 443}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {name: udp}
spec:
  parentRefs: [{name: kong, sectionName: udp}]
  rules: [{backendRefs: [{name: a, port: 443}]}]
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {selector: {app: a}, ports: [{name: t, port: 443}, {name: u, port: 443, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: b}
spec: {selector: {app: b}, ports: [{port: 443}]}
---
`

// TestStreams opens connections to an embedded Kong as the conformance tests of TLSRoutes, TCPRoutes and UDPRoutes do.
func TestStreams(t *testing.T) {
	certificate, err := json.Marshal(secret(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, flavor := range []kong.Flavor{kong.TraditionalCompatible, kong.Expressions} {
		t.Run(string(flavor), func(t *testing.T) {
			k := serveUnresolved(t, flavor, streamManifests+string(certificate))
			for _, c := range []struct {
				protocol    string
				port        int
				sni         string
				backend     string // "" where Kong closes the connection
				certificate string // of the Secret, or what a backend has
			}{
				{"tls", 8883, "abc.example.com", "a", "localhost"},
				{"tls", 8883, "other.example.com", "a", "localhost"},
				{"tls", 8883, "x.y.deep.example.com", "b", "localhost"},
				{"tls", 8883, "tls.example.com", "b", "x"},
				{"tls", 8883, "example.com", "", ""},
				{"tls", 8883, "unknown.example.org", "", ""},
				{"tls", 8883, "", "", ""},
				{"tcp", 9300, "", "a", ""},
				{"tcp", 9301, "", "b", ""},
				{"tcp", 9303, "", "", ""},
				{"udp", 5300, "", "a", ""},
				{"tcp", 9300, "", "a", ""},
			} {
				backend, certificate := k.stream(t, c.protocol, c.port, c.sni)
				if backend != c.backend || certificate != c.certificate {
					t.Errorf("%s :%d %s: answered by %q with the certificate of %q, want %q and %q", c.protocol, c.port, c.sni,
						backend, certificate, c.backend, c.certificate)
				}
			}
			if flavor == kong.Expressions {
				for _, c := range []struct{ protocol, sni string }{{"tls", "shut.example.com"}, {"tcp", ""}} {
					port := map[string]int{"tls": 8883, "tcp": 9304}[c.protocol]
					if backend, _ := k.stream(t, c.protocol, port, c.sni); backend != "" {
						t.Errorf("%s :%d %s, which no route is for: answered by %s", c.protocol, port, c.sni, backend)
					}
				}
			}
			k.weights(t, map[string]int{"a": 30, "b": 10, "": 40})
		})
	}
}

// weights opens connections to the port of the weighted route, as many as it takes for each backend to get its share.
func (k traffic) weights(t *testing.T, want map[string]int) {
	t.Helper()
	got := map[string]int{}
	for range 80 {
		backend, _ := k.stream(t, "tcp", 9302, "")
		got[backend]++
	}
	for backend, n := range want {
		if got[backend] != n {
			t.Errorf("of 80 connections, %v get to the backends, want %v", got, want)
			return
		}
	}
}

// serveUnresolved is serve for manifests of which some backends are missing. The echo answers in place of backends.
func serveUnresolved(t *testing.T, flavor kong.Flavor, manifests string) traffic {
	t.Helper()
	in := fstest.MapFS{"all.yaml": &fstest.MapFile{Data: []byte(manifests)}}
	result, err := render.Render([]manifest.Input{{FS: in, Path: "."}}, render.Options{
		Target: render.Target{Flavor: flavor, AllowUnresolved: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Findings.HasErrors() {
		t.Fatalf("%s", lines(result.Findings))
	}
	return traffic{proxy.New(func() (kong.State, uint64) { return result.State, 1 }, flavor, proxy.Options{})}
}

// stream says hi on a connection to a port, and returns which backend the echo answers for, and whom the server's certificate is for.
func (k traffic) stream(t *testing.T, protocol string, port int, sni string) (backend, certificate string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	network, where := "tcp", ""
	if protocol == "udp" {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		network, where = "udp", c.LocalAddr().String()
		go func() { served <- k.ServeUDP(ctx, packetsAt{c, port}) }()
	} else {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		where = l.Addr().String()
		serve := k.ServeTCP
		if protocol == "tls" {
			serve = k.ServeTLSStream
		}
		go func() { served <- serve(ctx, listenerAt{l, port}) }()
	}
	conn, err := net.Dial(network, where)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if protocol == "tls" {
		secure := tls.Client(conn, &tls.Config{ServerName: sni, InsecureSkipVerify: true})
		if secure.Handshake() != nil {
			return "", ""
		}
		conn, certificate = secure, secure.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	_, _ = io.WriteString(conn, "hi")
	answer := make([]byte, 100)
	n, _ := conn.Read(answer)
	backend, _, _ = strings.Cut(string(answer[:n]), ".")
	return backend, certificate
}

// listenerAt and packetsAt are where Kong listens on a port, for all that it can see.
type (
	listenerAt struct {
		net.Listener
		port int
	}
	connAt struct {
		net.Conn
		port int
	}
	packetsAt struct {
		net.PacketConn
		port int
	}
)

func (l listenerAt) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return connAt{c, l.port}, nil
}

func (c connAt) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: c.port} }

func (p packetsAt) LocalAddr() net.Addr {
	return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p.port}
}
