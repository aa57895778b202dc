package kong

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/parallel"
)

// State is a set of entities: what a Kong holds or should hold. It is immutable and sorted by rank, kind, name and id;
// the zero State is empty. Besides the entities it takes some 40 bytes for each of them.
type State struct {
	all []Entity
	// byID and byName find entities by their key and by their natural key.
	byID, byName index
}

// NewState returns the set of the given entities. It is an error, which names both, if two of one kind share an id or
// a natural key. References may lead out of the set, see [State.Dangling].
func NewState(entities ...Entity) (State, error) {
	s, errs := indexed(sorted(entities))
	if err := errors.Join(errs...); err != nil {
		return State{}, err
	}
	return s, nil
}

// indexed returns the state of sorted entities, and an error for each that repeats another.
func indexed(all []Entity) (State, []error) {
	s := State{all: all, byID: newIndex(len(all)), byName: newIndex(len(all))}
	var ids, names []error
	parallel.Do(func() { ids = s.indexIDs() }, func() { names = s.indexNames() })
	return s, append(ids, names...)
}

func (s State) indexIDs() (errs []error) {
	for i, e := range s.all {
		if j, ok := s.byID.put(e.ID(), i, s.hasID(e.Kind(), e.ID())); !ok {
			errs = append(errs, fmt.Errorf("two %s have the id %s: %s and %s", e.Kind(), e.ID(), describe(s.all[j]), describe(e)))
		}
	}
	return errs
}

func (s State) indexNames() (errs []error) {
	for i, e := range s.all {
		natural := e.Natural()
		if natural == "" {
			continue
		}
		if j, ok := s.byName.put(natural, i, s.isCalled(e.Kind(), natural)); !ok && s.all[j].ID() != e.ID() {
			errs = append(errs, fmt.Errorf("two %s are called %s: %s and %s", e.Kind(), e.Name(), describe(s.all[j]), describe(e)))
		}
	}
	return errs
}

// Repeated returns the places of those entities whose id one of their kind before them has, each with that one's place; nil for none.
func Repeated(entities []Entity) map[int]int {
	s := State{all: entities, byID: newIndex(len(entities))}
	var out map[int]int
	for i, e := range entities {
		if first, ok := s.byID.put(e.ID(), i, s.hasID(e.Kind(), e.ID())); !ok {
			if out == nil {
				out = map[int]int{}
			}
			out[i] = first
		}
	}
	return out
}

// hasID and isCalled return what tells whether the entity at a place has an id, or a natural key.
func (s State) hasID(k Kind, id string) func(int) bool {
	return func(i int) bool { return s.all[i].Kind() == k && s.all[i].ID() == id }
}

func (s State) isCalled(k Kind, natural string) func(int) bool {
	return func(i int) bool { return s.all[i].Kind() == k && s.all[i].Natural() == natural }
}

func describe(e Entity) string {
	if o := e.Origin().Object.String(); o != "" {
		return o + " (" + e.Origin().Pos.String() + ")"
	}
	return e.ID()
}

// sorted returns the entities by rank, kind, name and id.
func sorted(entities []Entity) []Entity {
	kinds := map[Kind][]Entity{}
	for _, e := range entities {
		kinds[e.Kind()] = append(kinds[e.Kind()], e)
	}
	rank := func(k Kind) int { return kinds[k][0].r.form.row.Rank }
	order := slices.SortedFunc(maps.Keys(kinds), func(k, l Kind) int { return cmp.Or(cmp.Compare(rank(k), rank(l)), cmp.Compare(k, l)) })
	parallel.Each(len(order), func() func(int) { return func(i int) { sortByName(kinds[order[i]]) } })
	out := make([]Entity, 0, len(entities))
	for _, k := range order {
		out = append(out, kinds[k]...)
	}
	return out
}

// sortByName sorts entities of one kind by name and id.
func sortByName(entities []Entity) {
	type named struct {
		name, id string
		Entity
	}
	all := make([]named, len(entities))
	for i, e := range entities {
		all[i] = named{e.Name(), e.ID(), e}
	}
	slices.SortFunc(all, func(a, b named) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	for i, n := range all {
		entities[i] = n.Entity
	}
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
	row := rowOf(k)
	first, _ := slices.BinarySearchFunc(s.all, row, func(e Entity, row *Row) int {
		return cmp.Or(cmp.Compare(e.r.form.row.Rank, row.Rank), cmp.Compare(e.Kind(), row.Kind))
	})
	return func(yield func(Entity) bool) {
		for _, e := range s.all[first:] {
			if e.Kind() != k || !yield(e) {
				return
			}
		}
	}
}

// Kinds returns the kinds of which there are entities, in the order of [State.All].
func (s State) Kinds() []Kind {
	var out []Kind
	for _, e := range s.all {
		if len(out) == 0 || out[len(out)-1] != e.Kind() {
			out = append(out, e.Kind())
		}
	}
	return out
}

// Get returns the entity with key k, and whether there is one.
func (s State) Get(k Key) (Entity, bool) { return s.found(s.byID.get(k.ID, s.hasID(k.Kind, k.ID))) }

// Find returns the entity of kind k whose natural key ([Entity.Natural]) is natural, and whether there is one.
func (s State) Find(k Kind, natural string) (Entity, bool) {
	return s.found(s.byName.get(natural, s.isCalled(k, natural)))
}

func (s State) found(i int, ok bool) (Entity, bool) {
	if !ok {
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
	sub, _ := indexed(out) // a part of a set has no duplicates either
	return sub
}

// Dangling returns an error that names each reference to an entity that the state does not hold.
func (s State) Dangling() error {
	var errs []error
	for _, e := range s.all {
		for ref, to := range e.Refs() {
			if _, ok := s.Get(to); !ok {
				errs = append(errs, fmt.Errorf("%s %s: %s refers to %s, which does not exist", e.Kind(), e.Name(), ref.Field, to))
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
		b = append(append(b[:0], e.Kind()...), ' ')
		b = append(e.AppendJSON(b), '\n')
		h.Write(b)
	}
	return Digest(h.Sum(nil))
}
