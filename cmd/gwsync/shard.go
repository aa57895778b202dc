package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// shard is the value of --shard: one part of many of the targets. Every target is in exactly one of the parts 0/N to N-1/N, for they are
// dealt out in turn, in their order. The zero shard is all of them.
type shard struct {
	// index is less than 0 where the environment says it.
	index, of int
}

// String implements pflag.Value.
func (s *shard) String() string {
	switch {
	case s.of == 0:
		return ""
	case s.index < 0:
		return "/" + strconv.Itoa(s.of)
	}
	return fmt.Sprintf("%d/%d", s.index, s.of)
}

// Set implements pflag.Value.
func (s *shard) Set(text string) error {
	index, of, ok := strings.Cut(text, "/")
	n, err := strconv.Atoi(of)
	if !ok || err != nil || n < 1 {
		return errors.New("want I/N, such as 0/3, or /N")
	}
	if index == "" {
		*s = shard{-1, n}
		return nil
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= n {
		return fmt.Errorf("there are the shards 0/%d to %d/%d", n, n-1, n)
	}
	*s = shard{i, n}
	return nil
}

// Type implements pflag.Value.
func (s *shard) Type() string { return "I/N" }

// completionIndex is the variable that Kubernetes gives each Pod of an Indexed Job, from 0.
const completionIndex = "JOB_COMPLETION_INDEX"

// pick returns the targets of the shard.
func (s *shard) pick(targets []string, getenv func(string) string) ([]string, error) {
	part := *s
	switch {
	case part.of == 0:
		return targets, nil
	case part.index < 0 && getenv(completionIndex) == "":
		return nil, fmt.Errorf("--shard %s: $%s is not set", s, completionIndex)
	case part.index < 0:
		if err := part.Set(getenv(completionIndex) + s.String()); err != nil {
			return nil, fmt.Errorf("--shard %s, and $%s is %q: %w", s, completionIndex, getenv(completionIndex), err)
		}
	}
	var out []string
	for i := part.index; i < len(targets); i += part.of {
		out = append(out, targets[i])
	}
	return out, nil
}
