// Command bench compares gwsync with decK on the same Kong, a sandbox, and prints a table. See the README beside it.
package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
)

func main() {
	var b bench
	flag.StringVar(&b.deck, "deck", "", "decK's binary; none to measure gwsync alone")
	flag.StringVar(&b.gwsync, "gwsync", "gwsync", "gwsync's binary")
	flag.IntVar(&b.repeat, "repeat", 3, "runs of each; the table has the median by wall time")
	sizes := flag.String("sizes", "1000,5000,20000", "numbers of services")
	latencies := flag.String("latencies", "0s,2ms", "what the Kong waits before it answers")
	shapes := flag.String("shapes", "upstreams,services", "an upstream a service, as decK's users have it; services without")
	only := flag.String("only", "", "measure this operation alone")
	flag.Parse()
	b.only = *only
	if err := b.all(*sizes, *latencies, *shapes); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one comparison.
type bench struct {
	deck, gwsync string
	repeat       int
	only         string
}

func (b *bench) all(sizes, latencies, shapes string) error {
	fmt.Println("| services | entities | latency | operation | tool | wall s | CPU s | peak MiB | requests |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, shape := range strings.Split(shapes, ",") {
		for _, size := range strings.Split(sizes, ",") {
			n, err := strconv.Atoi(size)
			if err != nil {
				return err
			}
			w := workload{apps: n, upstreams: shape == "upstreams"}
			in, err := prepare(w)
			if err != nil {
				return err
			}
			for _, latency := range strings.Split(latencies, ",") {
				d, err := time.ParseDuration(latency)
				if err != nil {
					return err
				}
				if err := b.one(in, d); err != nil {
					return err
				}
			}
			if err := os.RemoveAll(in.dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// input is a workload on disk, as each tool reads it, before and after a change of 1%.
type input struct {
	workload
	dir           string
	before, after kong.State
}

func (in input) manifests(version string) string { return filepath.Join(in.dir, version) }

func (in input) deckFile(version string) string { return filepath.Join(in.dir, version+".deck.yaml") }

func prepare(w workload) (in input, err error) {
	in.workload = w
	if in.dir, err = os.MkdirTemp("", "gwsync-bench-"); err != nil {
		return in, err
	}
	if in.before, err = in.version("before", func(int) bool { return false }); err != nil {
		return in, err
	}
	in.after, err = in.version("after", func(app int) bool { return app%100 == 0 })
	return in, err
}

// version writes one version of the workload and returns what it comes to.
func (in input) version(name string, changed func(int) bool) (kong.State, error) {
	dir := in.manifests(name)
	if err := in.write(dir, changed); err != nil {
		return kong.State{}, err
	}
	r, err := render.Render([]manifest.Input{{FS: os.DirFS(dir), Path: "."}}, render.Options{Target: render.Target{
		Flavor: kong.TraditionalCompatible, Tags: diff.Tags("default"),
	}})
	if err != nil {
		return kong.State{}, err
	}
	if len(r.Findings) > 0 || r.State.Len() != in.entities() {
		return kong.State{}, fmt.Errorf("%d entities instead of %d: %v", r.State.Len(), in.entities(), r.Findings)
	}
	var text bytes.Buffer
	if err := writeDeckFile(&text, r.State); err != nil {
		return kong.State{}, err
	}
	return r.State, os.WriteFile(in.deckFile(name), text.Bytes(), 0o600)
}

// operation is something that both tools do. Their arguments lack the address.
type operation struct {
	name         string
	from         kong.State
	gwsync, deck []string
}

func (in input) operations() []operation {
	return []operation{
		{"diff, no change", in.before,
			[]string{"diff", "--path", in.manifests("before")}, []string{"gateway", "diff", in.deckFile("before")}},
		{"diff, 1% changed", in.before,
			[]string{"diff", "--path", in.manifests("after")}, []string{"gateway", "diff", in.deckFile("after")}},
		{"sync of 1%", in.before,
			[]string{"apply", "--yes", "--settle", "0", "--path", in.manifests("after")}, []string{"gateway", "sync", in.deckFile("after")}},
		{"first sync", kong.State{},
			[]string{"apply", "--yes", "--settle", "0", "--path", in.manifests("before")}, []string{"gateway", "sync", in.deckFile("before")}},
	}
}

func (b *bench) one(in input, latency time.Duration) error {
	s, err := newServer(latency)
	if err != nil {
		return err
	}
	defer s.close()
	for _, op := range in.operations() {
		if b.only != "" && b.only != op.name {
			continue
		}
		for _, tool := range []struct {
			name, binary string
			args         []string
		}{{"decK", b.deck, op.deck}, {"gwsync", b.gwsync, op.gwsync}} {
			if tool.binary == "" {
				continue
			}
			f, err := b.median(s, op.from, tool.binary, tool.args)
			if err != nil {
				return err
			}
			fmt.Printf("| %d | %d | %s | %s | %s | %.2f | %.2f | %d | %d |\n", in.apps, in.entities(), latency, op.name, tool.name,
				f.wall.Seconds(), f.cpu.Seconds(), f.peak>>20, f.requests)
		}
	}
	return nil
}

// median runs a tool a few times and returns what the run of median wall time cost.
func (b *bench) median(s *server, from kong.State, binary string, args []string) (figures, error) {
	var runs []figures
	for range b.repeat {
		if err := s.hold(from); err != nil {
			return figures{}, err
		}
		f, err := s.measure(binary, append(args[:len(args):len(args)], "--kong-addr", s.url)...)
		if err != nil {
			return figures{}, err
		}
		runs = append(runs, f)
	}
	slices.SortFunc(runs, func(f, g figures) int { return cmp.Compare(f.wall, g.wall) })
	return runs[len(runs)/2], nil
}
