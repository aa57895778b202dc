package main

import (
	"errors"
)

// outputFormat says how to print: -o.
type outputFormat string

func (f *outputFormat) String() string { return string(*f) }

// Set implements pflag.Value.
func (f *outputFormat) Set(s string) error {
	if s != "text" && s != "json" {
		return errors.New("want text or json")
	}
	*f = outputFormat(s)
	return nil
}

// Type implements pflag.Value.
func (f *outputFormat) Type() string { return "format" }
