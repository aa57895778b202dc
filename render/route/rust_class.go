package route

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What Rust's \d, \s and \w hold, which are those of Unicode, as the inside of a Go class.
const (
	digitClass = `\p{Nd}`
	spaceClass = `\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}`
	// Alphabetic, which is letters, Nl and the circled and squared ones, and marks, Nd, Pc and the joiners.
	wordClass = `\p{L}\p{M}\p{Nl}\p{Nd}\p{Pc}\x{200c}\x{200d}` +
		`\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}`
)

// perlClass returns the inside of the Go class of \d and its like, and whether it is the others that are meant.
func perlClass(c byte) (inside string, others bool) {
	inside = map[byte]string{'d': digitClass, 's': spaceClass, 'w': wordClass}[c|0x20]
	return inside, c < 'a'
}

// runes is a set of characters: its ranges in order, none touching another, as their two ends.
type runes []rune

// goClass returns what the Go class with that inside holds, regardless of case if fold is set.
func goClass(inside string, fold bool) (runes, error) {
	flags := syntax.Perl
	if fold {
		flags |= syntax.FoldCase
	}
	tree, err := syntax.Parse("["+inside+"]", flags)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrRegexNotModelled, err)
	case tree.Op == syntax.OpCharClass:
		return tree.Rune, nil
	case tree.Op == syntax.OpNoMatch:
		return nil, nil
	case tree.Op == syntax.OpAnyChar:
		return runes{0, unicode.MaxRune}, nil
	case tree.Op == syntax.OpLiteral && tree.Flags&syntax.FoldCase == 0:
		return runes{tree.Rune[0], tree.Rune[0]}, nil
	case tree.Op == syntax.OpLiteral:
		out := runes{tree.Rune[0], tree.Rune[0]}
		for r := unicode.SimpleFold(tree.Rune[0]); r != tree.Rune[0]; r = unicode.SimpleFold(r) {
			out = out.union(runes{r, r})
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: [%s]", ErrRegexNotModelled, inside)
}

func (s runes) union(o runes) runes {
	type pair struct{ low, high rune }
	var all []pair
	for _, part := range []runes{s, o} {
		for i := 0; i < len(part); i += 2 {
			all = append(all, pair{part[i], part[i+1]})
		}
	}
	slices.SortFunc(all, func(a, b pair) int { return int(a.low - b.low) })
	var out runes
	for _, p := range all {
		if n := len(out); n > 0 && p.low <= out[n-1]+1 {
			out[n-1] = max(out[n-1], p.high)
			continue
		}
		out = append(out, p.low, p.high)
	}
	return out
}

func (s runes) others() runes {
	var out runes
	next := rune(0)
	for i := 0; i < len(s); i += 2 {
		if s[i] > next {
			out = append(out, next, s[i]-1)
		}
		next = s[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

func (s runes) both(o runes) runes { return s.others().union(o.others()).others() }

func (s runes) without(o runes) runes { return s.both(o.others()) }

// String returns the set as a Go class that does not care for the flags around it.
func (s runes) String() string {
	if len(s) == 0 {
		return `[^\x{0}-\x{10ffff}]`
	}
	var b strings.Builder
	for i := 0; i < len(s); i += 2 {
		fmt.Fprintf(&b, `\x{%x}-\x{%x}`, s[i], s[i+1])
	}
	return "(?-i:[" + b.String() + "])"
}

// class reads a class in brackets.
func (t *translator) class() (string, error) {
	set, err := t.bracket()
	return set.String(), err
}

// bracket reads a class, in which there may be others, and the operators && -- and ~~ between what stands side by side.
func (t *translator) bracket() (runes, error) {
	start := t.pos
	if t.depth++; t.depth > maxRegexDepth {
		return nil, t.errorf(start, start+1, "exceed the maximum number of nested parentheses/brackets (%d)", maxRegexDepth)
	}
	defer func() { t.depth-- }()
	t.pos++
	negated := t.at("^")
	if negated {
		t.pos++
	}
	var left, set runes
	op := ""
	for t.at("-") {
		t.pos++
		set = runes{'-', '-'}
	}
	for first := set == nil; first || !t.at("]"); first = false {
		if !t.more() {
			return nil, t.errorf(start, start+1, "unclosed character class")
		}
		if next := t.setOperator(); next != "" {
			left, set, op = combine(left, op, set), nil, next
			continue
		}
		item, err := t.classItem(start)
		if err != nil {
			return nil, err
		}
		set = set.union(item)
	}
	t.pos++
	set = combine(left, op, set)
	if negated {
		set = set.others()
	}
	return set, nil
}

// setOperator reads an operator between sets, if there is one.
func (t *translator) setOperator() string {
	for _, op := range []string{"&&", "--", "~~"} {
		if t.at(op) {
			t.pos += len(op)
			return op
		}
	}
	return ""
}

func combine(left runes, op string, right runes) runes {
	switch op {
	case "&&":
		return left.both(right)
	case "--":
		return left.without(right)
	case "~~":
		return left.union(right).without(left.both(right))
	}
	return right
}

// classItem reads a member of the class that starts at open: a character, a range, a named class or another class.
func (t *translator) classItem(open int) (runes, error) {
	start := t.pos
	if t.at("[") {
		if inside := t.posixClass(); inside != "" {
			return goClass(inside, t.fold)
		}
		return t.bracket()
	}
	if set, ok, err := t.classEscape(); ok || err != nil {
		return set, err
	}
	low, err := t.classRune()
	if err != nil {
		return nil, err
	}
	high := low
	if t.at("-") && !t.at("-]") && !t.at("--") {
		if t.pos++; !t.more() {
			return nil, t.errorf(open, open+1, "unclosed character class")
		}
		if _, ok, err := t.classEscape(); ok || err != nil {
			return nil, t.errorf(start, t.pos, "invalid range boundary, must be a literal")
		}
		if high, err = t.classRune(); err != nil {
			return nil, err
		}
	}
	if low > high {
		return nil, t.errorf(start, t.pos, "invalid character class range, the start must be <= the end")
	}
	if !t.fold {
		return runes{low, high}, nil
	}
	return goClass(fmt.Sprintf(`\x{%x}-\x{%x}`, low, high), true)
}

// classRune reads one character of a class.
func (t *translator) classRune() (rune, error) {
	start := t.pos
	r := t.next()
	if r != '\\' {
		return r, nil
	}
	if !t.more() {
		return 0, t.errorf(start, t.pos, "incomplete escape sequence, reached end of pattern prematurely")
	}
	if r, _ := utf8.DecodeRuneInString(t.in[t.pos:]); strings.ContainsRune("AzbB", r) {
		t.pos++
		return 0, t.errorf(start, t.pos, "invalid escape sequence found in character class")
	}
	return t.escapedRune(start)
}

// classEscape reads an escape that stands for several characters, if there is one.
func (t *translator) classEscape() (set runes, ok bool, err error) {
	if !t.at(`\`) || t.pos+1 == len(t.in) {
		return nil, false, nil
	}
	start := t.pos
	c := t.in[t.pos+1]
	switch c {
	case 'p', 'P':
		t.pos++
		property, err := t.property(start)
		if err != nil {
			return nil, true, err
		}
		set, err = goClass(property, t.fold)
		return set, true, err
	case 'd', 's', 'w', 'D', 'S', 'W':
		t.pos += 2
		inside, others := perlClass(c)
		if set, err = goClass(inside, false); others {
			set = set.others()
		}
		return set, true, err
	}
	return nil, false, nil
}

// posixClass reads [:name:], if it is one, and returns it.
func (t *translator) posixClass() string {
	for _, name := range []string{
		"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit",
	} {
		for _, s := range []string{"[:" + name + ":]", "[:^" + name + ":]"} {
			if t.at(s) {
				t.pos += len(s)
				return s
			}
		}
	}
	return ""
}

// property reads \pN, \p{Name} or \P... after the backslash at start: general categories and scripts, by their short or long
// names, however their words are joined.
func (t *translator) property(start int) (string, error) {
	t.pos++
	name := ""
	if t.at("{") {
		end := strings.IndexByte(t.in[t.pos:], '}')
		if end < 0 {
			return "", t.errorf(start, len(t.in), "incomplete escape sequence, reached end of pattern prematurely")
		}
		name = t.in[t.pos+1 : t.pos+end]
		t.pos += end + 1
	} else if t.more() {
		name = string(t.next())
	}
	known := propertyName(name)
	if known == "" {
		return "", t.notModelled(start)
	}
	return t.in[start:start+2] + "{" + known + "}", nil
}

// propertyName returns Go's name of a category or script that Rust knows by s, or "".
func propertyName(s string) string {
	for _, prefix := range []string{"gc=", "general_category=", "sc=", "script="} {
		if rest, ok := strings.CutPrefix(strings.ToLower(s), prefix); ok {
			s = rest
		}
	}
	loose := looseName(s)
	for _, tables := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts} {
		for name := range tables {
			if looseName(name) == loose {
				return name
			}
		}
	}
	for long, short := range unicode.CategoryAliases {
		if looseName(long) == loose {
			return short
		}
	}
	return ""
}

// looseName is a name of Unicode's without what does not tell names apart.
func looseName(s string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(s))
}
