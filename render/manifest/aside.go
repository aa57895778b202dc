package manifest

// aside is a field in the JSON of an object that is dealt with apart.
type aside struct {
	schema *schema
	// from and to are where the field begins and ends, and value where its value begins.
	from, value, to int
}

// labelRules tries the rules of labels on those that have some.
func (d *decoder) labelRules(r report) {
	for _, a := range d.asides {
		rule := a.schema.labels
		if rule == nil {
			continue
		}
		t := jsonText{d.json[a.value:a.to], d.file.alike}
		t.members('{', '}', func(int) bool {
			key, _ := t.text()
			t.take(':')
			value, ok := t.text()
			if !ok {
				t.literal() // null, which Go reads as an empty value
			}
			rule.check(rule.field, key, value, r)
			return true
		})
	}
}

// terse returns the JSON of the object without what is not kept, see [Options.Terse]. It is good until the next object.
func (d *decoder) terse() []byte {
	at := 0
	for _, a := range d.asides {
		if a.schema.left == nil || *a.schema.left != "" && a.to-a.value == len("{}") { // there is nothing
			continue
		}
		d.brief = append(append(d.brief, d.json[at:a.from]...), *a.schema.left...)
		at = a.to
		switch last := len(d.brief) - 1; {
		case *a.schema.left != "":
		case d.json[at] == ',':
			at++
		case d.brief[last] == ',':
			d.brief = d.brief[:last]
		}
	}
	d.brief = append(d.brief, d.json[at:]...)
	return d.brief
}
