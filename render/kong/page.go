package kong

import (
	"errors"
	"fmt"
	"strconv"
)

// Page is one page of a listing of the Admin API.
type Page struct {
	Entities []Entity
	// Offset is where the next page begins; "" on the last one.
	Offset string
	// Updated is the latest updated_at of the entities, in seconds since 1970; 0 if there is none.
	Updated float64
}

// shown are fields that the Admin API answers beside an entity's own: of a certificate the names of entities that refer to it.
//
// Source: Kong 3.9.3, kong/api/routes/certificates.lua.
func shown(k Kind, field string) bool { return k == Certificates && field == string(SNIs) }

// ReadPage reads one page of a listing of kind k. Nothing of the entities is in text any more when it returns. Errors are for what Kong does
// not answer; they hold nothing of the text.
func ReadPage(k Kind, text []byte) (Page, error) {
	r := pageReader{scanner: scanner{in: text, out: make([]byte, 0, len(text))}, row: rowOf(k)}
	if err := r.page(); err != nil {
		return Page{}, err
	}
	all := string(r.out)
	records := make([]record, len(r.ends))
	start := 0
	for i, end := range r.ends {
		records[i] = record{row: r.row, text: all[start:end]}
		records[i].mark()
		r.result.Entities = append(r.result.Entities, Entity{&records[i]})
		start = end
	}
	return r.result, nil
}

// pageReader reads a page: the entities' canonical texts stand in scanner.out, one after the other, and end at ends.
type pageReader struct {
	scanner
	row    *Row
	ends   []int
	result Page
}

var errPage = errors.New("a page is an object with a list called data")

func (r *pageReader) page() error {
	if !r.take('{') {
		return errPage
	}
	some := false
	err := r.members(func(m *foundMember) error {
		r.out = r.out[:m.start]
		switch m.name {
		case "data":
			some = true
			return r.data()
		case "offset":
			return r.offset()
		}
		start := len(r.out)
		err := r.value()
		r.out = r.out[:start]
		return err
	})
	switch {
	case err != nil:
		return err
	case !some || r.peek() != 0:
		return errPage
	}
	return nil
}

func (r *pageReader) offset() error {
	start := len(r.out)
	if err := r.value(); err != nil {
		return err
	}
	r.result.Offset = text(string(r.out[start:]))
	r.out = r.out[:start]
	return nil
}

func (r *pageReader) data() error {
	if !r.take('[') {
		return errPage
	}
	for first := true; !r.take(']'); first = false {
		if !first && !r.take(',') {
			return errJSON
		}
		if err := r.entity(); err != nil {
			return err
		}
	}
	return nil
}

// entity appends one entity's canonical text.
func (r *pageReader) entity() error {
	if !r.take('{') {
		return fmt.Errorf("%s: an entity is an object", r.row.Kind)
	}
	start, first, id := len(r.out), len(r.found), ""
	err := r.members(func(m *foundMember) error {
		if err := r.value(); err != nil {
			return err
		}
		switch t := r.out[m.value:]; {
		case m.name == "id":
			id = text(string(t))
			r.out = r.out[:m.start]
		case m.name == "updated_at":
			at, _ := strconv.ParseFloat(string(t), 64)
			r.result.Updated = max(r.result.Updated, at)
			r.out = r.out[:m.start]
		case isAutomatic(m.name) || string(t) == "null" || shown(r.row.Kind, m.name):
			r.out = r.out[:m.start]
		default:
			r.out = r.row.settle(r.out, m.value, m.name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if id == "" {
		return fmt.Errorf("one of the %s has no id", r.row.Kind)
	}
	fields := r.arranged(r.found[first:])
	r.found = r.found[:first]
	if r.out = appendID(r.out[:start], id); len(fields) > 0 {
		r.out = append(append(r.out, ','), fields...)
	}
	r.out = append(r.out, '}')
	r.ends = append(r.ends, len(r.out))
	return nil
}
