package git

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/memory"
)

// packWriter writes a pack by hand: see gitformat-pack(5).
type packWriter struct {
	bytes.Buffer
}

func newPack(count uint32) *packWriter {
	p := &packWriter{}
	p.WriteString("PACK")
	_ = binary.Write(p, binary.BigEndian, []uint32{2, count})
	return p
}

// object writes an object of a size and, for a delta, of what; it returns where it begins.
func (p *packWriter) object(kind plumbing.ObjectType, size int, ref, content []byte) int {
	at := p.Len()
	b := byte(kind)<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		p.WriteByte(b | 0x80)
		b = byte(size & 0x7f)
	}
	p.WriteByte(b)
	p.Write(ref)
	z := zlib.NewWriter(p)
	_, _ = z.Write(content)
	_ = z.Close()
	return at
}

func (p *packWriter) done() []byte {
	sum := sha1.Sum(p.Bytes())
	p.Write(sum[:])
	return p.Bytes()
}

// copies is a delta of a base of n bytes: the base, so many times over.
func copies(n, times int) []byte {
	d := binary.AppendUvarint(nil, uint64(n))
	d = binary.AppendUvarint(d, uint64(n*times))
	for range times {
		d = append(d, 0x80|0x70, byte(n), byte(n>>8), byte(n>>16))
	}
	return d
}

func TestUnpack(t *testing.T) {
	base := []byte("0123456789")
	h := plumbing.ComputeHash(plumbing.BlobObject, base)
	twice := plumbing.ComputeHash(plumbing.BlobObject, bytes.Repeat(base, 2))
	delta := copies(len(base), 2)
	// The base may come after what is made of it.
	p := newPack(3)
	p.object(plumbing.REFDeltaObject, len(delta), h[:], delta)
	again := copies(2*len(base), 2)
	p.object(plumbing.REFDeltaObject, len(again), twice[:], again)
	p.object(plumbing.BlobObject, len(base), nil, base)
	store := memory.NewStorage()
	if err := unpack(bytes.NewReader(p.done()), store, maxClone); err != nil {
		t.Fatal(err)
	}
	for _, content := range [][]byte{base, bytes.Repeat(base, 2), bytes.Repeat(base, 4)} {
		o, err := store.EncodedObject(plumbing.BlobObject, plumbing.ComputeHash(plumbing.BlobObject, content))
		if err != nil {
			t.Fatalf("%s: %v", content, err)
		}
		r, _ := o.Reader()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
			t.Errorf("got %q, %v; want %q", got, err, content)
		}
	}
}

// However much a small pack unfolds to, only so much is kept.
func TestUnpackLimits(t *testing.T) {
	base := make([]byte, 64<<10)
	h := plumbing.ComputeHash(plumbing.BlobObject, base)
	tooLarge := copies(len(base), maxObject/len(base)+1)
	p := newPack(3)
	p.object(plumbing.BlobObject, maxObject+1, nil, nil)
	p.object(plumbing.BlobObject, len(base), nil, base)
	p.object(plumbing.REFDeltaObject, len(tooLarge), h[:], tooLarge)
	store := memory.NewStorage()
	if err := unpack(bytes.NewReader(p.done()), store, maxClone); err != nil {
		t.Fatal(err)
	}
	if len(store.Objects) != 1 || store.Objects[h] == nil {
		t.Errorf("got %d objects, want only the one that is not too large", len(store.Objects))
	}

	bomb := copies(len(base), 4)
	p = newPack(2)
	p.object(plumbing.BlobObject, len(base), nil, base)
	p.object(plumbing.REFDeltaObject, len(bomb), h[:], bomb)
	if err := unpack(bytes.NewReader(p.done()), memory.NewStorage(), 4*int64(len(base))); !errors.Is(err, errCloneTooLarge) {
		t.Errorf("got %v, want it to be refused", err)
	}
}

func TestLimited(t *testing.T) {
	for n, want := range map[int]error{3: nil, 4: errCloneTooLarge} {
		_, err := io.ReadAll(&limited{bytes.NewReader(make([]byte, n)), 3})
		if !errors.Is(err, want) {
			t.Errorf("%d bytes: got %v, want %v", n, err, want)
		}
	}
}

// Whatever a server sends, unpacking ends without a panic, and what it keeps is what its hash says.
func FuzzUnpack(f *testing.F) {
	b := inMemory(f)
	b.history()
	var hashes []plumbing.Hash
	for h := range b.Storer.(*memory.Storage).Objects {
		hashes = append(hashes, h)
	}
	plumbing.HashesSort(hashes)
	for _, refDeltas := range []bool{false, true} {
		var pack bytes.Buffer
		if _, err := packfile.NewEncoder(&pack, b, refDeltas).Encode(hashes, 10); err != nil {
			f.Fatal(err)
		}
		f.Add(pack.Bytes())
	}
	base := []byte("0123456789")
	p := newPack(2)
	at := p.object(plumbing.BlobObject, len(base), nil, base)
	delta := copies(len(base), 3)
	p.object(plumbing.OFSDeltaObject, len(delta), []byte{byte(p.Len() - at)}, delta)
	f.Add(p.done())
	f.Fuzz(func(t *testing.T, pack []byte) {
		store := memory.NewStorage()
		const most = 1 << 16
		if err := unpack(bytes.NewReader(pack), store, most); err != nil {
			return
		}
		held := int64(0)
		for h, o := range store.Objects {
			if held += o.Size(); o.Hash() != h {
				t.Errorf("%s is kept as %s", o.Hash(), h)
			}
		}
		if held > most {
			t.Errorf("%d bytes are kept, of at most %d", held, most)
		}
	})
}
