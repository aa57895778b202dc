package diff

import (
	"bytes"
	"encoding/json"

	"github.com/gwsync/gwsync/render/kong"
)

// The JSON forms below are part of format_version 1.0 of the report. They hold no value that the text report would not show.

type changeJSON struct {
	Op     string      `json:"op"`
	Kind   kong.Kind   `json:"kind"`
	Name   string      `json:"name"`
	ID     string      `json:"id"`
	Origin *originJSON `json:"origin,omitempty"`
	Cause  string      `json:"cause,omitempty"`
	// Adopted says that the entity is taken over, and Owner from which instance, if it is one's.
	Adopted bool    `json:"adopted,omitempty"`
	Owner   string  `json:"owner,omitempty"`
	Fields  []Field `json:"fields,omitempty"`
}

type originJSON struct {
	Object string `json:"object,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Col    int    `json:"col,omitempty"`
}

func originOf(e kong.Entity) *originJSON {
	o := e.Origin()
	if o == (kong.Origin{}) {
		return nil
	}
	return &originJSON{Object: o.Object.String(), File: o.Pos.File, Line: o.Pos.Line, Col: o.Pos.Col}
}

// MarshalJSON returns the change as {op, kind, name, id, origin, cause, adopted, owner, fields}.
func (c Change) MarshalJSON() ([]byte, error) {
	e := c.Entity()
	out := changeJSON{Op: c.Op.String(), Kind: e.Kind(), Name: e.Name(), ID: e.ID(), Origin: originOf(e), Cause: c.Cause().String(),
		Adopted: c.Adopted, Fields: c.Fields}
	if c.Adopted {
		out.Owner = OwnedBy(c.Before)
	}
	return marshal(out)
}

// MarshalJSON returns the field as {path, old, new, secret, cause}. What was, or is, not set is left out.
func (f Field) MarshalJSON() ([]byte, error) {
	return marshal(struct {
		Path   string     `json:"path"`
		Old    kong.Value `json:"old,omitempty"`
		New    kong.Value `json:"new,omitempty"`
		Secret bool       `json:"secret,omitempty"`
		Cause  string     `json:"cause,omitempty"`
	}{f.Path, f.Old, f.New, f.Secret, f.Cause.String()})
}

type entityJSON struct {
	Kind   kong.Kind   `json:"kind"`
	Name   string      `json:"name"`
	ID     string      `json:"id"`
	Origin *originJSON `json:"origin,omitempty"`
}

func nameOf(e kong.Entity) entityJSON { return entityJSON{e.Kind(), e.Name(), e.ID(), originOf(e)} }

// MarshalJSON returns the conflict as {reason, entity, foreign, owner, adopt, message}: whose the foreign entity is, if another instance's,
// and what to give to --adopt.
func (c Conflict) MarshalJSON() ([]byte, error) {
	adopt := ""
	if p, ok := c.Adopt(); ok {
		adopt = p.String()
	}
	return marshal(struct {
		Reason  Reason     `json:"reason"`
		Entity  entityJSON `json:"entity"`
		Foreign entityJSON `json:"foreign"`
		Owner   string     `json:"owner,omitempty"`
		Adopt   string     `json:"adopt,omitempty"`
		Message string     `json:"message"`
	}{c.Reason, nameOf(c.Entity), nameOf(c.Foreign), OwnedBy(c.Foreign), adopt, c.String()})
}

// MarshalJSON returns what is written to which entity, not what it is.
func (w Write) MarshalJSON() ([]byte, error) {
	return marshal(struct {
		Op string `json:"op"`
		entityJSON
	}{w.Op.String(), nameOf(w.Entity)})
}

// marshal is json.Marshal without HTML's escapes.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
