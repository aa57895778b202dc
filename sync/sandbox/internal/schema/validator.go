package schema

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
	"github.com/gwsync/gwsync/sync/sandbox/internal/lua"
)

// validator returns what is wrong with a value, or "".
type validator func(env *Env, v any) string

// validatorNames are the attributes that validate, in the order in which Kong applies them. The list is never written.
//
// Source: kong/db/schema/init.lua, Schema.validators_order.
var validatorNames = strings.Fields(`eq ne not_one_of one_of gt timestamp uuid is_regex between len_eq len_min len_max
	starts_with not_match match_none match match_all match_any contains check mutually_exclusive_subsets`)

// compile prepares f's validators. Strings are not empty unless the schema says so.
func (f *Field) compile() error {
	if f.Type == "record" && f.Record == nil {
		f.Record = &Record{}
	}
	f.validators = nil
	for _, name := range validatorNames {
		arg, ok := f.Attrs[name]
		switch {
		case name == "check" && f.check != "":
			v, err := checkNamed(f.check)
			if err != nil {
				return err
			}
			f.validators = append(f.validators, v)
			continue
		case name == "len_min" && !ok && f.Type == "string":
			arg = 1.0
		case !ok:
			continue
		}
		v, err := newValidator(name, arg)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", f.Name, name, err)
		}
		f.validators = append(f.validators, v)
	}
	return nil
}

func newValidator(name string, arg any) (validator, error) {
	list, _ := arg.([]any)
	number, _ := arg.(float64)
	switch name {
	case "eq":
		return expect(func(v any) bool { return v == arg }, "value must be "+text(arg)), nil
	case "ne":
		return func(_ *Env, v any) string { return unless(v != arg, "value must not be "+text(v)) }, nil
	case "one_of", "not_one_of":
		return oneOf(list, name == "one_of"), nil
	case "gt":
		return expect(func(v any) bool { n, _ := v.(float64); return n > number }, "value must be greater than "+lua.Number(number)), nil
	case "timestamp":
		return expect(func(v any) bool { n, _ := v.(float64); return n > 0 }, "expected a valid timestamp"), nil
	case "uuid":
		return expect(func(v any) bool { s, _ := v.(string); return kong.IsUUID(s) }, "expected a valid UUID"), nil
	case "is_regex":
		return func(_ *Env, v any) string {
			s, _ := v.(string)
			return unless(route.CheckPCRE(s) == "", "not a valid regex: "+s)
		}, nil
	case "between":
		return between(list)
	case "len_eq":
		return expect(func(v any) bool { return length(v) == int(number) }, fmt.Sprintf("length must be %d", int(number))), nil
	case "len_min":
		return expect(func(v any) bool { return length(v) >= int(number) }, fmt.Sprintf("length must be at least %d", int(number))), nil
	case "len_max":
		return expect(func(v any) bool { return length(v) <= int(number) }, fmt.Sprintf("length must be at most %d", int(number))), nil
	case "starts_with":
		prefix, _ := arg.(string)
		return expect(func(v any) bool { s, _ := v.(string); return strings.HasPrefix(s, prefix) }, "should start with: "+prefix), nil
	case "contains":
		return expect(func(v any) bool { l, _ := v.([]any); return has(l, arg) }, "expected to contain: "+text(arg)), nil
	case "mutually_exclusive_subsets":
		return exclusiveSubsets(list), nil
	}
	return patterns(name, arg)
}

// patterns returns the validators that match a string with Lua's patterns.
func patterns(name string, arg any) (validator, error) {
	switch name {
	case "match":
		p, err := lua.Pattern(text(arg))
		return func(_ *Env, v any) string {
			s, _ := v.(string)
			return unless(p != nil && p.MatchString(s), "invalid value: "+s)
		}, err
	case "match_any":
		m, _ := arg.(map[string]any)
		var all []*regexp.Regexp
		list, _ := m["patterns"].([]any)
		for _, e := range list {
			p, err := lua.Pattern(text(e))
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
		return expect(func(v any) bool { return matchesAny(all, v) }, text(m["err"])), nil
	case "match_all", "match_none":
		return each(name == "match_all", arg)
	}
	return nil, fmt.Errorf("no validator %q", name)
}

// each returns a validator that wants each pattern to match, or none to, and says the error of the first that fails.
func each(want bool, arg any) (validator, error) {
	type rule struct {
		pattern *regexp.Regexp
		err     string
	}
	var rules []rule
	list, _ := arg.([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		p, err := lua.Pattern(text(m["pattern"]))
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule{p, text(m["err"])})
	}
	return func(_ *Env, v any) string {
		s, _ := v.(string)
		for _, r := range rules {
			if r.pattern.MatchString(s) != want {
				return r.err
			}
		}
		return ""
	}, nil
}

func matchesAny(all []*regexp.Regexp, v any) bool {
	s, _ := v.(string)
	for _, p := range all {
		if p.MatchString(s) {
			return true
		}
	}
	return false
}

func expect(ok func(any) bool, message string) validator {
	return func(_ *Env, v any) string { return unless(ok(v), message) }
}

func unless(ok bool, message string) string {
	if ok {
		return ""
	}
	return message
}

func oneOf(list []any, want bool) validator {
	var names []string
	for _, e := range list {
		names = append(names, text(e))
	}
	message := "expected one of: "
	if !want {
		message = "must not be one of: "
	}
	message += strings.Join(names, ", ")
	return expect(func(v any) bool { return has(list, v) == want }, message)
}

func between(list []any) (validator, error) {
	if len(list) != 2 {
		return nil, fmt.Errorf("%v is no range", list)
	}
	low, _ := list[0].(float64)
	high, _ := list[1].(float64)
	message := fmt.Sprintf("value should be between %d and %d", int64(low), int64(high))
	return expect(func(v any) bool { n, ok := v.(float64); return ok && n >= low && n <= high }, message), nil
}

// exclusiveSubsets refuses a set with members of more than one of the subsets.
func exclusiveSubsets(subsets []any) validator {
	return func(_ *Env, v any) string {
		var found []string
		seen := map[int]bool{}
		members, _ := v.([]any)
		for _, m := range members {
			for i, s := range subsets {
				subset, _ := s.([]any)
				if has(subset, m) && !seen[i] {
					seen[i] = true
					found = append(found, "("+quoted(subset)+")")
				}
			}
		}
		return unless(len(found) < 2, "these sets are mutually exclusive: "+strings.Join(found, ", "))
	}
}

func quoted[T any](words []T) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "'%v'", w)
	}
	return b.String()
}

// has reports whether the list holds the scalar v.
func has(list []any, v any) bool {
	for _, e := range list {
		switch v.(type) {
		case string, float64, bool:
			if e == v {
				return true
			}
		}
	}
	return false
}

func length(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return 0
}

// text returns a scalar as Lua prints it into a message.
func text(v any) string {
	if v == nil {
		return "null"
	}
	return lua.Text(v)
}
