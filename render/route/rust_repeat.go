package route

import (
	"strconv"
	"strings"
)

// repetition is an operator that repeats what stands before it.
type repetition struct {
	text     string // as it was written
	from, to int    // how often; both 0 for * + and ?
	open     bool   // more than from will do
	lazy     bool
}

// maxRepetitions of anything certainly exceed Rust's limit on the size of a regex: each takes 24 bytes or more.
const maxRepetitions = 10485760 / 24

// Go repeats nothing more than maxGoRepeat times. Up to maxChained, more is written as a chain of repetitions of an operand of at most
// maxOperand bytes, so that a chain of chains does not grow without bounds.
const (
	maxGoRepeat = 1000
	maxChained  = 20 * maxGoRepeat
	maxOperand  = 1000
)

// of returns the Go regex that repeats another. Only one without groups that capture can be written several times.
func (r repetition) of(operand string, chainable bool) string {
	unit := "(?:" + operand + ")"
	if r.to <= maxGoRepeat || r.to > maxChained || !chainable || len(operand) > maxOperand {
		return unit + r.text
	}
	lazy := ""
	if r.lazy {
		lazy = "?"
	}
	var b strings.Builder
	from, more := r.from, r.to-r.from
	for ; from > maxGoRepeat; from -= maxGoRepeat {
		b.WriteString(unit + "{" + strconv.Itoa(maxGoRepeat) + "}")
	}
	if r.open {
		b.WriteString(unit + "{" + strconv.Itoa(from) + ",}" + lazy)
		return "(?:" + b.String() + ")"
	}
	b.WriteString(unit + "{" + strconv.Itoa(from) + "}")
	for ; more > 0; more -= maxGoRepeat {
		b.WriteString(unit + "{0," + strconv.Itoa(min(more, maxGoRepeat)) + "}" + lazy)
	}
	return "(?:" + b.String() + ")"
}

// repetition reads a repetition operator.
func (t *translator) repetition(nothing bool) (repetition, error) {
	start := t.pos
	c := t.next()
	if nothing {
		return repetition{}, t.errorf(start, t.pos, "repetition operator missing expression")
	}
	var r repetition
	if c == '{' {
		var err error
		if r, err = t.counted(start); err != nil {
			return r, err
		}
	}
	if r.lazy = t.at("?"); r.lazy {
		t.pos++
	}
	r.text = t.in[start:t.pos]
	return r, nil
}

// counted reads n}, n,} or n,m} of the repetition that starts at start.
func (t *translator) counted(start int) (repetition, error) {
	n := strings.IndexByte(t.in[t.pos:], '}')
	if n < 0 {
		return repetition{}, t.errorf(start, len(t.in), "unclosed counted repetition")
	}
	low, high, comma := strings.Cut(t.in[t.pos:t.pos+n], ",")
	from, err := strconv.ParseUint(low, 10, 32)
	if err != nil {
		return repetition{}, t.errorf(t.pos, t.pos+1, "repetition quantifier expects a valid decimal")
	}
	to := from
	if comma && high != "" {
		if to, err = strconv.ParseUint(high, 10, 32); err != nil {
			return repetition{}, t.errorf(t.pos+len(low)+1, t.pos+len(low)+2, "repetition quantifier expects a valid decimal")
		}
	}
	t.pos += n + 1
	if from > to {
		return repetition{}, t.errorf(start, t.pos, "invalid repetition count range, the start must be <= the end")
	}
	return repetition{from: int(from), to: int(to), open: comma && high == ""}, nil
}
