package sync

import (
	"context"
	"io"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// Source is where manifests come from: a directory ([Dir]), named files ([Files]) or a git repository (package git).
type Source interface {
	// Fetch returns the manifests as they are now. It may be called again and again, as `gwsync watch` does; each snapshot
	// is closed by whoever asked for it. When ctx ends, Fetch gives up and returns an error that wraps ctx.Err().
	//
	// Errors name what the user named. One with a method Hint() string also says what to do about it.
	Fetch(ctx context.Context) (Snapshot, error)
}

// History is a [Source] that also knows the past. Its methods may be called at the same time.
type History interface {
	Source
	// At returns the source of the same manifests at another commit, a full SHA. Whether there is such a commit its Fetch says.
	At(commit string) Source
	// Precedes reports whether commit is an ancestor of later; a commit does not precede itself. Where the past is not there to tell, as
	// in a shallow clone, it is an error.
	Precedes(ctx context.Context, commit, later string) (bool, error)
	// Blame returns the commits, up to the given one, that changed places last: what begins at a line and column of a file, and all that
	// is indented below (see [Block]); a place without a line is the whole file, which may be gone. Left out are places that the commit
	// does not have, and those that have not changed since another commit, if one is given.
	Blame(ctx context.Context, commit, since string, places []diag.Pos) (map[diag.Pos]Blame, error)
}

// Snapshot is what a [Source] held at one moment. The zero Snapshot holds nothing.
type Snapshot struct {
	// Inputs are what manifest.Load reads.
	Inputs []manifest.Input
	// Revision is the full SHA of the git commit that was read; "" where that is not known.
	Revision string
	// Closer releases what the inputs read from; nil if there is nothing to release. Call [Snapshot.Close] instead.
	Closer io.Closer
	// parsed is what the inputs were parsed to, for a snapshot that is shared; nil for another.
	parsed *parsed
}

// Close releases what the snapshot reads from. Its inputs cannot be read any more.
func (s Snapshot) Close() error {
	if s.Closer == nil {
		return nil
	}
	return s.Closer.Close()
}
