package backend

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"

	"golang.org/x/net/dns/dnsmessage"
	"sigs.k8s.io/gateway-api/conformance/echo-basic/tcpserver"
)

func (b *Backend) startTCP() error {
	serve := func(l net.Listener) error { return accept(l, b.talk) }
	if err := b.listen(3000, serve); err != nil || b.pod.Certificate == nil {
		return err
	}
	return b.listen(8443, func(l net.Listener) error { return serve(tls.NewListener(l, b.secure())) })
}

// talk greets, and answers the lines TEST, IS_TLS and PING.
func (b *Backend) talk(conn net.Conn) {
	is := tcpserver.TCPAssertions{Context: tcpserver.Context{
		Namespace: b.pod.Namespace, Service: b.pod.Service, Pod: b.pod.Name, TCPPort: "3000", TLSPort: "8443",
	}}
	if secure, ok := conn.(*tls.Conn); ok {
		if err := secure.Handshake(); err != nil {
			b.printf("TLS: %v\n", err)
			return
		}
		s := secure.ConnectionState()
		is.IsTLS = true
		is.TLSAssertion = &tcpserver.TLSAssertions{
			Version: tls.VersionName(s.Version), ServerName: s.ServerName, NegotiatedProtocol: s.NegotiatedProtocol,
			CipherSuite: tls.CipherSuiteName(s.CipherSuite), Curves: s.CurveID.String(),
		}
	}
	test, err := json.Marshal(is)
	if err != nil {
		b.printf("%v\n", err)
		return
	}
	_, _ = fmt.Fprint(conn, tcpserver.WelcomeMessage)
	answers := map[string]string{"TEST": string(test), "IS_TLS": fmt.Sprint(is.IsTLS), "PING": "PONG"}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if answer, ok := answers[lines.Text()]; ok {
			_, _ = fmt.Fprintln(conn, answer)
		}
	}
}

func (b *Backend) startUDP() error {
	return b.packets(8080, func(got []byte) []byte {
		answer, err := json.Marshal(map[string]string{
			"request": string(got), "namespace": b.pod.Namespace, "service": b.pod.Service, "pod": b.pod.Name,
		})
		if err != nil {
			return nil
		}
		return answer
	})
}

// startDNS answers all questions with no records, and no error.
func (b *Backend) startDNS() error {
	return b.packets(53, func(got []byte) []byte {
		var m dnsmessage.Message
		if m.Unpack(got) != nil {
			return nil
		}
		answer := dnsmessage.Message{
			Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionDesired: m.RecursionDesired},
			Questions: m.Questions,
		}
		packed, err := answer.Pack()
		if err != nil {
			return nil
		}
		return packed
	})
}
