package kong_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

func TestNoVerbPrintsSecrets(t *testing.T) {
	e, err := kong.New(kong.Certificates, "6f2cf1a1-51d0-4f06-9a10-aa7bfc2f6b1e", map[string]any{"key": "hunter2"}, kong.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := kong.NewState(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{e, &e, []kong.Entity{e}, s, &s, struct{ State kong.State }{s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "hunter2") {
				t.Errorf("%s of a %T prints %s", verb, v, text)
			}
		}
	}
}
