package route

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Violation is one thing that Kong's Admin API refuses in a route, in its words.
type Violation struct {
	// Field is the route's field; "" if it is about the route as a whole, which the Admin API calls "@entity".
	Field string
	// Index is which element of the field it is about, from 1 like Kong counts; 0 if none. It counts in the entity's own order,
	// which for methods and snis is the sorted one.
	Index int
	// Member is the member of that element, if the elements are objects.
	Member string
	// Message says why.
	Message string
	// Line and Column are where in the expression the error is, from 1, or 0 if it is not in one. Columns count characters.
	Line, Column int
}

// String returns the violation as the Admin API's message has it: "paths.1: must not have empty segments".
func (v Violation) String() string {
	s := v.Field
	if v.Index > 0 {
		s += "." + strconv.Itoa(v.Index)
	}
	if v.Member != "" {
		s += "." + v.Member
	}
	if s != "" {
		s += ": "
	}
	return s + v.Message
}

// Violations is the error of [Validate].
type Violations []Violation

// Error returns the violations, separated by "; ".
func (vs Violations) Error() string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.String()
	}
	return strings.Join(out, "; ")
}

// Validate returns what Kong's Admin API refuses in the fields of a route that say what it matches, as [Violations], or nil.
//
// It does what a schema alone cannot say: the form of hosts, paths, methods, SNIs, header names and addresses, which fields
// exclude each other, and whether the expression, or the one that the fields amount to, is one. The latter is looked at only if
// the fields are in order, as Kong does. Types, lengths, ranges and required fields are for the schema to check.
//
// A regex that this package cannot model is refused too, with a message of its own.
//
// Source: Kong 3.9.3, kong/db/schema/typedefs.lua and kong/db/schema/entities/routes.lua.
func Validate(r kong.Entity, f kong.Flavor) error { return NewValidator(f).Validate(r) }

// Validator validates many routes: what is the same in several of them it looks at once. It is for one goroutine.
type Validator struct {
	flavor kong.Flavor
	// sound are fields, by name and text, of classic routes for HTTP that are in order. Hosts are not among them: most routes have others.
	sound map[[2]string]bool
}

// NewValidator returns a validator of the routes of a Kong with a flavor.
func NewValidator(f kong.Flavor) *Validator {
	return &Validator{flavor: f, sound: map[[2]string]bool{}}
}

// Validate returns what the function of that name does.
func (v *Validator) Validate(r kong.Entity) error {
	if v.isSound(r) {
		return nil
	}
	if out := v.violations(r); len(out) > 0 {
		return out
	}
	v.learn(r)
	return nil
}

// isSound reports whether all that matters of a classic route for HTTP is known to be in order. It may be looked at field by field: the
// parts of the route's expression are joined by what binds most loosely.
func (v *Validator) isSound(r kong.Entity) bool {
	if hasExpression(r) || slices.ContainsFunc(r.Strings("hosts"), func(h string) bool { return !isPlainHost(h) }) {
		return false
	}
	for _, name := range alike {
		if text := r.Raw(name); text != "" && !v.sound[[2]string{name, text}] {
			return false
		}
	}
	return true
}

// learn notes the fields of a route that is in order, if those are any that [Validator.isSound] asks for.
func (v *Validator) learn(r kong.Entity) {
	if isStream(r) || hasExpression(r) {
		return
	}
	for _, name := range alike {
		v.sound[[2]string{name, r.Raw(name)}] = true
	}
}

// alike are the fields of a classic route that say what it matches, and that many routes have in common.
var alike = []string{"methods", "paths", "snis", "headers", "sources", "destinations", "protocols"}

// hasExpression reports whether a route has a field of those that exclude the others.
func hasExpression(r kong.Entity) bool { return r.Raw("expression") != "" || r.Raw("priority") != "" }

// violations returns what Kong refuses in a route.
func (v *Validator) violations(r kong.Entity) Violations {
	var out Violations
	out = append(out, elements(r, "methods", checkMethod)...)
	out = append(out, elements(r, "hosts", checkHost)...)
	out = append(out, elements(r, "paths", checkPath)...)
	out = append(out, elements(r, "snis", CheckSNI)...)
	out = append(out, checkHeaders(r)...)
	out = append(out, checkAddrs(r, "sources")...)
	out = append(out, checkAddrs(r, "destinations")...)
	if len(out) == 0 {
		if wrong := v.checkRoute(r); wrong.Message != "" {
			wrong.Message = "Router Expression failed validation: " + wrong.Message
			out = Violations{wrong}
		}
	}
	return out
}

// elements checks the elements of a field one by one.
func elements(r kong.Entity, name string, check func(string) string) Violations {
	var out Violations
	for i, s := range r.Strings(name) {
		if message := check(s); message != "" {
			out = append(out, Violation{Field: name, Index: i + 1, Message: message})
		}
	}
	return out
}

func checkMethod(s string) string {
	if s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "invalid value: " + s
	}
	return ""
}

func checkPath(s string) string {
	switch {
	case strings.Contains(s, "//"):
		return "must not have empty segments"
	case !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "~/"):
		return "should start with: / (fixed path) or ~/ (regex path)"
	}
	if re, ok := strings.CutPrefix(s, "~"); ok {
		if err := CheckPCRE(re); err != "" {
			return fmt.Sprintf("invalid regex: '%s' (PCRE returned: %s)", re, err)
		}
		return ""
	}
	if bad := badEscape(s); bad != "" {
		return "invalid url-encoded value: '" + bad + "'"
	}
	if normal := NormalizePath(s); normal != s {
		return "non-normalized path, consider use '" + normal + "' instead"
	}
	return ""
}

// badEscape returns the first "%" of s that begins no escape, with up to two characters behind it. Kong only looks at paths that are
// made of characters that URLs may have.
func badEscape(s string) string {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && strings.IndexByte(".-_~/%:@!$&'()*+,;=", c) < 0 {
			return ""
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if _, ok := hexByte(s[i+1:]); !ok {
			return s[i:min(i+3, len(s))]
		}
		i += 2
	}
	return ""
}

func checkHeaders(r kong.Entity) Violations {
	v, _ := r.Field("headers")
	m, _ := v.(map[string]kong.Value)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		message := ""
		switch {
		case name == "":
			message = "no header name provided"
		case strings.EqualFold(name, "host"):
			message = "cannot contain 'host' header, which must be specified in the 'hosts' attribute"
		case !isHeaderName(name):
			message = "bad header name '" + name + "', allowed characters are A-Z, a-z, 0-9, '_', and '-'"
		}
		if message != "" {
			return Violations{{Field: "headers", Message: message}}
		}
	}
	return nil
}

func checkAddrs(r kong.Entity, name string) Violations {
	v, _ := r.Field(name)
	list, _ := v.([]any)
	var out Violations
	for i, e := range list {
		m, _ := e.(map[string]kong.Value)
		ip, ok := m["ip"].(string)
		if !ok {
			continue
		}
		_, addrErr := netip.ParseAddr(ip)
		_, netErr := netip.ParsePrefix(ip)
		if addrErr != nil && netErr != nil || strings.Contains(ip, "%") {
			out = append(out, Violation{Field: name, Index: i + 1, Member: "ip", Message: "invalid ip or cidr range: '" + ip + "'"})
		}
	}
	return out
}

// checkRoute returns why the route as a whole is none, or no Message.
func (v *Validator) checkRoute(r kong.Entity) Violation {
	if message, ok := checkFields(r, v.flavor); !ok {
		return Violation{Message: message}
	}
	_, err := parseRoute(r, true)
	if err == nil {
		return Violation{}
	}
	wrong := Violation{Message: err.Error()}
	var syntax *SyntaxError
	var semantic *SemanticError
	if r.Text("expression") == "" {
		return wrong // Kong wrote it
	}
	if errors.As(err, &syntax) {
		wrong.Line, wrong.Column = syntax.Line, syntax.Column
	}
	if errors.As(err, &semantic) {
		wrong.Line, wrong.Column = semantic.Line, semantic.Column
	}
	return wrong
}

// checkFields returns why the fields of a route do not go together. It is not ok either if there is no expression to look at, because
// the schema refuses the route or there are no criteria; then the message is "".
func checkFields(r kong.Entity, f kong.Flavor) (message string, ok bool) {
	_, isExpression := r.Field("expression")
	if f == kong.TraditionalCompatible && isExpression || isExpression && r.Text("expression") == "" {
		return "", false // the schema refuses it
	}
	if isStream(r) && slices.ContainsFunc(r.Strings("protocols"), isHTTP) {
		return "", false // likewise
	}
	isClassic := criteria(r) > 0
	const fields = "'methods', 'hosts', 'paths', 'headers', 'snis', 'sources' or 'destinations'"
	switch {
	case !isExpression && !isClassic:
		return "", false
	case isExpression && isClassic:
		return "cannot set 'expression' with " + fields + " simultaneously", false
	case isExpression && integer(r, "regex_priority") != 0:
		return "cannot set 'regex_priority' with 'expression' simultaneously", false
	case isClassic && integer(r, "priority") != 0 && f == kong.Expressions:
		return "cannot set 'priority' with " + fields + " simultaneously", false
	}
	return "", true
}
