package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gwsync/gwsync/render/kong"
)

// The shares are those that a real Kong gave its targets over as many requests.
func TestRingGivesEachTargetItsShare(t *testing.T) {
	for _, tt := range []struct {
		weights  []int
		requests int
		want     []int
	}{
		{[]int{100, 100}, 1000, []int{500, 500}},
		{[]int{10, 30}, 1000, []int{250, 750}},
		{[]int{10, 20, 70}, 1000, []int{100, 200, 700}},
		{[]int{1, 1, 1}, 999, []int{333, 333, 333}},
		{[]int{0, 1}, 200, []int{0, 200}},
		{[]int{1, 999}, 1000, []int{1, 999}},
		{[]int{65535, 1}, 300, []int{300, 0}},
	} {
		t.Run(fmt.Sprint(tt.weights), func(t *testing.T) {
			var members []member
			for i, w := range tt.weights {
				members = append(members, member{peer{"h", i}, int64(w)})
			}
			r := newRing(members)
			got := make([]int, len(tt.weights))
			for range tt.requests {
				p, ok := r.next(&choice{})
				if !ok {
					t.Fatal("nobody")
				}
				got[p.port]++
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRingWithoutAnybody(t *testing.T) {
	r := newRing([]member{{peer{"a", 1}, 0}, {peer{"b", 1}, 5}})
	if p, ok := r.next(&choice{lost: map[peer]bool{{"b", 1}: true}}); ok {
		t.Errorf("got %s", p)
	}
}

func TestTargets(t *testing.T) {
	for target, want := range map[string]peer{
		"a.svc:80":   {"a.svc", 80},
		"a.svc":      {"a.svc", 8000},
		"1.2.3.4:81": {"1.2.3.4", 81},
		"[::1]:82":   {"::1", 82},
	} {
		e, err := kong.New(kong.Targets, "x", map[string]any{"target": target}, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		if got := newMember(e); got.peer != want || got.weight != 100 {
			t.Errorf("%s: got %v", target, got)
		}
	}
}

// A target whose name does not resolve is no part of the ring, and nothing that was tried.
func TestTargetsThatDoNotResolve(t *testing.T) {
	const config = `{"_format_version":"3.0","upstreams":[{"name":"u","targets":[
		{"target":"nope.invalid:80","weight":1000},{"target":"127.0.0.1:27201","weight":1}]}],
		"services":[{"name":"s","host":"u","retries":0,"routes":[{"name":"r","paths":["/a"]}]}]}`
	b := &backends{}
	k := startKong(t, stateOf(t, config), kong.TraditionalCompatible, Options{Backend: b.address(t), Dial: dialWithoutNames})
	for range 3 {
		if resp, body := k.get(t, "/a"); resp.StatusCode != 200 || !strings.Contains(body, "b1") {
			t.Errorf("got %d %s", resp.StatusCode, body)
		}
	}
}
