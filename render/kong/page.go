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

// PageReader reads the pages of a listing, one after the other.
type PageReader struct {
	scanner
	row   *Row
	forms forms
	// The entities' canonical texts stand in scanner.out, one after the other, and end at ends.
	ends []int
	own  []byte
	page Page
}

// NewPageReader returns a reader of pages with entities of kind k.
func NewPageReader(k Kind) *PageReader {
	row := rowOf(k)
	return &PageReader{row: row, forms: forms{row: row}}
}

// Read reads one page. It takes no hold of text. Errors are for what Kong does not answer; they hold nothing of the text.
func (r *PageReader) Read(text []byte) (Page, error) {
	r.in, r.pos, r.depth = text, 0, 0
	r.out, r.found, r.ends = r.out[:0], r.found[:0], r.ends[:0]
	r.page = Page{}
	if err := r.read(); err != nil {
		return Page{}, err
	}
	r.page.Entities = r.entities()
	return r.page, nil
}

// Read reads one entity of kind k as the Admin API answers it.
func Read(k Kind, text []byte) (Entity, error) {
	r := NewPageReader(k)
	r.in = text
	if err := r.entity(); err != nil {
		return Entity{}, err
	}
	if r.peek() != 0 {
		return Entity{}, errJSON
	}
	return r.entities()[0], nil
}

// entities returns those whose texts have been read. They hold nothing of the reader.
func (r *PageReader) entities() []Entity {
	records := make([]record, len(r.ends))
	entities := make([]Entity, len(r.ends))
	r.own = r.own[:0]
	start := 0
	for i, end := range r.ends {
		f, own := r.forms.of(r.out[start:end])
		records[i].form, start = f, end
		r.own = append(r.own, own...)
		r.ends[i] = len(r.own)
	}
	all := string(r.own)
	start = 0
	for i, end := range r.ends {
		records[i].own, start = all[start:end], end
		entities[i] = Entity{&records[i]}
	}
	return entities
}

var errPage = errors.New("a page is an object with a list called data")

func (r *PageReader) read() error {
	if !r.take('{') {
		return errPage
	}
	some := false
	err := r.members(func(name string, start, value int) error {
		r.out = r.out[:start]
		switch name {
		case "data":
			r.out, r.ends, some = r.out[:0], nil, true // the last list counts
			return r.data()
		case "offset":
			return r.offset()
		}
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

func (r *PageReader) offset() error {
	start := len(r.out)
	if err := r.value(); err != nil {
		return err
	}
	r.page.Offset = text(string(r.out[start:]))
	r.out = r.out[:start]
	return nil
}

func (r *PageReader) data() error {
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
func (r *PageReader) entity() error {
	if !r.take('{') {
		return fmt.Errorf("%s: an entity is an object", r.row.Kind)
	}
	start, first, id := len(r.out), len(r.found), ""
	err := r.members(func(name string, start, value int) error {
		if err := r.value(); err != nil {
			return err
		}
		switch t := r.out[value:]; {
		case name == "id":
			id = text(string(t))
			r.out = r.out[:start]
		case name == "updated_at":
			at, _ := strconv.ParseFloat(string(t), 64)
			r.page.Updated = max(r.page.Updated, at)
			r.out = r.out[:start]
		case isAutomatic(name) || string(t) == "null" || shown(r.row.Kind, name):
			r.out = r.out[:start]
		default:
			r.out = r.row.settle(r.out, value, name)
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
