package sync

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// TestOneManifestIsRefusedOnce: a plugin that sixty routes use is sixty entities, and one mistake.
func TestOneManifestIsRefusedOnce(t *testing.T) {
	e := &RejectedError{}
	for range 60 {
		e.Rejections = append(e.Rejections, Rejection{Entity: entity(t, kong.Plugins, "rate-limiting", nil), Reason: "no limit"})
	}
	if got, want := e.Error(), "kong refuses plugin rate-limiting: no limit"; got != want {
		t.Errorf("got %s", got)
	}
}

// TestManyAreNotAllNamed keeps an error of thousands of entities readable: the report has them all.
func TestManyAreNotAllNamed(t *testing.T) {
	e := &RejectedError{}
	for i := range 1000 {
		e.Rejections = append(e.Rejections, Rejection{Entity: entity(t, kong.Services, fmt.Sprintf("s%04d", i), nil), Reason: "no"})
	}
	got := strings.Split(e.Error(), "\n")
	if len(got) != 22 || got[0] != "kong refuses 1000 entities:" || got[1] != "  service s0000: no" || got[21] != "  and 980 more" {
		t.Errorf("got %q", got)
	}
}
