package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestShards holds the shards to being disjoint, complete and even, by flag as by environment.
func TestShards(t *testing.T) {
	var targets []string
	for i := range 23 {
		targets = append(targets, fmt.Sprintf("kong-%02d", i))
	}
	for of := 1; of <= 30; of++ {
		var all []string
		for i := range of {
			part := shardOf(t, fmt.Sprintf("%d/%d", i, of), targets, noEnvironment)
			byJob := shardOf(t, fmt.Sprintf("/%d", of), targets, func(name string) string {
				return map[string]string{"JOB_COMPLETION_INDEX": fmt.Sprint(i)}[name]
			})
			if diff := cmp.Diff(part, byJob); diff != "" {
				t.Errorf("shard %d/%d (-) is not that of the job (+):\n%s", i, of, diff)
			}
			if least := len(targets) / of; len(part) != least && len(part) != least+1 {
				t.Errorf("shard %d/%d has %d of %d targets", i, of, len(part), len(targets))
			}
			all = append(all, part...)
		}
		slices.Sort(all)
		if diff := cmp.Diff(targets, all); diff != "" {
			t.Errorf("all targets (-) and those of %d shards (+):\n%s", of, diff)
		}
	}
}

func shardOf(t *testing.T, text string, targets []string, getenv func(string) string) []string {
	t.Helper()
	var s shard
	if err := s.Set(text); err != nil {
		t.Fatal(err)
	}
	part, err := s.pick(targets, getenv)
	if err != nil {
		t.Fatal(err)
	}
	return part
}

func TestNoShards(t *testing.T) {
	for _, text := range []string{"", "1", "/", "/0", "1/", "3/3", "-1/3", "0/-1", "a/b", "0/1/2"} {
		var s shard
		if err := s.Set(text); err == nil {
			t.Errorf("--shard %q is taken as %s", text, &s)
		}
	}
}
