package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// Schemas validate single entities as a Kong 3.9.3 would, where there is none to ask. They may be used by several goroutines at once.
type Schemas struct{ tables *schema.Tables }

// NewSchemas returns the schemas of a Kong of a router flavor.
func NewSchemas(f kong.Flavor) *Schemas {
	return &Schemas{load(&schema.Env{Flavor: f, Now: time.Now, UUID: newUUID, Secret: newSecret, Route: routeCheck(f)})}
}

// load reads the tables, which are part of the program.
func load(env *schema.Env) *schema.Tables {
	tables, err := schema.Load(env)
	if err != nil {
		panic("sandbox: " + err.Error()) //nolint:forbidigo // the tables are part of the program
	}
	return tables
}

// HasPlugin reports whether an open-source Kong has a plugin of the name.
func (s *Schemas) HasPlugin(name string) bool {
	return s.tables.Entity(string(kong.Plugins)).Subschema(name) != nil
}

// Problem is what Kong would not accept of an entity.
type Problem struct {
	// Field is the place, such as "config.add.headers[0]"; "" is the entity as a whole.
	Field string
	// Path are the names and indices of Field.
	Path []string
	// Message is Kong's own, and may quote the value.
	Message string
}

// Check returns what is wrong with an entity for itself, sorted by field; nothing if its kind is not known. Its fields are whatever encodes
// to them as a JSON object, such as a [kong.Entity]. Whether what it refers to is there is not looked at, nor is its id.
func (s *Schemas) Check(kind kong.Kind, fields any) ([]Problem, error) {
	e := s.tables.Entity(string(kind))
	if e == nil {
		return nil, nil
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	var data map[string]any
	if err := json.Unmarshal(text, &data); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	delete(data, "id")
	data, wrong := e.Fill(data, schema.Insert)
	if wrong == nil {
		wrong = e.Validate(data)
	}
	return problems(wrong, "", nil), nil
}

// problems flattens the errors of an entity: messages by field or index.
func problems(v any, field string, path []string) []Problem {
	var out []Problem
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if name == "@entity" {
				for _, message := range v[name].([]any) {
					out = append(out, Problem{field, path, fmt.Sprint(message)})
				}
				continue
			}
			out = append(out, problems(v[name], strings.TrimPrefix(field+"."+name, "."), append(slices.Clone(path), name))...)
		}
	case []any:
		for i := range v {
			index := strconv.Itoa(i)
			out = append(out, problems(v[i], field+"["+index+"]", append(slices.Clone(path), index))...)
		}
	default:
		out = append(out, Problem{field, path, fmt.Sprint(v)})
	}
	return out
}
