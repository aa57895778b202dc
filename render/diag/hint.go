package diag

import "errors"

// HintOf returns what to do about an error: the hint of the outermost error in it that has a Hint method; "" if none has.
func HintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
