package sync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/manifest"
)

// Watch calls changed with what the source holds, at once and then each time that this has become another, until ctx ends or
// changed returns an error. It looks every so often rather than ask the system for events, which many file systems do not give; what
// it goes by are the names, sizes and times of files, or the git commit. A source that cannot be read is a change, too: changed
// gets the error and no snapshot. Snapshots are closed when changed returns.
//
// It returns the error of changed, or nil when ctx ends.
func Watch(ctx context.Context, source Source, every time.Duration, changed func(Snapshot, error) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := ""
	for {
		snapshot, err := source.Fetch(ctx)
		if ctx.Err() != nil {
			return errors.Join(snapshot.Close())
		}
		now := fingerprint(snapshot, err)
		if now != last {
			last = now
			if err := errors.Join(changed(snapshot, err), snapshot.Close()); err != nil {
				return err
			}
		} else if err := snapshot.Close(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// fingerprint tells whether something has changed.
func fingerprint(s Snapshot, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	if s.Revision != "" {
		return "commit: " + s.Revision
	}
	sum := sha256.New()
	for _, in := range s.Inputs {
		_ = fs.WalkDir(in.FS, in.Path, func(name string, entry fs.DirEntry, err error) error {
			fmt.Fprintf(sum, "%q %q ", in.Prefix, name)
			switch {
			case err != nil:
				fmt.Fprintf(sum, "%q\n", err.Error())
				return nil
			case entry.IsDir() && name != in.Path && strings.HasPrefix(entry.Name(), "."):
				return fs.SkipDir
			case entry.IsDir():
				return nil // what is in it counts
			}
			describeFile(sum, in, name)
			return nil
		})
	}
	return "files: " + hex.EncodeToString(sum.Sum(nil))
}

// describeFile writes what changes with the file: of a symbolic link, that of the file it leads to; of one that is in memory, and has no
// time, all of it.
func describeFile(w io.Writer, in manifest.Input, name string) {
	info, err := fs.Stat(in.FS, name)
	switch {
	case err != nil:
		fmt.Fprintf(w, "%q\n", err.Error())
	case info.ModTime().IsZero():
		text, err := fs.ReadFile(in.FS, name)
		fmt.Fprintf(w, "%q %v\n", text, err)
	default:
		fmt.Fprintf(w, "%d %d\n", info.Size(), info.ModTime().UnixNano())
	}
}
