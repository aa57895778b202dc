package sync

// WithHint returns err with a sentence that says what to do about it, which the command line prints below the error, after
// "hint:". errors.Is and errors.As see through it.
func WithHint(err error, hint string) error { return hinted{err, hint} }

type hinted struct {
	error
	hint string
}

// Hint returns what to do about the error.
func (h hinted) Hint() string { return h.hint }

// Unwrap returns the error itself.
func (h hinted) Unwrap() error { return h.error }
