package main

import (
	"errors"
	"strconv"
	"strings"
)

// limit is a number of entities, or a share of them: 10, or 10%. The zero limit is none.
type limit struct {
	set     bool
	n       int
	percent bool
}

// exceeded reports whether n of all are more than the limit.
func (l limit) exceeded(n, all int) bool {
	switch {
	case !l.set:
		return false
	case l.percent:
		return n*100 > l.n*all
	}
	return n > l.n
}

// String returns the limit as it is written on the command line.
func (l *limit) String() string {
	switch {
	case !l.set:
		return ""
	case l.percent:
		return strconv.Itoa(l.n) + "%"
	}
	return strconv.Itoa(l.n)
}

// Set implements pflag.Value.
func (l *limit) Set(s string) error {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || percent && n > 100 {
		return errors.New("want a number, or a percentage such as 10%")
	}
	*l = limit{true, n, percent}
	return nil
}

// Type implements pflag.Value.
func (l *limit) Type() string { return "limit" }
