package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
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
	if err := cmd.Start(); err != nil {
		return figures{}, err
	}
	ended, peak := make(chan struct{}), make(chan int64)
	go func() { peak <- watch(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	close(ended)
	f := figures{wall: time.Since(start), requests: s.requests.Load() - before, peak: <-peak}
	if err != nil {
		return f, fmt.Errorf("%s %q: %w\n%s", name, args, err, tail(output.Bytes()))
	}
	f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return f, nil
}

// watch returns the peak of a process's resident memory in bytes. What the system says of it in the end (ru_maxrss) counts the memory of
// the process that started it, too.
func watch(pid int, ended <-chan struct{}) (peak int64) {
	for {
		if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
			peak = max(peak, highWater(string(status)))
		}
		select {
		case <-ended:
			return peak
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func highWater(status string) int64 {
	_, after, _ := strings.Cut(status, "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	kib, _ := strconv.ParseInt(number, 10, 64)
	return kib << 10
}

func tail(text []byte) []byte {
	const most = 2000
	return text[max(0, len(text)-most):]
}
