package main

import (
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/rogpeppe/go-internal/testscript"
)

func gitInit(ts *testscript.TestScript, _ bool, args []string) {
	r, err := git.PlainInit(ts.MkAbs(args[0]), false)
	ts.Check(err)
	w, err := r.Worktree()
	ts.Check(err)
	_, err = w.Add(".")
	ts.Check(err)
	_, err = w.Commit("first", &git.CommitOptions{Author: &object.Signature{Name: "a", Email: "a@example.com", When: time.Unix(0, 0)}})
	ts.Check(err)
}
