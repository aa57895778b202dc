package sync_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// TestUniqueValuesMove lets every value that is unique in a Kong go round in a circle from one entity to the next, each of which keeps its
// id in the manifests' eyes; on the way there Kong would answer 409 to whoever takes one too early. Guards change at the same time, or not.
func TestUniqueValuesMove(t *testing.T) {
	for _, guards := range []bool{false, true} {
		for by := 1; by < 3; by++ {
			t.Run(fmt.Sprintf("by %d, guards change %v", by, guards), func(t *testing.T) {
				k := sandbox.New(sandbox.Config{})
				server := httptest.NewServer(k.Admin())
				defer server.Close()
				client, err := admin.New(admin.Config{URL: server.URL})
				if err != nil {
					t.Fatal(err)
				}
				for _, desired := range []kong.State{circle(t, 0, false), circle(t, by, guards)} {
					if p := bring(t, client, desired); p.Empty() {
						t.Error("nothing to do")
					}
					if p := bring(t, client, desired); !p.Empty() {
						t.Errorf("the second time: %s", p)
					}
				}
			})
		}
	}
}

// bring applies what is desired, and returns the plan.
func bring(t *testing.T, client *admin.Client, desired kong.State) diff.Plan {
	t.Helper()
	live, err := client.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := client.Schemas(t.Context(), live, desired)
	if err != nil {
		t.Fatal(err)
	}
	p, err := diff.Compute(live, desired, diff.Options{Instance: "main", Schemas: schemas})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sync.Apply(t.Context(), client, p, sync.Options{Settle: -1, OnError: sync.Stop}); err != nil {
		t.Fatal(err)
	}
	return p
}

// circle returns three of each kind, of which number i has the unique values of number i+by.
func circle(t *testing.T, by int, guarded bool) kong.State {
	t.Helper()
	b := builder{t: t}
	for i := range 3 {
		own, value := fmt.Sprint("e", i), fmt.Sprint("v", (i+by)%3)
		upstream := b.add(kong.Upstreams, own, map[string]any{"name": value, "slots": 100 + i})
		b.add(kong.Targets, own, map[string]any{"upstream": upstream, "target": fmt.Sprintf("10.0.0.%d:80", (i+by)%3)})
		service := b.add(kong.Services, own, map[string]any{"name": value, "host": value, "port": 80 + i})
		route := b.add(kong.Routes, own, map[string]any{"name": value, "paths": []string{"/" + own}, "service": service})
		b.add(kong.Plugins, own, map[string]any{"name": "cors", "instance_name": value, "route": route})
		if guarded {
			b.add(kong.Plugins, "guard"+own, map[string]any{"name": "key-auth", "route": route})
		}
		consumer := b.add(kong.Consumers, own, map[string]any{"username": own, "custom_id": value})
		b.add(kong.KeyAuthCredentials, own, map[string]any{"key": value, "consumer": consumer})
		b.add(kong.JWTSecrets, own, map[string]any{"key": value, "secret": "s" + own, "consumer": consumer})
		b.add(kong.ACLs, own, map[string]any{"group": value, "consumer": consumer})
		b.add(kong.KeySets, own, map[string]any{"name": value})
		cert, privateKey := selfSigned(t, own)
		certificate := b.add(kong.Certificates, own, map[string]any{"cert": cert, "key": privateKey})
		b.add(kong.SNIs, own, map[string]any{"name": value + ".example", "certificate": certificate})
	}
	s, err := kong.NewState(b.entities...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// selfSigned returns a certificate of a name that signs itself, with its key, in PEM.
func selfSigned(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{name}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}
