package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox"
)

// server is the Kong that both tools talk to: a sandbox with a database, which keeps its answers to GET until the next write, so that
// it costs little beside the tool that is measured, and which waits before each answer.
type server struct {
	url      string
	latency  time.Duration
	requests atomic.Int64
	served   *http.Server

	mu      sync.RWMutex
	held    kong.State
	written bool
	kong    http.Handler
	answers map[string]*httptest.ResponseRecorder
}

func newServer(latency time.Duration) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{url: "http://" + listener.Addr().String(), latency: latency}
	s.served = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.served.Serve(listener) }() // it ends with close
	return s, s.hold(kong.State{})
}

func (s *server) close() { _ = s.served.Close() }

// hold puts a state in the place of what the Kong holds, unless it holds that still.
func (s *server) hold(state kong.State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kong != nil && !s.written && s.held.Digest() == state.Digest() {
		return nil
	}
	k := sandbox.New(sandbox.Config{Flavor: kong.TraditionalCompatible})
	if err := k.Load(state); err != nil {
		return err
	}
	s.held, s.written = state, false
	s.kong, s.answers = k.Admin(), map[string]*httptest.ResponseRecorder{}
	return nil
}

// ServeHTTP implements [http.Handler].
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	time.Sleep(s.latency)
	switch {
	case r.Method == http.MethodGet:
		answer := s.answer(r)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // to a client that is gone there is nothing to say
	case strings.HasPrefix(r.URL.Path, "/schemas/"): // a validation writes nothing
		s.kong.ServeHTTP(w, r)
	default:
		s.kong.ServeHTTP(w, r)
		s.mu.Lock()
		s.written = true
		clear(s.answers)
		s.mu.Unlock()
	}
}

// answer returns the answer to a GET, made once until the next write.
func (s *server) answer(r *http.Request) *httptest.ResponseRecorder {
	key := r.URL.RequestURI()
	s.mu.RLock()
	known := s.answers[key]
	s.mu.RUnlock()
	if known != nil {
		return known
	}
	made := httptest.NewRecorder()
	s.kong.ServeHTTP(made, r)
	s.mu.Lock()
	s.answers[key] = made
	s.mu.Unlock()
	return made
}
