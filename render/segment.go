package render

import (
	"errors"
	"strings"
)

// segment returns the regex of a segment of the path, which is any if there is none. As it has to match all of the segment, ^ and $ at its
// ends, or at those of its alternatives, say nothing; within the regex of the whole path they would keep it from matching.
func segment(regex string) (string, error) {
	if regex == "" {
		return "[^/]+", nil
	}
	var out strings.Builder
	depth, class := 0, 0 // of groups and character classes
	begins := true       // whether an alternative begins
	for i := 0; i < len(regex); i++ {
		c, rest := regex[i], regex[i+1:]
		ends := rest == "" || rest[0] == '|'
		switch {
		case c == '\\' && rest != "":
			if class == 0 && strings.ContainsRune("Az", rune(rest[0])) {
				return "", errors.New(anchored)
			}
			out.WriteByte(c)
			i++
			c = regex[i]
		case c == '[':
			class++
		case c == ']' && class > 0:
			class--
		case class > 0:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '^' && depth == 0 && begins && (ends || !strings.ContainsRune("*+?{", rune(rest[0]))):
			continue
		case c == '$' && depth == 0 && ends:
			begins = false
			continue
		case c == '^', c == '$':
			return "", errors.New(anchored)
		}
		begins = depth == 0 && class == 0 && c == '|'
		out.WriteByte(c)
	}
	return "(?:" + out.String() + ")", nil
}

// anchored says why a regex cannot be part of one for the path.
const anchored = "the regular expressions of service and method become one for the whole path, where ^ and $ can only be at the ends of " +
	"one, or of its alternatives: they match all of service and method anyway"
