package kong

import (
	"crypto/sha1" //nolint:gosec // RFC 9562 defines version 5 UUIDs by SHA-1; nothing is secured with it
	"encoding/hex"
)

// namespace is the UUID under which Kong derives the ids of entities that come without one.
//
// Source: Kong 3.9.3, kong/db/declarative/init.lua; go-kong's FillID uses the same.
const namespace = "fd02801f-0957-4a15-a55a-c8d9606f30b5"

// ID returns the id that Kong's DB-less mode and the Ingress Controller derive for an entity of kind k by its name: a
// version 5 UUID. The same name always gives the same id, so that writing twice is writing once.
func ID(k Kind, name string) string { return spell(rowOf(k).space.uuid5(name)) }

// UUID5 returns the version 5 UUID of name in the namespace space, which must be a well-formed UUID (RFC 9562, 5.5).
func UUID5(space, name string) string { return spell(parseUUID(space).uuid5(name)) }

type uuid [16]byte

// uuid5 returns the version 5 UUID of name in a namespace.
func (space uuid) uuid5(name string) (u uuid) {
	var room [128]byte
	sum := sha1.Sum(append(append(room[:0], space[:]...), name...)) //nolint:gosec // see the import
	copy(u[:], sum[:])
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}

// spell returns how a UUID is written.
func spell(u uuid) string {
	var s [36]byte
	hex.Encode(s[:], u[:4])
	hex.Encode(s[9:], u[4:6])
	hex.Encode(s[14:], u[6:8])
	hex.Encode(s[19:], u[8:10])
	hex.Encode(s[24:], u[10:])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

func parseUUID(s string) (u uuid) {
	n := 0
	for i := 0; i < len(s) && n < 32; i++ {
		if c := s[i]; c != '-' {
			u[n/2] = u[n/2]<<4 | hexDigit(c)
			n++
		}
	}
	return u
}

func hexDigit(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

// IsUUID reports whether s is written as a UUID, of whatever version.
func IsUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}
