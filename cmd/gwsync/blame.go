package main

import (
	"context"
	"time"

	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/diff/report"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
)

// blameFlag is --blame.
type blameFlag struct{ on bool }

func (f *blameFlag) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.on, "blame", false, "say of each change which commit made it, by whom and when; takes --repo")
}

// check returns an error if the commits are asked for and the source knows none: before anything is read.
func (f blameFlag) check(source sync.Source) error {
	if !f.on {
		return nil
	}
	_, err := sync.Blamable(source)
	return err
}

// blames returns the commits behind the changes of a proposal, nil if nobody asked.
func (f blameFlag) blames(ctx context.Context, source sync.Source, proposal sync.Proposal) (map[kong.Key]report.Blame, error) {
	if !f.on {
		return nil, nil
	}
	found, err := proposal.Blame(ctx, source)
	if err != nil {
		return nil, err
	}
	out := make(map[kong.Key]report.Blame, len(found))
	for key, b := range found {
		out[key] = report.Blame{Commit: b.Commit, Author: b.Author, Email: b.Email, Date: b.Time.Format(time.RFC3339),
			Subject: b.Subject, Oldest: b.Oldest}
	}
	return out, nil
}
