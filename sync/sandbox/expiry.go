package sandbox

import (
	"math"
	"time"
)

// Entities of some kinds expire: a request gives their "ttl" in seconds from now, the store holds when that is over, as
// does a declarative configuration, and answers say how many seconds are left.
//
// Source: kong/db/strategies/postgres/init.lua, get_ttl_value; kong/db/strategies/off/init.lua, process_ttl_field.

const maxTTL = 100_000_000

// setExpiry replaces the ttl of an entity that is about to be stored by when it expires, if input says anything about it.
func (k *Kong) setExpiry(stored, input map[string]any) *Error {
	ttl, given := input["ttl"]
	seconds, ok := ttl.(float64)
	switch {
	case !given && stored["ttl"] != nil: // it stays as it was
	case ttl == nil || seconds == 0 && ok:
		stored["ttl"] = nil
	case !ok || seconds != math.Floor(seconds) || seconds < 0 || seconds > maxTTL:
		return invalidOption("ttl", "must be an integer between 0 and 100000000")
	default:
		stored["ttl"] = float64(k.config.Now().Unix()) + seconds
	}
	return nil
}

// expires returns when an entity expires, and whether it does.
func (r *row) expires() (time.Time, bool) {
	at, ok := r.data["ttl"].(float64)
	return time.Unix(int64(at), 0), ok
}

// expire removes what has expired.
func (k *Kong) expire() {
	k.mu.RLock()
	earliest := k.store.earliest
	k.mu.RUnlock()
	if earliest.IsZero() {
		return
	}
	now := k.config.Now()
	if now.Before(earliest) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.store.expire(now)
	k.generation++
}

// expire removes what has expired by now. No other entities refer to those that expire.
func (s *store) expire(now time.Time) {
	s.earliest = time.Time{}
	for _, e := range s.tables.Entities {
		if !e.TTL {
			continue
		}
		c := s.kinds[e.Name]
		for i := len(c.ids) - 1; i >= 0; i-- {
			r := c.rows[c.ids[i]]
			switch at, ok := r.expires(); {
			case !ok:
			case now.Before(at):
				s.note(at)
			default:
				s.drop(c, r.id)
			}
		}
	}
}

// note remembers that something expires at that time.
func (s *store) note(at time.Time) {
	if s.earliest.IsZero() || at.Before(s.earliest) {
		s.earliest = at
	}
}
