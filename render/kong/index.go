package kong

import "hash/maphash"

// index is a hash table of places in a list, by text that the list's elements know themselves: it holds 8 bytes for a place, and no text.
// The zero index is empty.
type index struct {
	// slots are places plus one, 0 where there is none, below the upper half of the text's hash, so that hardly any place is looked at but the
	// right one. Their number is a power of two. A place whose slot is taken is in the next one.
	slots []uint64
	seed  maphash.Seed
}

// newIndex returns an index for up to n places.
func newIndex(n int) index {
	size := 4
	for size < n+n/2 {
		size *= 2
	}
	return index{slots: make([]uint64, size), seed: maphash.MakeSeed()}
}

// get returns the place of a text, and whether there is one; is tells whether a place is the text's.
func (x index) get(text string, is func(place int) bool) (int, bool) {
	if x.slots == nil {
		return 0, false
	}
	i, _, ok := x.slot(text, is)
	return x.place(i), ok
}

// put notes the place of a text; if there is one already, it returns that, and false.
func (x index) put(text string, place int, is func(place int) bool) (int, bool) {
	i, hash, taken := x.slot(text, is)
	if taken {
		return x.place(i), false
	}
	x.slots[i] = hash&upper | uint64(place+1) //nolint:gosec // a list of 2^32 entities does not fit in memory
	return place, true
}

// upper are the bits of a slot that are of a hash.
const upper = 0xffffffff << 32

// place returns the place in a slot.
func (x index) place(i int) int { return int(x.slots[i]&^uint64(upper)) - 1 } //nolint:gosec // see put

// slot returns the slot of a text, or the one that it would get, and the text's hash.
func (x index) slot(text string, is func(place int) bool) (i int, hash uint64, ok bool) {
	mask := len(x.slots) - 1
	hash = maphash.String(x.seed, text)
	i = int(hash) & mask //nolint:gosec // only its lower bits count
	for x.slots[i] != 0 {
		if (x.slots[i]^hash)&upper == 0 && is(x.place(i)) {
			return i, hash, true
		}
		i = (i + 1) & mask
	}
	return i, hash, false
}
