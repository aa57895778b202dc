package main

import (
	"fmt"
	"io"
	gosync "sync"
	"time"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/sync"
)

// progress tells somebody on stderr how an apply gets on: on a terminal by one line that is written over again, else only what Kong is
// waited for. It is safe for concurrent use.
type progress struct {
	w io.Writer
	// live says that lines can be written over again, and quiet that there shall be none.
	live, quiet bool

	mu    gosync.Mutex
	step  string
	began time.Time
	next  time.Time // when the line is worth another look
	shown bool
	ended bool
}

// newProgress returns the progress for a process: live if its stderr is a terminal that somebody looks at.
func newProgress(p process, quiet bool) *progress {
	watched := terminal(p.stderr) && p.getenv("CI") == "" && p.getenv("TERM") != "dumb"
	return &progress{w: p.stderr, live: watched && !quiet, quiet: quiet}
}

// How often the line is written, and how long it may be.
const (
	refresh   = 100 * time.Millisecond
	lineWidth = 79
)

// observe takes note of an event.
func (p *progress) observe(e sync.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	step := e.Step
	if e.Undo {
		step = "roll back: " + step
	}
	now := time.Now()
	if step != p.step {
		p.step, p.began, p.next = step, now, now
	}
	switch {
	case e.Wait >= time.Second && !p.quiet:
		p.say(fmt.Sprintf("%s: waiting until Kong's workers have taken it up, and %s more", step, e.Wait.Round(100*time.Millisecond)))
	case e.Wait > 0 || !p.live || e.Total < 2:
	case e.Done >= e.Total:
		p.clear()
	case !now.Before(p.next):
		p.next, p.shown = now.Add(refresh), true
		fmt.Fprint(p.w, "\r"+p.line(e, now)+clearRest)
	}
}

// clearRest clears a terminal's line from the cursor on.
const clearRest = "\x1b[K"

// line returns how far a step is.
func (p *progress) line(e sync.Event, now time.Time) string {
	far := fmt.Sprintf(" %d/%d", e.Done, e.Total)
	if spent := now.Sub(p.began); e.Done > 0 && spent > time.Second {
		left := spent / time.Duration(e.Done) * time.Duration(e.Total-e.Done)
		far += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	step := []rune(diag.Printable(p.step))
	if room := lineWidth - len(far); len(step) > room {
		step = append(step[:room-1], '…')
	}
	return string(step) + far
}

// say prints a line that stays.
func (p *progress) say(line string) {
	p.clear()
	fmt.Fprintln(p.w, line)
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r"+clearRest)
		p.shown = false
	}
}

// interrupted says that the requests under way are finished, and what a second interrupt does; after the end there are none.
func (p *progress) interrupted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.say("interrupted: finishing the requests under way; interrupt again to stop at once")
}

// end removes the line. Whoever calls it may write to stderr afterwards.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.ended = true
}
