package sync

import (
	"context"
	"time"

	"github.com/gwsync/gwsync/diff"
	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/kong"
)

// Target is a Kong that can be read and written; package admin has one over the Admin API. Its methods may be called by
// many goroutines at the same time.
//
// Errors speak the user's language and show no secret. One with a method Hint() string also says what to do about it. One with
// a method Refused() bool that returns true stands for a request that has certainly changed nothing; after any other error
// of a write nobody knows.
type Target interface {
	// Info returns what the Kong is. It costs a request at most once.
	Info(ctx context.Context) (Info, error)
	// Schemas returns at least the schemas of all kinds and plugins in the given states, as far as the Kong knows them.
	Schemas(ctx context.Context, of ...kong.State) (kong.Schemas, error)
	// Read returns what the Kong holds, gwsync's entities and others'. What it returns of leases is not newer than anything else.
	Read(ctx context.Context) (kong.State, error)
	// Current returns those of the given entities that the Kong holds now, as it holds them. Of the given ones only the ids count, and
	// what targets belong to.
	Current(ctx context.Context, of []kong.Entity) (kong.State, error)
	// Settling returns how long the Kong still needs until it acts on everything that the last Read saw; 0 if it does. A run
	// that was killed may have written moments ago.
	Settling() time.Duration
	// Heard returns a mark that becomes another one each time that one of the Kong's workers hears of a write of routes, services or
	// plugins; "" until it has begun to take up what it has heard of. The error says that the Kong does not tell.
	Heard(ctx context.Context) (string, error)
	// Validate returns a *[RejectedError] if the Kong would not take e by itself. It writes nothing.
	Validate(ctx context.Context, e kong.Entity) error
	// Write makes one write to a Kong with a database. Making it twice is making it once.
	Write(ctx context.Context, w diff.Write) error
	// Leases returns the key sets that a Kong with a database holds, and WriteLease is Write of one of them: see [Lease]. Neither waits for
	// other requests.
	Leases(ctx context.Context) (kong.State, error)
	WriteLease(ctx context.Context, w diff.Write) error
	// Load replaces everything that a Kong without a database holds, or nothing: if the Kong refuses entities the error is a
	// *[RejectedError].
	Load(ctx context.Context, s kong.State) error
}

// Target returns t for the Kong: with its router flavor and, unless t says which, the modules that its Lua may load.
func (i Info) Target(t render.Target) render.Target {
	t.Flavor = i.Flavor
	if t.Modules == nil {
		t.Modules = i.Settings.Modules()
	}
	return t
}

// Info is what a Kong is.
type Info struct {
	// Version is the Kong's own, such as "3.9.3".
	Version string
	// Flavor is how its routes match.
	Flavor kong.Flavor
	// Database is false for a DB-less Kong, which is loaded as a whole.
	Database bool
	// Settle is how long a write takes until all workers of all nodes act on it.
	Settle time.Duration
	// Plugins are the names of the plugins that it has, sorted.
	Plugins []string
	// Settings are those of its kong.conf that matter to a configuration.
	Settings kong.Settings
}
