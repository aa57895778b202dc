package diff_test

import (
	"testing"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// TestSharedCertificate has two instances render a certificate from one Secret, each for a server name of its own: Kong gets it twice, and
// neither minds when the other is gone. One that is nobody's is a conflict, for it can be taken over.
func TestSharedCertificate(t *testing.T) {
	const id = "0d5cc1c5-6a4b-5f0e-8a68-1f7b35d2bb16"
	rendered := func(who, name string) []kong.Entity {
		return []kong.Entity{
			entityOf(t, kong.Certificates, id, map[string]any{"cert": "c", "key": "k", "tags": diff.Tags(who)}),
			entityOf(t, kong.SNIs, kong.ID(kong.SNIs, name), map[string]any{"name": name, "certificate": id, "tags": diff.Tags(who)}),
		}
	}
	state := func(entities ...kong.Entity) kong.State {
		s, err := kong.NewState(entities...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	compute := func(live kong.State, who, name string) (diff.Plan, kong.State) {
		p, err := diff.Compute(live, state(rendered(who, name)...), diff.Options{Instance: who})
		if err != nil {
			t.Fatal(err)
		}
		if c := p.Conflicts(); len(c) > 0 {
			t.Fatalf("instance %s: %v", who, c)
		}
		after, err := p.After()
		if err != nil {
			t.Fatal(err)
		}
		return p, after
	}
	_, both := compute(state(rendered("one", "a.example.com")...), "two", "b.example.com")
	sni, _ := both.Find(kong.SNIs, "b.example.com")
	if to, _ := sni.Ref("certificate"); to.ID == id {
		t.Errorf("the server name of instance two has instance one's certificate")
	} else if own, ok := both.Get(to); !ok || !diff.Owned(own, "two") {
		t.Errorf("the certificate %s of instance two's server name is not there", to)
	}
	for _, again := range []struct{ who, name string }{{"one", "a.example.com"}, {"two", "b.example.com"}} {
		if p, _ := compute(both, again.who, again.name); !p.Empty() {
			t.Errorf("instance %s finds something to change: %v", again.who, p.Changes())
		}
	}
	var left []kong.Entity
	for e := range both.All() {
		if diff.Owned(e, "two") {
			left = append(left, e)
		}
	}
	if p, _ := compute(state(left...), "two", "b.example.com"); !p.Empty() {
		t.Errorf("without instance one, instance two finds something to change: %v", p.Changes())
	}

	byHand := entityOf(t, kong.Certificates, id, map[string]any{"cert": "c", "key": "k"})
	p, err := diff.Compute(state(byHand), state(rendered("two", "b.example.com")...), diff.Options{Instance: "two"})
	if err != nil || len(p.Conflicts()) != 1 || p.Conflicts()[0].Reason != diff.IDTaken {
		t.Errorf("beside a certificate that nobody owns: %v, %v", p.Conflicts(), err)
	}
}
