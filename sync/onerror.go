package sync

import "errors"

// OnError says what an apply does when a write fails. It implements pflag.Value.
type OnError string

// What an apply can do when a write fails. Whatever it does, no route is left open without its guards, and the next run converges.
const (
	// Stop makes no further write and leaves Kong half-way, so that what was closed to be changed stays closed until the next run.
	Stop OnError = "stop"
	// Rollback undoes what was written, by a plan of its own from what Kong then holds: with the same order, and the same waits.
	Rollback OnError = "rollback"
	// Continue goes on with all changes that hang together with none that failed, see [diff.Plan.Groups]; an entity that Kong refuses before
	// the first write counts as failed, too.
	Continue OnError = "continue"
)

// String returns the word.
func (o *OnError) String() string { return string(*o) }

// Set accepts "rollback", "stop" and "continue".
func (o *OnError) Set(s string) error {
	switch v := OnError(s); v {
	case Stop, Rollback, Continue:
		*o = v
		return nil
	}
	return errors.New("want rollback, stop or continue")
}

// Type returns what the value is, for the usage line of a flag.
func (*OnError) Type() string { return "ACTION" }
