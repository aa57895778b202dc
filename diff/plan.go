package diff

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// Op says what happens to an entity.
type Op uint8

// The operations. The zero Op is none.
const (
	Create Op = iota + 1
	Update
	Delete
)

// String returns "create", "update" or "delete".
func (o Op) String() string {
	switch o {
	case Create:
		return "create"
	case Update:
		return "update"
	case Delete:
		return "delete"
	}
	return fmt.Sprintf("op %d", uint8(o))
}

// Change is one entity that differs.
type Change struct {
	Op Op
	// Before is the live entity, zero for a Create. After is the desired one under its live id, as rendered, without
	// Kong's defaults; zero for a Delete.
	Before, After kong.Entity
	// Fields are what differs, by path: for a Create all of After, for a Delete all of Before.
	Fields []Field
	// Adopted says that the live entity is somebody else's, and becomes ours: an Update that [Options.Adopt] asks for.
	Adopted bool
}

// Entity returns After, or Before for a Delete.
func (c Change) Entity() kong.Entity {
	if c.Op == Delete {
		return c.Before
	}
	return c.After
}

// String returns "update routes NAME". It never holds a value of a field.
func (c Change) String() string { return c.Op.String() + " " + title(c.Entity()) }

// GoString returns what [Change.String] returns: no verb of fmt prints the values of fields.
func (c Change) GoString() string { return c.String() }

func title(e kong.Entity) string { return string(e.Kind()) + " " + e.Name() }

// Redacted stands for the value of a secret field. Plans keep no secret outside of the entities themselves.
const Redacted = "(secret)"

// Field is one value that differs. Old is nil where there was none, New where there is none any more.
type Field struct {
	// Path is a JSON pointer (RFC 6901) from the top of the entity: "/config/add/headers/0".
	Path string
	Old  kong.Value
	New  kong.Value
	// Secret says that Old and New, where set, are [Redacted].
	Secret bool
	// Cause says who made the difference, zero where that is not known.
	Cause Cause
}

// Name returns the name of the entity's field that the value is, or is in: "config".
func (f Field) Name() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(f.Path, "/"), "/")
	return name
}

// Reason says why an entity that is not ours is in the way.
type Reason string

// The reasons, as spelled in JSON.
const (
	// NameTaken: a foreign entity has the natural key of a desired one.
	NameTaken Reason = "name-taken"
	// IDTaken: a foreign entity has the id of a desired one.
	IDTaken Reason = "id-taken"
	// CredentialTaken: a foreign credential has the key, name or id of a desired one, and is another consumer's. Nothing takes it over.
	CredentialTaken Reason = "credential-taken"
	// InUse: a foreign entity refers to one of ours that would be deleted. Kong would refuse, or delete it too.
	InUse Reason = "in-use"
	// ValueTaken: a foreign entity has a value of a desired one that must be unique in a Kong, such as a consumer's custom_id.
	ValueTaken Reason = "value-taken"
	// RecordTaken: a foreign entity has the name or the id of the instance's [Record].
	RecordTaken Reason = "record-taken"
	// LeaseTaken: a foreign entity has the name of a [Lease] of the instance.
	LeaseTaken Reason = "lease-taken"
)

// Conflict is a change that cannot be made without touching an entity that is not ours. A plan with conflicts has no phases.
type Conflict struct {
	// Entity is the desired entity, for [InUse] the live one that would be deleted, for [RecordTaken] the record, for [LeaseTaken] the foreign
	// one.
	Entity kong.Entity
	// Foreign is the live entity in the way.
	Foreign kong.Entity
	Reason  Reason
}

// String says what is in the way of what, in one line.
func (c Conflict) String() string {
	row, _ := c.Entity.Kind().Row()
	other, _ := c.Foreign.Kind().Row()
	ours := fmt.Sprintf("%s %q", row.Singular, c.Entity.Name())
	theirs := fmt.Sprintf("%s %q (id %s)", other.Singular, c.Foreign.Name(), c.Foreign.ID())
	switch c.Reason {
	case NameTaken:
		return ours + ": there is one already that is " + c.whose() + " (id " + c.Foreign.ID() + ")"
	case IDTaken:
		return ours + ": its id is that of " + theirs + ", which is " + c.whose()
	case CredentialTaken:
		return ours + ": another consumer has the same in Kong already, by " + theirs + ", which is " + c.whose()
	case InUse:
		return ours + " cannot be deleted: " + theirs + ", which is " + c.whose() + ", refers to it"
	case RecordTaken:
		return ours + ", by which Kong is to remember the commit: its place has " + theirs + ", which is " + c.whose()
	case LeaseTaken:
		return theirs + ", which is " + c.whose() + ", has a name by which applies of this instance keep out of each other's way"
	case ValueTaken:
		return ours + ": its " + uniqueFields[c.Entity.Kind()] + " is that of " + theirs + ", which is " + c.whose()
	}
	return ours + ": in conflict with " + theirs
}

// Adopt returns the pattern that, as a part of an [Adoption], ends the conflict; ok is false where none can.
func (c Conflict) Adopt() (p Pattern, ok bool) {
	return PatternOf(c.Foreign), c.Reason == NameTaken || c.Reason == IDTaken
}

// whose says in words that the entity in the way is not ours, or that it stays.
func (c Conflict) whose() string {
	switch instance := OwnedBy(c.Foreign); instance {
	case "":
		return "not ours"
	case OwnedBy(c.Entity):
		return "ours and stays, as nothing is deleted"
	default:
		return "instance " + instance + "'s"
	}
}

// GoString returns what [Conflict.String] returns.
func (c Conflict) GoString() string { return c.String() }

// Counts is how many entities are created, updated and deleted.
type Counts struct{ Create, Update, Delete int }

// Total returns the sum.
func (c Counts) Total() int { return c.Create + c.Update + c.Delete }

func (c *Counts) add(o Op) {
	switch o {
	case Create:
		c.Create++
	case Update:
		c.Update++
	case Delete:
		c.Delete++
	}
}

// Plan is what leads from the live state to the desired one. It is immutable; the zero Plan changes nothing.
type Plan struct {
	changes   []Change
	conflicts []Conflict
	phases    []Phase
	guarded   bool
	live      kong.State
	desired   kong.State
	owner     owner
	kept      map[kong.Key]LeftoverReason // live entities that stay as they are
	unused    []Rule
	based     bool // changes have causes
}

// Empty reports whether there is nothing to do: no change and no conflict.
func (p Plan) Empty() bool { return len(p.changes) == 0 && len(p.conflicts) == 0 }

// Changes returns what differs, creates and updates before deletes, each in the order of [kong.State.All]. Treat it as
// read-only.
func (p Plan) Changes() []Change { return p.changes }

// Conflicts returns what stands in the way. Unless it is empty, the plan must not be applied. Treat it as read-only.
func (p Plan) Conflicts() []Conflict { return p.conflicts }

// Phases returns the writes that bring live to desired, in phases; see the package comment for the order and its reasons.
// It is empty for a plan with conflicts: such a plan must not be applied, not even in part. Treat it as read-only.
func (p Plan) Phases() []Phase { return p.phases }

// Guarded reports whether the plan changes plugins, credentials, or a route that has plugins. Only then it matters whether Kong's workers
// have taken up what was written before the plan was made.
func (p Plan) Guarded() bool { return p.guarded }

// Live returns the live state that the plan was computed from, foreign entities included.
func (p Plan) Live() kong.State { return p.live }

// Desired returns the desired state under the ids that Kong has, or will have: only entities that are ours, without those
// in conflict.
func (p Plan) Desired() kong.State { return p.desired }

// After returns what Kong holds once the plan is applied: [Plan.Desired] and every foreign live entity. It is what a
// DB-less Kong is to be given. It is an error if the plan has conflicts.
func (p Plan) After() (kong.State, error) {
	if len(p.conflicts) > 0 {
		return kong.State{}, errors.New("the plan has conflicts with entities that are not ours")
	}
	all := make([]kong.Entity, 0, p.live.Len()+p.desired.Len())
	for e := range p.desired.All() {
		all = append(all, e)
	}
	for e := range p.live.All() {
		if !p.owner.owns(e) {
			all = append(all, e)
		}
	}
	s, err := kong.NewState(all...)
	if err != nil {
		return kong.State{}, fmt.Errorf("desired entities and those that are not ours: %w", err)
	}
	return s, nil
}

// ID returns the digest of all that the plan says: of two plans with one ID, who approved the one has approved the other.
// Secrets do not count, only that they change; nor do where an entity comes from and who made the difference.
func (p Plan) ID() kong.Digest {
	h := sha256.New()
	enc := json.NewEncoder(h) // which errs on what is no JSON value, which no field holds; nor does a hash err
	for _, c := range p.changes {
		f := slices.Clone(c.Fields)
		for i := range f {
			f[i].Cause = 0
		}
		_ = enc.Encode([]any{c.Op, c.Entity().Key(), f})
	}
	for _, c := range p.conflicts {
		_ = enc.Encode([]any{c.Reason, c.Entity.Key(), c.Foreign.Key()})
	}
	return kong.Digest(h.Sum(nil))
}

// Counts returns how many entities change.
func (p Plan) Counts() Counts {
	var out Counts
	for _, c := range p.changes {
		out.add(c.Op)
	}
	return out
}

// KindCounts iterates over the kinds of which entities change, in order of rank, and how many do.
func (p Plan) KindCounts() iter.Seq2[kong.Kind, Counts] {
	return func(yield func(kong.Kind, Counts) bool) {
		by := map[kong.Kind]*Counts{}
		for _, c := range p.changes {
			k := c.Entity().Kind()
			if by[k] == nil {
				by[k] = &Counts{}
			}
			by[k].add(c.Op)
		}
		for _, k := range sortedKinds(by) {
			if !yield(k, *by[k]) {
				return
			}
		}
	}
}

// String returns "2 to create, 1 to update, 0 to delete".
func (p Plan) String() string {
	c := p.Counts()
	return fmt.Sprintf("%d to create, %d to update, %d to delete", c.Create, c.Update, c.Delete)
}

// GoString returns what [Plan.String] returns.
func (p Plan) GoString() string { return p.String() }
