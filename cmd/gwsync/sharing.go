package main

import (
	"bytes"
	"errors"
	"io"
	gosync "sync"

	"github.com/gwsync/gwsync/sync"
)

// sharing is what runs for several targets have in common.
type sharing struct {
	input func() ([]byte, error)

	mu      gosync.Mutex
	sources map[string]*sync.Shared
}

func newSharing(stdin io.Reader) *sharing {
	return &sharing{sources: map[string]*sync.Shared{}, input: gosync.OnceValues(func() ([]byte, error) { return io.ReadAll(stdin) })}
}

// source returns the source that others with the same key have, made if there is none.
func (s *sharing) source(key string, open func() (sync.Source, error)) (sync.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sources[key] == nil {
		src, err := open()
		if err != nil {
			return nil, err
		}
		s.sources[key] = sync.Share(src)
	}
	return s.sources[key].Source(), nil
}

func (s *sharing) close() error {
	var errs []error
	for _, src := range s.sources {
		errs = append(errs, src.Close())
	}
	return errors.Join(errs...)
}

// stdin returns standard input for one of them. It is read once.
func (s *sharing) stdin() io.Reader { return &replay{input: s.input} }

// replay reads what a function returns.
type replay struct {
	input func() ([]byte, error)
	rest  *bytes.Reader
}

func (r *replay) Read(p []byte) (int, error) {
	if r.rest == nil {
		text, err := r.input()
		if err != nil {
			return 0, err
		}
		r.rest = bytes.NewReader(text)
	}
	return r.rest.Read(p)
}
