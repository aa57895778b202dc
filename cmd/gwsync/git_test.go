package main

import (
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/rogpeppe/go-internal/testscript"
)

func gitCommit(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	r, err := git.PlainOpen(dir)
	if err != nil {
		r, err = git.PlainInit(dir, false)
	}
	ts.Check(err)
	w, err := r.Worktree()
	ts.Check(err)
	ts.Check(w.AddWithOptions(&git.AddOptions{All: true}))
	commits := 0
	if log, err := r.Log(&git.LogOptions{}); err == nil {
		ts.Check(log.ForEach(func(*object.Commit) error { commits++; return nil }))
	}
	author := &object.Signature{Name: "a", Email: "a@example.com", When: time.Unix(int64(commits)*3600, 0)}
	hash, err := w.Commit("commit", &git.CommitOptions{Author: author})
	ts.Check(err)
	if len(args) > 1 {
		ts.Setenv(args[1], hash.String())
	}
}
