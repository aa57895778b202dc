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
	// objects are those of which only parts are read, see [Options.Terse].
	objects [1 << 8]alikeObject
}

// alikeObject is a Go value of a kind, and what it was read from.
type alikeObject struct {
	kind  *kind
	text  []byte
	value any
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

// object returns the object of a kind that a text stands for, if it was kept; else nil.
func (a *alike) object(of *kind, text []byte) any {
	if w := a.objectSlot(text); w.kind == of && bytes.Equal(w.text, text) {
		return w.value
	}
	return nil
}

// keepObject keeps a valid object that is changed no more.
func (a *alike) keepObject(of *kind, text []byte, v any) {
	const longest = 1 << 12 // what is longer is seldom written again
	if len(text) <= longest {
		w := a.objectSlot(text)
		w.kind, w.text, w.value = of, append(w.text[:0], text...), v
	}
}

func (a *alike) objectSlot(text []byte) *alikeObject {
	return &a.objects[maphash.Bytes(a.seed, text)%uint64(len(a.objects))]
}

// keep keeps a value that is changed no more.
func (a *alike) keep(of reflect.Type, text []byte, v reflect.Value) {
	w := a.slot(text)
	w.as, w.text, w.value = of, append(w.text[:0], text...), reflect.ValueOf(v.Interface())
}
