package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/gwsync/gwsync/render/diag"
)

// Name is the file that is read if it is in the working directory.
const Name = ".gwsync.yaml"

// File is what a configuration file says. The zero File says nothing.
type File struct {
	// Name is the file's, as the user knows it.
	Name string
	// Defaults are the settings of all targets.
	Defaults Layer
	// Targets are sorted by name.
	Targets []Target
}

// Target is one Kong, and how it differs from others.
type Target struct {
	Name     string
	Settings Layer
	pos      diag.Pos
}

// Target returns the target of a name, and whether there is one.
func (f File) Target(name string) (Target, bool) {
	i := slices.IndexFunc(f.Targets, func(t Target) bool { return t.Name == name })
	if i < 0 {
		return Target{}, false
	}
	return f.Targets[i], true
}

// Names returns the names of the targets, sorted.
func (f File) Names() []string {
	var out []string
	for _, t := range f.Targets {
		out = append(out, t.Name)
	}
	return out
}

// maxSize is how many bytes a file may have.
const maxSize = 1 << 20

// Read reads a file. The flags are those of all verbs.
func Read(name string, flags *pflag.FlagSet) (File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return File{}, err
	}
	if len(text) > maxSize {
		return File{}, fmt.Errorf("%s: larger than %d KiB", name, maxSize>>10)
	}
	return Parse(name, text, flags)
}

// Parse returns what the text of a file says. Its error names all that is wrong with it, each with its line.
func Parse(name string, text []byte, flags *pflag.FlagSet) (File, error) {
	p := parser{name: name, flags: flags}
	file := File{Name: name}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return File{}, fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) > 0 {
		p.file(&file, value(document.Content[0]))
	}
	p.rivals(file)
	return file, errors.Join(p.errs...)
}

// parser reads one file and takes note of what is wrong with it.
type parser struct {
	name  string
	flags *pflag.FlagSet
	errs  []error
}

func (p *parser) at(n *yaml.Node) diag.Pos {
	return diag.Pos{File: p.name, Line: n.Line, Col: n.Column}
}

func (p *parser) wrong(pos diag.Pos, format string, args ...any) {
	p.errs = append(p.errs, &Error{Pos: pos, Message: fmt.Sprintf(format, args...)})
}

// Error is what is wrong at a place of the file, and what to do about it.
type Error struct {
	Pos     diag.Pos
	Message string
}

// Error returns "file:line:column: message".
func (e *Error) Error() string { return e.Pos.String() + ": " + e.Message }

// targetsKey is the one key of a file that is no flag.
const targetsKey = "targets"

func (p *parser) file(file *File, n *yaml.Node) {
	for key, v := range p.pairs(n, "a configuration file") {
		switch key.Value {
		case targetsKey:
			for name, settings := range p.pairs(v, targetsKey) {
				file.Targets = append(file.Targets, p.target(name, settings))
			}
		default:
			p.setting(&file.Defaults, key, v)
		}
	}
	slices.SortFunc(file.Targets, func(a, b Target) int { return cmp.Compare(a.Name, b.Name) })
}

func (p *parser) target(name, settings *yaml.Node) Target {
	t := Target{Name: name.Value, pos: p.at(name)}
	if bad := strings.Trim(name.Value, nameLetters); bad != "" || name.Value == "" {
		p.wrong(t.pos, "the target's name %q: want letters, digits, '-', '_' and '.'", name.Value)
	}
	for key, v := range p.pairs(settings, "a target") {
		p.setting(&t.Settings, key, v)
	}
	return t
}

const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

// pairs returns the keys and values of a mapping. No value at all is an empty mapping.
func (p *parser) pairs(n *yaml.Node, what string) func(yield func(key, v *yaml.Node) bool) {
	return func(yield func(key, v *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			if n.Tag != "!!null" {
				p.wrong(p.at(n), "%s has to be a mapping, KEY: VALUE", what)
			}
			return
		}
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := value(n.Content[i])
			switch line := seen[key.Value]; {
			case key.Kind != yaml.ScalarNode:
				p.wrong(p.at(n.Content[i]), "a key has to be a name")
				continue
			case line != 0:
				p.wrong(p.at(n.Content[i]), "%s is set in line %d already", key.Value, line)
				continue
			}
			seen[key.Value] = n.Content[i].Line
			if !yield(key, value(n.Content[i+1])) {
				return
			}
		}
	}
}

// value returns what an alias stands for, else n itself.
func value(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// setting adds a setting to a layer.
func (p *parser) setting(to *Layer, key, v *yaml.Node) {
	f := p.flags.Lookup(key.Value)
	switch {
	case f == nil:
		p.wrong(p.at(key), "unknown key %s: %s", key.Value, p.suggestion(key.Value))
		return
	case Excluded(f.Name):
		p.wrong(p.at(key), "%s is for the command line only", f.Name)
		return
	}
	s := Setting{Name: f.Name, Pos: p.at(key), known: f}
	_, many := f.Value.(pflag.SliceValue)
	switch {
	case v.Kind == yaml.ScalarNode && v.Tag != "!!null":
		s.Values = []string{v.Value}
	case v.Kind == yaml.SequenceNode && many:
		for _, each := range v.Content {
			if each = value(each); each.Kind != yaml.ScalarNode || each.Tag == "!!null" {
				p.wrong(p.at(each), "%s: want a list of single values", f.Name)
				return
			}
			s.Values = append(s.Values, each.Value)
		}
	default:
		p.wrong(p.at(v), "%s: want a single value%s", f.Name, map[bool]string{true: ", or a list of them"}[many])
		return
	}
	for i, text := range s.Values {
		if what := secret(f.Name, text); what != "" {
			p.wrong(s.Pos, "%s: %s must not be in this file: %s", f.Name, what, secretPlace(f.Name))
			return
		}
		s.Values[i] = p.relative(f, text)
	}
	*to = append(*to, s)
}

// relative returns the value of a flag, if it names a file one that is relative to the working directory.
func (p *parser) relative(f *pflag.Flag, text string) string {
	kind, _ := pflag.UnquoteUsage(f)
	if kind != "FILE" && kind != "DIR" || text == "" || text == "-" || filepath.IsAbs(text) || strings.Contains(text, "://") {
		return text
	}
	return filepath.Join(filepath.Dir(p.name), text)
}

// suggestion returns which key was probably meant.
func (p *parser) suggestion(name string) string {
	const longest = 64
	best, least := "", 1+min(len(name), longest)/3
	if len(name) > longest {
		least = 0
	}
	p.flags.VisitAll(func(f *pflag.Flag) {
		if d := diag.Distance(name, f.Name); d < least && !Excluded(f.Name) {
			best, least = f.Name, d
		}
	})
	if len(name) <= longest && diag.Distance(name, targetsKey) < least {
		best = targetsKey
	}
	if best == "" {
		return "keys are flags, as in gwsync help apply, and targets"
	}
	return "did you mean " + best + "?"
}

// Excluded reports whether a flag is about one run, and so has no place in a file.
func Excluded(name string) bool {
	return slices.Contains([]string{"help", "config", "target", "all-targets", "shard", "output", "schema"}, name)
}

// rivals finds targets that would undo each other's work: of one Kong and one instance.
func (p *parser) rivals(file File) {
	first := map[string]Target{}
	for _, t := range file.Targets {
		l := Layers{t.Settings, file.Defaults}
		address := cmp.Or(l.value("konnect-control-plane-name"), l.value("kong-addr"))
		if address == "" {
			continue
		}
		key := fmt.Sprintf("%q %q %q %q", address, l.value("konnect-addr"), l.value("workspace"), cmp.Or(l.value("instance"), "default"))
		if other, taken := first[key]; taken {
			p.wrong(t.pos, "targets %s and %s are of one Kong and one instance, so that each would delete what the other has made: "+
				"give each an instance of its own, or a workspace", other.Name, t.Name)
			continue
		}
		first[key] = t
	}
}
