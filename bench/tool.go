package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// figures are what one run cost the tool; what the Kong cost is not in them, but for wall.
type figures struct {
	wall, cpu time.Duration
	peak      int64 // bytes
	requests  int64
}

// measure runs a command and returns what it cost. Its output is shown if it fails.
func (s *server) measure(name string, args ...string) (figures, error) {
	var output bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Env = append(os.Environ(), "DECK_ANALYTICS=off")
	before, start := s.requests.Load(), time.Now()
	err := cmd.Run()
	f := figures{wall: time.Since(start), requests: s.requests.Load() - before}
	if err != nil {
		return f, fmt.Errorf("%s %q: %w\n%s", name, args, err, tail(output.Bytes()))
	}
	f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.peak = usage.Maxrss << 10 // Linux counts in KiB
	}
	return f, nil
}

func tail(text []byte) []byte {
	const most = 2000
	return text[max(0, len(text)-most):]
}
