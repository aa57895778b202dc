package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
)

// lock has one apply or rollback of an instance write at a time.
type lock struct {
	timeout time.Duration
}

func (l *lock) add(flags *pflag.FlagSet) {
	flags.DurationVar(&l.timeout, "lock-timeout", sync.DefaultLockTimeout,
		"`DURATION` to wait for another apply of the instance that is under way; 0 for not at all")
}

// inTurn is what is done while nobody else writes what is the instance's. What was read of Kong before may be true no more if it was
// changed.
type inTurn func(ctx context.Context, t sync.Target, changed bool) error

// hold calls do in a time in which nobody else writes what is the instance's, with the Kong as it was read before. A Kong without a
// database is loaded by one request: there is nothing to keep apart.
func (l *lock) hold(ctx context.Context, c *admin.Client, instance string, live kong.State, p *progress, do inTurn) error {
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	if !info.Database {
		return do(ctx, c, false)
	}
	lease, err := sync.TakeLease(ctx, c, live, sync.LeaseOptions{
		Instance: instance, Holder: holder(), Timeout: l.timeout, Waiting: p.waiting,
	})
	if conflict := (*sync.ConflictError)(nil); errors.As(err, &conflict) {
		return codedError{exitRefused, err}
	}
	if err != nil {
		return err
	}
	defer lease.Release(ctx)
	err = do(lease.Context(), lease.Target(), lease.Changed())
	if lost := context.Cause(lease.Context()); err != nil && ctx.Err() == nil && lost != nil && !errors.Is(err, lost) {
		return errors.Join(lost, err)
	}
	return err
}

// holder names this process to whoever waits for it.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// waiting says which other apply is waited for.
func (p *progress) waiting(of diff.Lease, atMost time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.quiet {
		p.say(diag.PrintableLines(fmt.Sprintf("waiting for another apply of this instance: that of %s, since %s; if it was killed, for %s",
			of.Holder, of.Since, atMost)))
	}
}
