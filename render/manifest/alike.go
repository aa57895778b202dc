package manifest

import (
	"bytes"
	"hash/maphash"
	"reflect"
)

// alike has what a worker has read last, by how it is written: what is written alike in many objects is in memory once. It is for reading
// only.
type alike struct {
	seed   maphash.Seed
	words  [1 << 12]string
	values [1 << 12]alikeValue
}

// alikeValue is a value, of a Go type, and what it was read from.
type alikeValue struct {
	as    reflect.Type
	text  []byte
	value reflect.Value
}

func newAlike() *alike { return &alike{seed: maphash.MakeSeed()} }

// word returns a text as a string.
func (a *alike) word(text []byte) string {
	const longest = 64 // what is longer is seldom written again
	if len(text) > longest {
		return string(text)
	}
	known := &a.words[maphash.Bytes(a.seed, text)%uint64(len(a.words))]
	if *known != string(text) {
		*known = string(text)
	}
	return *known
}

func (a *alike) slot(text []byte) *alikeValue {
	return &a.values[maphash.Bytes(a.seed, text)%uint64(len(a.values))]
}

// value returns the value of a type that a text stands for, if it was kept.
func (a *alike) value(of reflect.Type, text []byte) reflect.Value {
	if w := a.slot(text); w.as == of && bytes.Equal(w.text, text) {
		return w.value
	}
	return reflect.Value{}
}

// keep keeps a value that is changed no more.
func (a *alike) keep(of reflect.Type, text []byte, v reflect.Value) {
	w := a.slot(text)
	w.as, w.text, w.value = of, append(w.text[:0], text...), reflect.ValueOf(v.Interface())
}
