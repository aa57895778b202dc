package bind

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/gwsync/gwsync/render/manifest"
)

// testKeys fills CERT_A, KEY_A, CERT_B and KEY_B into manifests: two certificates and their keys, made for the occasion.
var testKeys = sync.OnceValue(func() *strings.Replacer {
	certA, keyA := newPair()
	certB, keyB := newPair()
	return strings.NewReplacer(
		"CERT_A", strconv.Quote(certA), "KEY_A", strconv.Quote(keyA),
		"CERT_B", strconv.Quote(certB), "KEY_B", strconv.Quote(keyB))
})

// newPair makes a self-signed certificate and its key, in PEM.
func newPair() (cert, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	if err != nil {
		panic(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

func TestCertificate(t *testing.T) {
	const manifests = `
apiVersion: v1
kind: Secret
metadata: {name: tls}
type: kubernetes.io/tls
stringData: {tls.crt: CERT_A, tls.key: KEY_A}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kong}
spec:
  gatewayClassName: kong
  listeners:
  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: tls}]}}
`
	g, findings := Build(loadString(t, testKeys().Replace(manifests)), Options{})
	if len(findings) > 0 {
		t.Fatalf("findings:\n%s", describe(findings))
	}
	l := g.Gateways[0].Listeners[0]
	if !l.Programmed || len(l.Certificates) != 1 {
		t.Fatalf("programmed is %v, with certificates %v", l.Programmed, l.Certificates)
	}
	c := l.Certificates[0]
	if _, err := tls.X509KeyPair([]byte(c.Cert), []byte(c.Key)); err != nil {
		t.Error(err)
	}
	for _, printed := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", l.Certificates), fmt.Sprintf("%#v", c)} {
		if strings.Contains(printed, "PRIVATE") {
			t.Errorf("a key can be printed by accident: %s", printed)
		}
	}
}

// loadString loads manifests that must be in order.
func loadString(t testing.TB, manifests string) manifest.Set {
	t.Helper()
	files := fstest.MapFS{"all.yaml": &fstest.MapFile{Data: []byte(manifests)}}
	set, findings, err := manifest.Load([]manifest.Input{{FS: files, Path: "."}}, manifest.Options{})
	if err != nil || findings.HasErrors() {
		t.Fatalf("the manifests do not load: %v\n%s", err, describe(findings))
	}
	return set
}
