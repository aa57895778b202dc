package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwsync/gwsync/sync"
)

// TestProgressOnATerminal writes one line again and again, a few times a second, and leaves nothing of it but what Kong is waited for.
func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &progress{w: &out, live: true}
		const step = "create services, routes, plugins"
		for i := range 1000 {
			p.observe(sync.Event{Step: step, Done: i + 1, Total: 1000})
			time.Sleep(10 * time.Millisecond)
		}
		p.observe(sync.Event{Step: step, Wait: 10 * time.Second})
		p.observe(sync.Event{Step: strings.Repeat("long ", 30) + "\x1b]0;", Done: 1, Total: 3})
		p.end()
		text := out.String()
		if n := strings.Count(text, "\r"+step); n < 90 || n > 110 {
			t.Errorf("%d lines in 10 s", n)
		}
		if !strings.Contains(text, step+" 501/1000, 5s left"+clearRest) {
			t.Errorf("no progress in\n%q", text)
		}
		if !strings.Contains(text, "\r\x1b[K"+step+": waiting until Kong's workers have taken it up, and 10s more\n") {
			t.Errorf("the wait is not on a line of its own in\n%q", text)
		}
		for _, line := range regexp.MustCompile(`[\r\n]`).Split(text, -1) {
			if line = strings.ReplaceAll(line, clearRest, ""); len([]rune(line)) > 80 && !strings.Contains(line, "waiting") ||
				strings.Contains(line, "\x1b") {
				t.Errorf("a line of %q", line)
			}
		}
		if !strings.HasSuffix(text, "\r"+clearRest) {
			t.Errorf("ends with %q", text[len(text)-10:])
		}
	})
}

// TestProgressElsewhere: in a file or a pipe a line that is written over is garbage.
func TestProgressElsewhere(t *testing.T) {
	for quiet, want := range map[bool]string{false: "s: waiting until Kong's workers have taken it up, and 2s more\n", true: ""} {
		var out bytes.Buffer
		p := newProgress(process{stderr: &out, getenv: noEnvironment}, quiet)
		for i := range 10 {
			p.observe(sync.Event{Step: "s", Done: i, Total: 10})
		}
		p.observe(sync.Event{Step: "s", Wait: 2 * time.Second})
		p.end()
		if got := out.String(); got != want {
			t.Errorf("quiet %v: got %q, want %q", quiet, got, want)
		}
	}
}

// TestInterruptAtTheEnd: one that comes as an apply ends must not write among what is said of its result.
func TestInterruptAtTheEnd(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(process{stderr: &out, getenv: noEnvironment}, false)
	p.end()
	p.interrupted()
	if out.Len() > 0 {
		t.Errorf("got %q", out.String())
	}
}
