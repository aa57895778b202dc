package diff

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// The beginnings of the tags of a lease, for people: who has it, since when, and until when if it is not renewed, by the holder's clock.
const (
	holderTag = "gwsync-holder:"
	sinceTag  = "gwsync-since:"
	untilTag  = "gwsync-until:"
)

// Lease is the right of one apply, and of no other, to write what is an instance's. A Kong keeps it as a key set, which is nothing that it
// serves by, with a name that has a number: gwsync-lease.INSTANCE.NUMBER. To take the lease is to create the next number, which Kong lets
// only one do, for names are unique; so whoever can create it knows that nobody has had the lease since the number before was read. It is
// held as long as an older one is there, and given back by deleting that. Like the [Record] it is part of no plan.
type Lease struct {
	// ID is a UUID of this lease and no other.
	ID string
	// Number is how often the lease was taken before and with this one, as far as something was written.
	Number int
	// Holder names who has it; "" for nobody: only the first one is given back by saying so, since there is no older one.
	Holder string
	// Since is when it was taken, and Until when it ends unless it is renewed, by the holder's clock, in the form of RFC 3339. They are for
	// people: nobody compares them with a clock of its own.
	Since, Until string
}

// Entity returns the lease as the Kong holds it.
func (l Lease) Entity(instance string) (kong.Entity, error) {
	tags := Tags(instance)
	if l.Holder != "" {
		tags = append(tags, holderTag+cmp.Or(taggable(l.Holder), "unknown"), sinceTag+l.Since, untilTag+l.Until)
	}
	return kong.New(kong.KeySets, l.ID, map[string]any{"name": leasePrefix(instance) + strconv.Itoa(l.Number), "tags": tags}, kong.Origin{})
}

// Leases are those of an instance that a Kong holds.
type Leases struct {
	// Last is the one that was taken last, zero if there is none, and Entity what it is in Kong. Older are those before it.
	Last   Lease
	Entity kong.Entity
	Older  []kong.Entity
	// Foreign is what has the name of a lease and is not the instance's, zero for nothing.
	Foreign kong.Entity
}

// LeasesOf returns the leases of an instance that are among live entities.
func LeasesOf(live kong.State, instance string) Leases {
	var out Leases
	var all []Lease
	for e := range live.Of(kong.KeySets) {
		number, ok := leaseNumber(e.Name(), instance)
		switch {
		case !ok:
		case !Owned(e, instance):
			out.Foreign = e
		default:
			all = append(all, readLease(e, number))
		}
	}
	slices.SortFunc(all, func(a, b Lease) int { return a.Number - b.Number })
	for i, l := range all {
		e, _ := live.Get(kong.Key{Kind: kong.KeySets, ID: l.ID})
		if i == len(all)-1 {
			out.Last, out.Entity = l, e
		} else {
			out.Older = append(out.Older, e)
		}
	}
	return out
}

// Held reports whether somebody has the lease, or had it and has never given it back.
func (l Leases) Held() bool { return len(l.Older) > 0 || l.Last.Number == 1 && l.Last.Holder != "" }

func readLease(e kong.Entity, number int) Lease {
	l := Lease{ID: e.ID(), Number: number}
	for _, tag := range e.Tags() {
		switch prefix, value, _ := strings.Cut(tag, ":"); prefix + ":" {
		case holderTag:
			l.Holder = value
		case sinceTag:
			l.Since = value
		case untilTag:
			l.Until = value
		}
	}
	return l
}

func leasePrefix(instance string) string { return "gwsync-lease." + instance + "." }

// leaseNumber returns the number that the name of a lease of the instance ends with.
func leaseNumber(name, instance string) (int, bool) {
	digits, ok := strings.CutPrefix(name, leasePrefix(instance))
	n, err := strconv.ParseUint(digits, 10, 31)
	return int(n), ok && err == nil && strconv.FormatUint(n, 10) == digits
}

// taggable returns what every Kong takes in a tag of a text.
func taggable(text string) string {
	const longest = 64
	out := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_.", r) || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return -1
	}, text)
	return out[:min(len(out), longest)]
}
