package manifest

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	kjson "sigs.k8s.io/json"
)

// typeReader puts the value that a JSON text begins with into a Go value that is zero, and reports whether it could. It is made once for a
// type, so that nothing need be looked up in the type for each of its values.
//
// It knows JSON as the decoder writes it for a valid object: without blanks, and without a key twice. All else is for sigs.k8s.io/json,
// which reads as the API server does and says what is wrong.
type typeReader func(t *jsonText, v reflect.Value) bool

// readObject puts JSON into what a pointer points to. The errors are those of [kjson.UnmarshalStrict].
func readObject(text []byte, into any, read typeReader, a *alike) ([]error, error) {
	v := reflect.ValueOf(into).Elem()
	if t := (jsonText{text, a}); read(&t, v) && len(t.rest) == 0 {
		return nil, nil
	}
	v.SetZero()
	return kjson.UnmarshalStrict(text, into)
}

// readerOf returns the reader of a type, which must not be recursive.
func readerOf(t reflect.Type) typeReader {
	p := reflect.PointerTo(t)
	if p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return sharing(t, readWhole)
	}
	switch t.Kind() {
	case reflect.Struct:
		return structReader(t)
	case reflect.Pointer:
		return sharing(t, pointerReader(t))
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			return sharing(t, listReader(t))
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return sharing(t, mapReader(t))
		}
	case reflect.String:
		return readString
	case reflect.Bool:
		return readBool
	case reflect.Int, reflect.Int32, reflect.Int64:
		return readInt
	}
	return readWhole
}

// readWhole leaves a value to sigs.k8s.io/json.
func readWhole(t *jsonText, v reflect.Value) bool {
	n, _ := t.extent(len(t.rest))
	strict, err := kjson.UnmarshalStrict(t.rest[:n], v.Addr().Interface())
	t.rest = t.rest[n:]
	return err == nil && strict == nil
}

// sharing returns a reader that makes values that are written alike one value.
func sharing(of reflect.Type, read typeReader) typeReader {
	const longest = 128 // what is longer is seldom written again
	return func(t *jsonText, v reflect.Value) bool {
		n, _ := t.extent(longest)
		if n == 0 {
			return read(t, v)
		}
		text := t.rest[:n]
		if known := t.value(of, text); known.IsValid() {
			v.Set(known)
			t.rest = t.rest[n:]
			return true
		}
		ok := read(t, v)
		if ok {
			t.keep(of, text, v)
		}
		return ok
	}
}

func pointerReader(of reflect.Type) typeReader {
	read := readerOf(of.Elem())
	return func(t *jsonText, v reflect.Value) bool {
		to := reflect.New(of.Elem())
		v.Set(to)
		return read(t, to.Elem())
	}
}

func listReader(of reflect.Type) typeReader {
	read := readerOf(of.Elem())
	return func(t *jsonText, v reflect.Value) bool {
		_, n := t.extent(len(t.rest))
		if n == 0 {
			v.Set(reflect.MakeSlice(of, 0, 0))
		}
		v.Grow(n)
		v.SetLen(n)
		return t.members('[', ']', func(i int) bool { return i < n && read(t, v.Index(i)) })
	}
}

func mapReader(of reflect.Type) typeReader {
	read := readerOf(of.Elem())
	return func(t *jsonText, v reflect.Value) bool {
		v.Set(reflect.MakeMap(of))
		key, value := reflect.New(of.Key()).Elem(), reflect.New(of.Elem()).Elem()
		return t.members('{', '}', func(int) bool {
			name, ok := t.text()
			value.SetZero()
			if !ok || !t.take(':') || !read(t, value) {
				return false
			}
			key.SetString(name)
			v.SetMapIndex(key, value)
			return true
		})
	}
}

// structField is a field of a struct, or of one that is embedded in it.
type structField struct {
	name  string
	index []int
	read  typeReader
}

func structReader(of reflect.Type) typeReader {
	fields := fieldsOf(of)
	return func(t *jsonText, v reflect.Value) bool {
		return t.members('{', '}', func(int) bool {
			name := t.name()
			i := slices.IndexFunc(fields, func(f structField) bool { return f.name == string(name) })
			return i >= 0 && fields[i].read(t, v.FieldByIndex(fields[i].index))
		})
	}
}

// fieldsOf returns the fields of a struct as encoding/json names them, of those that are embedded without a name all of theirs.
func fieldsOf(of reflect.Type) []structField {
	var fields []structField
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case name == "" && f.Anonymous:
			for _, inner := range fieldsOf(f.Type) {
				fields = append(fields, structField{inner.name, append([]int{i}, inner.index...), inner.read})
			}
		default:
			fields = append(fields, structField{name, f.Index, readerOf(f.Type)})
		}
	}
	return fields
}

func readString(t *jsonText, v reflect.Value) bool {
	text, ok := t.text()
	v.SetString(text)
	return ok
}

func readBool(t *jsonText, v reflect.Value) bool {
	switch string(t.literal()) {
	case "true":
		v.SetBool(true)
	case "false":
	default:
		return false
	}
	return true
}

func readInt(t *jsonText, v reflect.Value) bool {
	i, err := strconv.ParseInt(string(t.literal()), 10, 64)
	if err != nil || v.OverflowInt(i) {
		return false
	}
	v.SetInt(i)
	return true
}
