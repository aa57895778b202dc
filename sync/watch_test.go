package sync

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gwsync/gwsync/render/manifest"
)

// TestWatch changes a directory in every way that counts, and once in one that does not.
func TestWatch(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "manifests")
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata: {name: "
	steps := []struct {
		change func()
		want   []string
	}{
		{func() { write("sub/a.yaml", namespace+"one}\n") }, []string{"one"}},
		{func() { write("sub/a.yaml", namespace+"other}\n") }, []string{"other"}},
		{func() { write(".git/index", "not a manifest"); write("b.yaml", namespace+"two}\n") }, []string{"other", "two"}},
		{func() { _ = os.Remove(filepath.Join(dir, "b.yaml")) }, []string{"other"}},
		{func() { _ = os.RemoveAll(dir) }, []string{"error"}},
		{func() { write("c.yaml", namespace+"three}\n") }, []string{"three"}},
	}
	enough := errors.New("enough")
	seen := 0
	steps[0].change()
	err := Watch(context.Background(), Dir(dir), time.Millisecond, func(s Snapshot, err error) error {
		got := []string{"error"}
		if err == nil {
			got = names(t, s)
		}
		if diff := cmp.Diff(steps[seen].want, got); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", seen, diff)
		}
		if seen++; seen == len(steps) {
			return enough
		}
		steps[seen].change()
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("Watch returned %v, want the error of changed", err)
	}
}

// TestWatchFile changes a named file, but not its size.
func TestWatchFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	write := func(name string) {
		if err := os.WriteFile(file, []byte("apiVersion: v1\nkind: Namespace\nmetadata: {name: "+name+"}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	enough := errors.New("enough")
	var seen []string
	err := Watch(context.Background(), Files([]string{file}, nil), time.Millisecond, func(s Snapshot, _ error) error {
		seen = append(seen, names(t, s)...)
		if len(seen) == 2 {
			return enough
		}
		write("two")
		return nil
	})
	if diff := cmp.Diff([]string{"one", "two"}, seen); diff != "" || !errors.Is(err, enough) {
		t.Errorf("Watch returned %v, and saw (-want +got):\n%s", err, diff)
	}
}

func TestWatchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	err := Watch(ctx, Dir(t.TempDir()), time.Hour, func(Snapshot, error) error {
		cancel()
		return nil
	})
	if err != nil {
		t.Errorf("Watch returned %v when its context ended", err)
	}
}

func names(t *testing.T, s Snapshot) []string {
	t.Helper()
	set, _, err := manifest.Load(s.Inputs, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for o := range set.All() {
		out = append(out, o.Ref.Name)
	}
	return out
}
