package sync

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/gwsync/gwsync/render/diag"
)

// WithSecrets returns a source that has the Secrets of a directory beside the manifests of another: those that are in no git. The directory
// is read as [Dir] does; what is of another kind there is an error among the findings. If src is a [History], so is the source that is
// returned: the Secrets are always those of now.
func WithSecrets(src Source, directory string) Source {
	return decorate(src, func(ctx context.Context, s Snapshot) (Snapshot, error) {
		secrets, err := Dir(directory).Fetch(ctx)
		if err != nil {
			return Snapshot{}, errors.Join(err, s.Close())
		}
		for _, input := range secrets.Inputs {
			input.SecretsOnly = true
			s.Inputs = append(slices.Clip(s.Inputs), input)
		}
		s.Closer = closers(slices.DeleteFunc([]io.Closer{s.Closer, secrets.Closer}, func(c io.Closer) bool { return c == nil }))
		return s, nil
	})
}

// Decrypted returns a source whose files that SOPS has encrypted are read as decrypt turns them: it gets the text of a file and whether
// that is JSON rather than YAML. Its error becomes a finding at the file. What is decrypted stays in memory.
func Decrypted(src Source, decrypt func(ctx context.Context, text []byte, isJSON bool) ([]byte, error)) Source {
	return decorate(src, func(ctx context.Context, s Snapshot) (Snapshot, error) {
		s.Inputs = slices.Clone(s.Inputs)
		for i, input := range s.Inputs {
			s.Inputs[i].FS = decrypting{input.FS, func(text []byte, isJSON bool) ([]byte, error) { return decrypt(ctx, text, isJSON) }}
		}
		return s, nil
	})
}

// decorate returns a source whose snapshots are changed, and that knows the past if src does.
func decorate(src Source, change func(context.Context, Snapshot) (Snapshot, error)) Source {
	d := decorated{src, change}
	if past, ok := src.(History); ok {
		return decoratedHistory{d, past}
	}
	return d
}

type decorated struct {
	src    Source
	change func(context.Context, Snapshot) (Snapshot, error)
}

// Fetch returns the changed snapshot.
func (d decorated) Fetch(ctx context.Context) (Snapshot, error) {
	s, err := d.src.Fetch(ctx)
	if err != nil {
		return s, err
	}
	return d.change(ctx, s)
}

var _ History = decoratedHistory{}

type decoratedHistory struct {
	decorated
	past History
}

// At returns the decorated source of another commit.
func (d decoratedHistory) At(commit string) Source { return decorate(d.past.At(commit), d.change) }

// Precedes asks the source itself.
func (d decoratedHistory) Precedes(ctx context.Context, commit, later string) (bool, error) {
	return d.past.Precedes(ctx, commit, later)
}

// Blame is that of the source.
func (d decoratedHistory) Blame(ctx context.Context, commit, since string, places []diag.Pos) (map[diag.Pos]Blame, error) {
	return d.past.Blame(ctx, commit, since, places)
}
