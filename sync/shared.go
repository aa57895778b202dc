package sync

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// Shared is a source whose manifests are fetched and parsed once, for all who ask. It is for one run over several Kongs, each of which
// shall get the same manifests, and not for who waits for changes.
type Shared struct {
	source Source
	fetch  func(context.Context) (Snapshot, error)

	mu     sync.Mutex
	opened []Snapshot
	past   map[string]*Shared
}

// Share returns src for several.
func Share(src Source) *Shared {
	s := &Shared{source: src, past: map[string]*Shared{}}
	var fetched *Snapshot
	var fetching sync.Mutex
	s.fetch = func(ctx context.Context) (Snapshot, error) {
		fetching.Lock()
		defer fetching.Unlock()
		if fetched != nil {
			return *fetched, nil
		}
		snapshot, err := src.Fetch(ctx)
		if err != nil {
			return Snapshot{}, err // another may have more luck
		}
		s.mu.Lock()
		s.opened = append(s.opened, snapshot)
		s.mu.Unlock()
		snapshot.Closer, snapshot.parsed = nil, &parsed{}
		fetched = &snapshot
		return snapshot, nil
	}
	return s
}

// Source returns the shared source, a [History] if the source is one.
func (s *Shared) Source() Source {
	if past, ok := s.source.(History); ok {
		return sharedHistory{s, past}
	}
	return s
}

// Fetch implements [Source]. To close the snapshot does nothing: see [Shared.Close].
func (s *Shared) Fetch(ctx context.Context) (Snapshot, error) { return s.fetch(ctx) }

// Close closes all that was fetched, when nobody reads it any more.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, snapshot := range s.opened {
		errs = append(errs, snapshot.Close())
	}
	for _, past := range s.past {
		errs = append(errs, past.Close())
	}
	s.opened, s.past = nil, nil
	return errors.Join(errs...)
}

var _ History = sharedHistory{}

// sharedHistory is a shared source that also knows the past.
type sharedHistory struct {
	*Shared
	history History
}

// At implements [History].
func (s sharedHistory) At(commit string) Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.past[commit] == nil {
		s.past[commit] = Share(s.history.At(commit))
	}
	return s.past[commit]
}

// Precedes implements [History].
func (s sharedHistory) Precedes(ctx context.Context, commit, later string) (bool, error) {
	return s.history.Precedes(ctx, commit, later)
}

// Blame implements [History].
func (s sharedHistory) Blame(ctx context.Context, commit, since string, places []diag.Pos) (map[diag.Pos]Blame, error) {
	return s.history.Blame(ctx, commit, since, places)
}

// parsed is what the manifests of a shared snapshot were parsed to, by the options that matter to that.
type parsed struct {
	mu   sync.Mutex
	sets map[manifest.Options]func() (loaded, error)
}

// loaded is what [manifest.Load] returns.
type loaded struct {
	set      manifest.Set
	findings diag.List
}

// load parses the inputs, or returns what they were parsed to.
func (p *parsed) load(inputs []manifest.Input, o manifest.Options) (manifest.Set, diag.List, error) {
	p.mu.Lock()
	if p.sets == nil {
		p.sets = map[manifest.Options]func() (loaded, error){}
	}
	once := p.sets[o]
	if once == nil {
		once = sync.OnceValues(func() (loaded, error) {
			set, findings, err := manifest.Load(inputs, o)
			return loaded{set, slices.Clip(findings)}, err
		})
		p.sets[o] = once
	}
	p.mu.Unlock()
	l, err := once()
	return l.set, l.findings, err
}

// Render renders the manifests of the snapshot.
func (s Snapshot) Render(o render.Options) (render.Result, error) {
	if s.parsed != nil {
		o.Load = s.parsed.load
	}
	return render.Render(s.Inputs, o)
}
