package sync

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/kong"
)

// Journal is what Kong held before an apply of all that this was about to write, kept in a file so that there is a way back after a run
// that was killed, or later. It holds no secret: what is secret in an entity is left out, and its path is kept instead. An entity can be
// brought back whole as long as Kong still holds its secrets, which an apply that has not changed them leaves alone.
type Journal struct {
	FormatVersion string `json:"format_version"`
	// Target is the Kong as reports call it, without credentials, Instance whose entities they are, Revision the commit that was applied, and
	// Base the one that was applied before; "" where that is not known.
	Target   string      `json:"target"`
	Instance string      `json:"instance"`
	Revision string      `json:"revision,omitempty"`
	Base     string      `json:"base,omitempty"`
	PlanID   string      `json:"plan_id"`
	State    string      `json:"state"`
	Entities []Journaled `json:"entities"`
}

// The states of a journal.
const (
	// JournalBegun: the apply is under way, or was killed, or ended half-way.
	JournalBegun = "begun"
	// JournalApplied: all was done.
	JournalApplied = "applied"
	// JournalRolledBack: all was undone, or nothing was done.
	JournalRolledBack = "rolled back"
)

// Journaled is one entity that an apply writes.
type Journaled struct {
	Kind kong.Kind `json:"kind"`
	ID   string    `json:"id"`
	Name string    `json:"name"`
	// Before is what Kong held, without secrets; nil for nothing.
	Before map[string]any `json:"before"`
	// Omitted are the paths of the secrets, as JSON pointers. Changed says that the apply writes others in their place.
	Omitted []string `json:"omitted,omitempty"`
	Changed bool     `json:"changed,omitempty"`
}

// journalVersion is that of the file.
const journalVersion = "1.0"

// NewJournal returns the journal of an apply of p that is about to begin.
func NewJournal(p diff.Plan, schemas kong.Schemas) (Journal, error) {
	changed := map[kong.Key]bool{}
	for _, c := range p.Changes() {
		for _, f := range c.Fields {
			changed[c.Entity().Key()] = changed[c.Entity().Key()] || f.Secret && c.Op == diff.Update
		}
	}
	j := Journal{FormatVersion: journalVersion, PlanID: p.ID().String(), State: JournalBegun, Entities: []Journaled{}}
	seen := map[kong.Key]bool{}
	for w := range p.Writes() {
		key := w.Entity.Key()
		if seen[key] {
			continue
		}
		seen[key] = true
		entry := Journaled{Kind: key.Kind, ID: key.ID, Name: w.Entity.Name(), Changed: changed[key]}
		if before, ok := p.Live().Get(key); ok {
			if err := entry.keep(schemas, before); err != nil {
				return Journal{}, err
			}
		}
		j.Entities = append(j.Entities, entry)
	}
	return j, nil
}

func (e *Journaled) keep(schemas kong.Schemas, before kong.Entity) error {
	public, omitted, err := diff.Public(schemas, before)
	if err != nil {
		return err
	}
	e.Omitted = omitted
	return json.Unmarshal(public.AppendJSON(nil), &e.Before)
}

// Before returns what Kong held, as far as the journal knows.
func (j Journal) Before() (kong.State, error) {
	var all []kong.Entity
	for _, entry := range j.Entities {
		if entry.Before == nil {
			continue
		}
		image, err := kong.New(entry.Kind, entry.ID, entry.Before, kong.Origin{})
		if err != nil {
			return kong.State{}, err
		}
		all = append(all, image)
	}
	return kong.NewState(all...)
}

// Plan returns the plan that leads back to what the journal holds, from what Kong holds now, and the entities that cannot be brought back.
func (j Journal) Plan(now kong.State, schemas kong.Schemas) (plan diff.Plan, lost []kong.Entity, err error) {
	before, err := j.Before()
	if err != nil {
		return diff.Plan{}, nil, err
	}
	touched := map[kong.Key]bool{}
	var images []kong.Entity
	for _, entry := range j.Entities {
		key := kong.Key{Kind: entry.Kind, ID: entry.ID}
		touched[key] = true
		image, was := before.Get(key)
		if !was {
			continue
		}
		held, there := now.Get(key)
		whole, complete, err := diff.Graft(image, held, entry.Omitted)
		switch {
		case err != nil:
			return diff.Plan{}, nil, err
		case complete && (!entry.Changed || len(entry.Omitted) == 0):
			images = append(images, whole)
		case there:
			images = append(images, held)
			fallthrough
		default:
			lost = append(lost, image)
		}
	}
	plan, digested, err := diff.Restore(now, images, func(k kong.Key) bool { return touched[k] }, j.Instance, schemas)
	return plan, append(lost, digested...), err
}

// ReadJournal reads a journal from a file.
func ReadJournal(path string) (Journal, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Journal{}, err
	}
	var j Journal
	if err := json.Unmarshal(text, &j); err != nil {
		return Journal{}, fmt.Errorf("%s is no journal of gwsync: %w", path, err)
	}
	if j.FormatVersion != journalVersion || j.Instance == "" {
		return Journal{}, fmt.Errorf("%s is no journal of gwsync that this version knows", path)
	}
	return j, nil
}

// Write writes the journal to a file that nobody else can read, in one step. The journal of another apply that was not finished is kept
// beside it, under the path that is returned; a file that is no journal is left alone.
func (j Journal) Write(path string) (kept string, err error) {
	old, err := ReadJournal(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return "", err
	case old.State == JournalBegun && (old.PlanID != j.PlanID || j.State == JournalBegun):
		if kept, err = setAside(path); err != nil {
			return "", err
		}
	}
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return kept, err
	}
	return kept, replace(path, append(text, '\n'))
}

// setAside renames a file to the first of its names with a number that is free.
func setAside(path string) (string, error) {
	for n := 1; ; n++ {
		to := fmt.Sprintf("%s.%d", path, n)
		if _, err := os.Lstat(to); errors.Is(err, os.ErrNotExist) {
			return to, os.Rename(path, to)
		} else if err != nil {
			return "", err
		}
	}
}

// replace writes a file for its owner alone, so that a reader sees all of it or nothing, and it is on the disk when this returns.
func replace(path string, text []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
