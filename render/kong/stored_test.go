package kong_test

import (
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// The digest is what a Kong 3.9.3 answered.
func TestStoredPasswordIsKongsDigest(t *testing.T) {
	const consumer = "00000000-0000-4000-8000-000000000001"
	e, err := kong.New(kong.BasicAuthCredentials, "00000000-0000-4000-8000-000000000002",
		map[string]any{"username": "u", "password": "p", "consumer": consumer}, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	const digest = "12fcb46159f10ceb7a6bea1baff958d0e77bdf81"
	if got := e.Stored().Text("password"); got != digest {
		t.Errorf("got %s", got)
	}
	s, err := kong.NewState(e)
	if err != nil {
		t.Fatal(err)
	}
	var plain, stored strings.Builder
	if err := s.Encode(&plain); err != nil {
		t.Fatal(err)
	}
	if err := s.EncodeStored(&stored); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plain.String(), "password: p\n") || !strings.Contains(stored.String(), digest) {
		t.Errorf("plain:\n%s\nstored:\n%s", plain.String(), stored.String())
	}
	live, err := kong.Decode(strings.NewReader(stored.String()))
	if err != nil {
		t.Fatal(err)
	}
	var again strings.Builder
	if err := live.EncodeStored(&again); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(again.String(), digest) {
		t.Errorf("what was read is stored otherwise:\n%s", again.String())
	}
}
