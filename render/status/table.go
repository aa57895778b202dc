package status

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gwsync/gwsync/render/diag"
)

// Table writes the objects for people, a block of aligned columns for each kind: what `kubectl get` shows, and the reason and message of
// each condition that is not what one hopes for. It holds no control characters but line ends, whatever the objects are called.
func Table(w io.Writer, objects []Object) error {
	var b strings.Builder
	for start := 0; start < len(objects); {
		end := start
		for end < len(objects) && objects[end].Ref.Kind == objects[start].Ref.Kind {
			end++
		}
		if start > 0 {
			b.WriteByte('\n')
		}
		writeBlock(&b, objects[start:end])
		start = end
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// column is a column of a block: its heading, and what it shows of an entry.
type column struct {
	heading string
	show    func(Object, entry) string
}

// columns returns those of a kind, without REASON and MESSAGE, which end each line.
func columns(kind string) []column {
	name := column{strings.ToUpper(kind), func(o Object, _ entry) string { return o.Ref.Name }}
	is := func(heading, of string) column {
		return column{heading, func(_ Object, e entry) string { return statusOf(e, of) }}
	}
	names := []column{{"NAMESPACE", func(o Object, _ entry) string { return o.Ref.Namespace }}, name}
	within := func(heading string) column {
		return column{heading, func(_ Object, e entry) string { return e.of }}
	}
	switch kind {
	case "GatewayClass":
		return []column{name, {"CONTROLLER", controller}, is("ACCEPTED", accepted)}
	case "Gateway", "ListenerSet":
		return append(names, within("LISTENER"), is("ACCEPTED", accepted), is("PROGRAMMED", programmed), is("RESOLVED", resolvedRefs),
			column{"ROUTES", attachedRoutes})
	case "BackendTLSPolicy":
		return append(names, within("ANCESTOR"), is("ACCEPTED", accepted), is("RESOLVED", resolvedRefs))
	}
	return append(names, within("PARENT"), is("ACCEPTED", accepted), is("RESOLVED", resolvedRefs))
}

func controller(o Object, _ entry) string {
	class, ok := o.Typed.(*gatewayv1.GatewayClass)
	if !ok {
		return ""
	}
	return string(class.Spec.ControllerName)
}

func attachedRoutes(_ Object, e entry) string {
	if e.routes < 0 {
		return ""
	}
	return strconv.Itoa(int(e.routes))
}

func statusOf(e entry, of string) string {
	for _, c := range e.conditions {
		if c.Type == of {
			return string(c.Status)
		}
	}
	return ""
}

// writeBlock writes the table of one kind.
func writeBlock(b *strings.Builder, objects []Object) {
	columns := columns(objects[0].Ref.Kind)
	var heading []string
	for _, c := range columns {
		heading = append(heading, c.heading)
	}
	rows := [][]string{append(heading, "REASON", "MESSAGE")}
	for _, o := range objects {
		entries := o.entries()
		if len(entries) == 0 {
			entries = []entry{{of: "<none>", routes: -1}}
		}
		for _, e := range entries {
			var row []string
			for _, c := range columns {
				row = append(row, c.show(o, e))
			}
			rows = append(rows, withReasons(row, e.conditions)...)
		}
	}
	writeAligned(b, rows)
}

// withReasons adds reasons and messages to a row: the first message to the row itself, each further one below. Conditions that say the
// same share a line.
func withReasons(row []string, conditions []metav1.Condition) [][]string {
	var messages []string
	reasons := map[string][]string{}
	for _, c := range conditions {
		if !notable(c) {
			continue
		}
		if reasons[c.Message] == nil {
			messages = append(messages, c.Message)
		}
		if !slices.Contains(reasons[c.Message], c.Reason) {
			reasons[c.Message] = append(reasons[c.Message], c.Reason)
		}
	}
	if len(messages) == 0 {
		return [][]string{append(row, "", "")}
	}
	var rows [][]string
	for i, m := range messages {
		if i > 0 {
			row = make([]string, len(row))
		}
		rows = append(rows, append(slices.Clone(row), strings.Join(telling(reasons[m]), ", "), m))
	}
	return rows
}

// telling leaves out the reason that says least, unless it is the only one.
func telling(reasons []string) []string {
	if len(reasons) == 1 {
		return reasons
	}
	return slices.DeleteFunc(reasons, func(r string) bool { return r == invalid })
}

// writeAligned writes rows in columns two spaces apart. The last column is as wide as it likes.
func writeAligned(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i := range row {
			row[i] = diag.Printable(row[i])
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
}
