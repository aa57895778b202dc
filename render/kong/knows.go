package kong

// Knows reports whether the schema of an entity has a field at a path, in which an asterisk stands for any name or index. What has no
// schema here has no fields.
func (s Schemas) Knows(e Entity, path ...string) bool { return s.of(e).knows(path) }

func (f *field) knows(path []string) bool {
	switch {
	case f == nil:
		return false
	case len(path) == 0:
		return true
	case path[0] != "*" || f.kind != "record":
		return f.child(path[0]).knows(path[1:])
	}
	for _, sub := range f.subs {
		if sub.knows(path[1:]) {
			return true
		}
	}
	return false
}
