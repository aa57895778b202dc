package main

import (
	"errors"
	"time"
)

// settling is how long an apply waits for Kong's workers where guarded routes change: --settle. The zero settling is auto.
type settling struct {
	given bool
	time  time.Duration
}

// String implements pflag.Value.
func (s *settling) String() string {
	if !s.given {
		return "auto"
	}
	return s.time.String()
}

// Set implements pflag.Value.
func (s *settling) Set(text string) error {
	if text == "auto" {
		*s = settling{}
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return errors.New("want auto, 0, or a duration such as 10s")
	}
	*s = settling{given: true, time: d}
	return nil
}

// Type implements pflag.Value.
func (s *settling) Type() string { return "DURATION" }

// option returns what [sync.Options] spell it.
func (s *settling) option() time.Duration {
	switch {
	case !s.given:
		return 0
	case s.time == 0:
		return -1
	}
	return s.time
}

// of returns the time for a Kong that says its own.
func (s *settling) of(kong time.Duration) time.Duration {
	if s.given {
		return s.time
	}
	return kong
}
