package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// mostLines is how many lines of a text are shown that comes or goes as a whole.
const mostLines = 12

// block writes a text of several lines that comes or goes as the lines that it is, or each of a list that holds such texts. It writes
// nothing, and says so, where there is none.
func (p *printer) block(label string, f diff.Field, v kong.Value, sign, color string) bool {
	switch v := v.(type) {
	case string:
		if !isBlock(v) {
			return false
		}
		p.lines(label, v, sign, color)
		return true
	case []any:
		some := false
		for _, each := range v {
			s, ok := each.(string)
			some = some || ok && isBlock(s)
		}
		if !some {
			return false
		}
		name := fieldName(f.Path) + ": "
		for i, each := range v {
			place := strings.Replace(label, name, fieldName(f.Path+"/"+strconv.Itoa(i))+": ", 1)
			if s, ok := each.(string); ok && isBlock(s) {
				p.lines(place, s, sign, color)
			} else {
				p.line(place + p.paint(color, plain(each)))
			}
		}
		return true
	}
	return false
}

// isBlock reports whether a text is better read line by line. PEM is not read at all.
func isBlock(s string) bool {
	return strings.Contains(strings.TrimRight(s, "\n"), "\n") && !strings.Contains(s, "-----BEGIN ")
}

func (p *printer) lines(label, text, sign, color string) {
	p.line(strings.TrimSuffix(label, " "))
	all := lines(strings.TrimRight(text, "\n"))
	for _, line := range all[:min(mostLines, len(all))] {
		p.line("      " + p.paint(color, strings.TrimRight(sign+" "+line, " ")))
	}
	if more := len(all) - mostLines; more > 0 {
		p.line(fmt.Sprintf("        ... and %d more lines", more))
	}
}
