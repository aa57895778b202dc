package kong

import "hash/maphash"

// index is a hash table of places in a list, by text that the list's elements know themselves: it holds 4 bytes for a place, and no text.
// The zero index is empty.
type index struct {
	// slots are places plus one, 0 where there is none; their number is a power of two. A place whose slot is taken is in the next one.
	slots []uint32
	seed  maphash.Seed
}

// newIndex returns an index for up to n places.
func newIndex(n int) index {
	size := 4
	for size < n+n/2 {
		size *= 2
	}
	return index{slots: make([]uint32, size), seed: maphash.MakeSeed()}
}

// get returns the place of a text, and whether there is one; is tells whether a place is the text's.
func (x index) get(text string, is func(place int) bool) (int, bool) {
	if x.slots == nil {
		return 0, false
	}
	i, ok := x.slot(text, is)
	return int(x.slots[i]) - 1, ok
}

// put notes the place of a text; if there is one already, it returns that, and false.
func (x index) put(text string, place int, is func(place int) bool) (int, bool) {
	i, taken := x.slot(text, is)
	if taken {
		return int(x.slots[i]) - 1, false
	}
	x.slots[i] = uint32(place + 1) //nolint:gosec // a list of 2^32 entities does not fit in memory
	return place, true
}

// slot returns the slot of a text, or the one that it would get.
func (x index) slot(text string, is func(place int) bool) (i int, ok bool) {
	mask := len(x.slots) - 1
	i = int(maphash.String(x.seed, text)) & mask //nolint:gosec // only its lower bits count
	for x.slots[i] != 0 {
		if is(int(x.slots[i]) - 1) {
			return i, true
		}
		i = (i + 1) & mask
	}
	return i, false
}
