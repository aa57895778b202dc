package sync

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/kong"
)

// Blame is the commit that changed a part of a manifest last.
type Blame struct {
	// Commit is the full SHA.
	Commit string
	// Author and Email are the author's, as the commit has them.
	Author, Email string
	// Time is when the author made the change.
	Time time.Time
	// Subject is the first line of the commit's message.
	Subject string
	// Oldest says that the history at hand ends there, as in a shallow clone: it may have been an earlier commit.
	Oldest bool
}

// Blamable returns a source of which [Proposal.Blame] can say who changed it, and an error for any other.
func Blamable(src Source) (History, error) {
	past, ok := src.(History)
	if !ok {
		return nil, WithHint(errors.New("--blame needs manifests from a git repository"), "name it with --repo")
	}
	return past, nil
}

// Blame finds the commits behind what has changed in the manifests: for each change of the plan that is not another hand's alone, the
// commit that changed last what the entity comes from, or the object around that, or that removed it. Where it is known what was applied
// last, only commits since count. Changes of which nothing can be said are left out, such as those of Secrets that are in no git, or those
// that another object has brought about.
func (p Proposal) Blame(ctx context.Context, src Source) (map[kong.Key]Blame, error) {
	past, err := Blamable(src)
	if err != nil {
		return nil, err
	}
	objects := map[diag.Object]diag.Pos{}
	for o := range p.Rendered.Set.All() {
		objects[o.Ref.Diag()] = o.At("")
	}
	places := map[kong.Key][]diag.Pos{}
	var all []diag.Pos
	known := map[diag.Pos]bool{}
	for _, c := range p.Plan.Changes() {
		if c.Cause() == diff.Drift {
			continue
		}
		for _, pos := range p.placesOf(c, objects) {
			places[c.Entity().Key()] = append(places[c.Entity().Key()], pos)
			if !known[pos] {
				known[pos] = true
				all = append(all, pos)
			}
		}
	}
	since := ""
	if p.applied != nil && !p.Older {
		since = p.Base
	}
	found, err := past.Blame(ctx, p.Revision, since, all)
	if err != nil {
		return nil, err
	}
	out := map[kong.Key]Blame{}
	for key, places := range places {
		for _, pos := range places {
			if b, ok := found[pos]; ok {
				out[key] = b
				break
			}
		}
	}
	return out, nil
}

// placesOf returns where a changed entity comes from, the narrowest place first. What was removed came from a file of the commit that was
// applied last.
func (p Proposal) placesOf(c diff.Change, objects map[diag.Object]diag.Pos) []diag.Pos {
	var places []diag.Pos
	if c.Op != diff.Delete {
		o := c.After.Origin()
		places = []diag.Pos{o.Pos, objects[o.Object]}
	} else if p.applied != nil {
		was, ok := p.applied.Get(c.Before.Key())
		if !ok {
			was, _ = p.applied.Find(c.Before.Kind(), c.Before.Natural())
		}
		places = []diag.Pos{{File: was.Origin().Pos.File}}
	}
	return slices.DeleteFunc(places, func(pos diag.Pos) bool { return pos.File == "" })
}

// Block returns the lines of a YAML text that belong to what begins at a line and column, both from 1: it and those that are indented
// as far, or further, until one is not. Blank lines and comments at its end are left out. It returns nothing if there is no such line.
func Block(lines []string, line, col int) []string {
	if line < 1 || line > len(lines) {
		return nil
	}
	first := lines[line-1]
	least := indent(first) + 1 // what stands behind a key is all that is indented further than the key
	before := first[:min(max(col-1, 0), len(first))]
	if strings.Trim(before, " -") == "" {
		least = len(before)
	}
	items := strings.HasPrefix(first[len(before):], "-")
	end := line
	for i := line; i < len(lines); i++ {
		text := strings.TrimSpace(lines[i])
		switch deep := indent(lines[i]); {
		case text == "" || strings.HasPrefix(text, "#"):
			continue
		case deep == 0 && (strings.HasPrefix(text, "---") || text == "..."), deep < least,
			items && deep == least && !strings.HasPrefix(text, "-"):
			return lines[line-1 : end]
		}
		end = i + 1
	}
	return lines[line-1 : end]
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
