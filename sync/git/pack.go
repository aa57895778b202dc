package git

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"github.com/gwsync/gwsync/sync"
)

// maxClone is how many bytes a clone may have, on the wire and in memory.
const maxClone = 1 << 30

var errCloneTooLarge = sync.WithHint(fmt.Errorf("the clone is larger than %d GiB", maxClone>>30),
	"name a branch or a tag instead of a commit, or clone it yourself and use --path")

// unpack reads a packfile into a store. Unlike go-git's own parser it can be given any pack: it holds no object larger than
// [maxObject] (those are left out), nor more than most bytes in all, however small the pack is.
// The format is gitformat-pack(5).
func unpack(r io.Reader, store storer.EncodedObjectStorer, most int64) error {
	u := unpacker{
		pack:    packfile.NewScanner(struct{ io.Reader }{r}),
		store:   store,
		left:    most,
		at:      map[int64]plumbing.Hash{},
		waiting: map[base][]delta{},
	}
	_, count, err := u.pack.Header()
	if err != nil {
		return err
	}
	for range count {
		if err := u.next(); err != nil {
			return err
		}
	}
	_, err = u.pack.Checksum()
	return err
}

type unpacker struct {
	pack  *packfile.Scanner
	store storer.EncodedObjectStorer
	left  int64                   // how many bytes may still be held
	at    map[int64]plumbing.Hash // the objects, by where in the pack they begin
	// waiting are deltas whose base has not come yet. It may never come, having been too large.
	waiting map[base][]delta
}

// base names an object by its place in the pack, or by its hash.
type base struct {
	offset int64
	hash   plumbing.Hash
}

// delta is an object written as what to change in another.
type delta struct {
	offset int64
	data   []byte
}

// whole is an object as such.
type whole struct {
	offset  int64
	kind    plumbing.ObjectType
	content []byte
}

// next reads one object.
func (u *unpacker) next() error {
	h, err := u.pack.NextObjectHeader()
	if err != nil {
		return err
	}
	if h.Length > maxObject {
		_, _, err := u.pack.NextObject(io.Discard)
		return err
	}
	if err := u.hold(h.Length); err != nil {
		return err
	}
	var content bytes.Buffer
	if _, _, err := u.pack.NextObject(&content); err != nil {
		return err
	}
	if int64(content.Len()) != h.Length {
		return packfile.ErrMalformedPackFile
	}
	switch h.Type {
	case plumbing.OFSDeltaObject:
		return u.addDelta(base{offset: h.OffsetReference}, delta{h.Offset, content.Bytes()})
	case plumbing.REFDeltaObject:
		return u.addDelta(base{hash: h.Reference}, delta{h.Offset, content.Bytes()})
	default:
		return u.add(whole{h.Offset, h.Type, content.Bytes()})
	}
}

// hold accounts for n more bytes.
func (u *unpacker) hold(n int64) error {
	if u.left -= n; u.left < 0 {
		return errCloneTooLarge
	}
	return nil
}

// addDelta adds an object, now if its base is known, else when it comes.
func (u *unpacker) addDelta(on base, d delta) error {
	h := on.hash
	if h.IsZero() {
		h = u.at[on.offset]
	}
	o, err := u.store.EncodedObject(plumbing.AnyObject, h)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		u.waiting[on] = append(u.waiting[on], d)
		return nil
	}
	if err != nil {
		return err
	}
	r, err := o.Reader()
	if err != nil {
		return err
	}
	content := make([]byte, o.Size())
	_, err = io.ReadFull(r, content)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	patched, ok, err := u.patch(whole{kind: o.Type(), content: content}, d)
	if err != nil || !ok {
		return err
	}
	return u.add(patched)
}

// patch makes an object of a delta and its base; false if it would be too large.
func (u *unpacker) patch(on whole, d delta) (whole, bool, error) {
	// A delta begins with two numbers: the size of its base, and that of the result.
	_, n := binary.Uvarint(d.data)
	if n <= 0 {
		return whole{}, false, packfile.ErrInvalidDelta
	}
	size, n := binary.Uvarint(d.data[n:])
	if n <= 0 {
		return whole{}, false, packfile.ErrInvalidDelta
	}
	if size > maxObject {
		return whole{}, false, nil
	}
	if err := u.hold(int64(size)); err != nil {
		return whole{}, false, err
	}
	content, err := packfile.PatchDelta(on.content, d.data)
	return whole{d.offset, on.kind, content}, err == nil, err
}

// add stores an object, and all those that waited for it.
func (u *unpacker) add(o whole) error {
	for todo := []whole{o}; len(todo) > 0; {
		o, todo = todo[len(todo)-1], todo[:len(todo)-1]
		m := &plumbing.MemoryObject{}
		m.SetType(o.kind)
		if _, err := m.Write(o.content); err != nil {
			return err
		}
		h, err := u.store.SetEncodedObject(m)
		if err != nil {
			return err
		}
		u.at[o.offset] = h
		for _, key := range []base{{offset: o.offset}, {hash: h}} {
			for _, d := range u.waiting[key] {
				patched, ok, err := u.patch(o, d)
				if err != nil {
					return err
				}
				if ok {
					todo = append(todo, patched)
				}
			}
			delete(u.waiting, key)
		}
	}
	return nil
}
