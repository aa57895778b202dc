package kong

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// State is a set of entities: what a Kong holds or should hold. It is immutable and sorted by rank, kind, name and id;
// the zero State is empty.
type State struct {
	all     []Entity
	byKey   map[Key]int
	natural map[naturalKey]int
}

type naturalKey struct {
	kind Kind
	key  string
}

// NewState returns the set of the given entities. It is an error, which names both, if two of one kind share an id or
// a natural key. References may lead out of the set, see [State.Dangling].
func NewState(entities ...Entity) (State, error) {
	s, errs := index(sorted(entities))
	if err := errors.Join(errs...); err != nil {
		return State{}, err
	}
	return s, nil
}

// index returns the state of sorted entities, and an error for each that repeats another.
func index(all []Entity) (State, []error) {
	s := State{all: all, byKey: make(map[Key]int, len(all)), natural: make(map[naturalKey]int, len(all))}
	var errs []error
	for i, e := range s.all {
		if j, ok := s.byKey[e.key]; ok {
			errs = append(errs, fmt.Errorf("two %s have the id %s: %s and %s", e.key.Kind, e.key.ID, describe(s.all[j]), describe(e)))
			continue
		}
		s.byKey[e.key] = i
		n := e.Natural()
		if n == "" {
			continue
		}
		if j, ok := s.natural[naturalKey{e.key.Kind, n}]; ok {
			errs = append(errs, fmt.Errorf("two %s are called %s: %s and %s", e.key.Kind, e.Name(), describe(s.all[j]), describe(e)))
			continue
		}
		s.natural[naturalKey{e.key.Kind, n}] = i
	}
	return s, errs
}

func describe(e Entity) string {
	if o := e.origin.Object.String(); o != "" {
		return o + " (" + e.origin.Pos.String() + ")"
	}
	return e.key.ID
}

// sorted returns the entities by rank, kind, name and id.
func sorted(entities []Entity) []Entity {
	type keyed struct {
		rank int
		name string
		Entity
	}
	all := make([]keyed, len(entities))
	for i, e := range entities {
		row, _ := e.key.Kind.Row()
		all[i] = keyed{row.Rank, e.Name(), e}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.key.Kind, b.key.Kind), cmp.Compare(a.name, b.name),
			cmp.Compare(a.key.ID, b.key.ID))
	})
	out := make([]Entity, len(all))
	for i, k := range all {
		out[i] = k.Entity
	}
	return out
}

// Len returns the number of entities.
func (s State) Len() int { return len(s.all) }

// String returns how many entities there are, and nothing of what is in them: no verb of fmt prints a secret.
func (s State) String() string { return "state of " + strconv.Itoa(len(s.all)) + " entities" }

// GoString returns what [State.String] returns.
func (s State) GoString() string { return s.String() }

// All iterates over the entities by rank, kind, name and id.
func (s State) All() iter.Seq[Entity] { return slices.Values(s.all) }

// Of iterates over the entities of one kind, by name and id.
func (s State) Of(k Kind) iter.Seq[Entity] {
	return func(yield func(Entity) bool) {
		for _, e := range s.all {
			if e.key.Kind == k && !yield(e) {
				return
			}
		}
	}
}

// Kinds returns the kinds of which there are entities, in the order of [State.All].
func (s State) Kinds() []Kind {
	var out []Kind
	for _, e := range s.all {
		if len(out) == 0 || out[len(out)-1] != e.key.Kind {
			out = append(out, e.key.Kind)
		}
	}
	return out
}

// Get returns the entity with key k, and whether there is one.
func (s State) Get(k Key) (Entity, bool) {
	i, ok := s.byKey[k]
	if !ok {
		return Entity{}, false
	}
	return s.all[i], true
}

// Find returns the entity of kind k whose natural key ([Entity.Natural]) is natural, and whether there is one.
func (s State) Find(k Kind, natural string) (Entity, bool) {
	i, ok := s.natural[naturalKey{k, natural}]
	if !ok || natural == "" {
		return Entity{}, false
	}
	return s.all[i], true
}

// Where returns the set of the entities that keep holds for.
func (s State) Where(keep func(Entity) bool) State {
	var out []Entity
	for _, e := range s.all {
		if keep(e) {
			out = append(out, e)
		}
	}
	sub, _ := index(out) // a part of a set has no duplicates either
	return sub
}

// Dangling returns an error that names each reference to an entity that the state does not hold.
func (s State) Dangling() error {
	var errs []error
	for _, e := range s.all {
		for ref, to := range e.Refs() {
			if _, ok := s.byKey[to]; !ok {
				errs = append(errs, fmt.Errorf("%s %s: %s refers to %s, which does not exist", e.key.Kind, e.Name(), ref.Field, to))
			}
		}
	}
	return errors.Join(errs...)
}

// Digest is the SHA-256 of a state: equal states have equal digests, whatever order they were built in.
type Digest [sha256.Size]byte

// String returns the digest as "sha256:" and hexadecimal digits.
func (d Digest) String() string { return "sha256:" + hex.EncodeToString(d[:]) }

// Digest returns the state's digest. Origins do not count.
func (s State) Digest() Digest {
	h := sha256.New()
	var b []byte
	for _, e := range s.all {
		b = append(append(b[:0], e.key.Kind...), ' ')
		b = append(e.AppendJSON(b), '\n')
		h.Write(b)
	}
	return Digest(h.Sum(nil))
}
