package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"
)

// session is one conversation with git-upload-pack on a server: it says what it has, and then answers one request. The HTTP
// transport of go-git has these methods, and so has [sshSession].
type session interface {
	AdvertisedReferencesContext(context.Context) (*packp.AdvRefs, error)
	UploadPack(context.Context, *packp.UploadPackRequest) (*packp.UploadPackResponse, error)
	Close() error
}

// remote is a repository on a server. What is fetched of it is kept in memory.
type remote struct {
	connect    func(context.Context) (session, error)
	multiACK   bool
	session    session // one that has not been asked for a pack yet, or nil
	advertised *packp.AdvRefs
	store      *memory.Storage
	complete   bool // store has all there is
}

// openRemote connects to the server and reads what it has.
func openRemote(ctx context.Context, at address, auth Auth) (*remote, error) {
	r := &remote{store: memory.NewStorage(), multiACK: isAzure(at)}
	switch at.scheme {
	case "https":
		server, err := newHTTPS(at, auth)
		if err != nil {
			return nil, err
		}
		r.connect = func(context.Context) (session, error) { return server.session() }
	case "ssh":
		server, err := newSSH(at, auth)
		if err != nil {
			return nil, err
		}
		r.connect = func(ctx context.Context) (session, error) { return server.dial(ctx) }
	}
	return r, r.advertise(ctx)
}

// isAzure reports whether a repository is one of Azure DevOps, which answers only who speaks multi_ack. go-git does not, but that
// makes no difference to who has nothing yet: https://github.com/go-git/go-git/issues/64.
func isAzure(at address) bool {
	return strings.Contains(at.path, "/_git/") || at.host == "ssh.dev.azure.com" || strings.HasSuffix(at.host, ".visualstudio.com")
}

// advertise begins a new session and reads what the server has.
func (r *remote) advertise(ctx context.Context) error {
	s, err := r.connect(ctx)
	if err != nil {
		return err
	}
	if r.advertised, err = s.AdvertisedReferencesContext(ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	r.session = s
	return nil
}

func (r *remote) refs(context.Context) (refs, error) {
	all := refs{byName: r.advertised.References}
	if r.advertised.Head != nil {
		all.head = *r.advertised.Head
	}
	return all, nil
}

// load fetches one commit alone where the server can do that, else everything.
func (r *remote) load(ctx context.Context, h plumbing.Hash) error {
	if !r.complete && r.offers(h) {
		err := r.fetch(ctx, r.store, []plumbing.Hash{h}, 1, smallFiles)
		// A server that allows any commit may still not have this one, and says so in words of its own.
		if err == nil || ctx.Err() != nil || r.isTip(h) {
			return err
		}
	}
	if !r.complete {
		if err := r.fetchAll(ctx); err != nil {
			return err
		}
	}
	return notFound(h, r.store.HasEncodedObject(h))
}

// notFound says in the user's words that there is no such commit, if that is what err says.
func notFound(h plumbing.Hash, err error) error {
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return fmt.Errorf("there is no commit %s: %w", h, err)
	}
	return err
}

// isTip reports whether a branch, a tag or another ref is at h.
func (r *remote) isTip(h plumbing.Hash) bool {
	if r.advertised.Head != nil && *r.advertised.Head == h {
		return true
	}
	for _, tip := range r.advertised.References {
		if tip == h {
			return true
		}
	}
	return false
}

// offers reports whether the server can be asked for h alone.
func (r *remote) offers(h plumbing.Hash) bool {
	c := r.advertised.Capabilities
	return r.isTip(h) || c.Supports(capability.AllowReachableSHA1InWant) || c.Supports("allow-any-sha1-in-want")
}

// commits looks at all commits of all branches and tags: only so can it be said that a prefix has but one.
func (r *remote) commits(ctx context.Context, prefix string) ([]plumbing.Hash, error) {
	store, err := r.past(ctx)
	if err != nil {
		return nil, err
	}
	var found []plumbing.Hash
	for h := range store.Commits {
		if strings.HasPrefix(h.String(), prefix) {
			found = append(found, h)
		}
	}
	return found, nil
}

// past fetches the commits of all branches and tags, without their files where the server can do that.
func (r *remote) past(ctx context.Context) (*memory.Storage, error) {
	if !r.advertised.Capabilities.Supports(capability.Filter) {
		return r.store, r.fetchAll(ctx)
	}
	store := memory.NewStorage()
	all := refs{byName: r.advertised.References}
	return store, r.fetch(ctx, store, all.tips(), 0, commitsOnly)
}

func (r *remote) history(ctx context.Context) (storer.EncodedObjectStorer, error) { return r.past(ctx) }

func (r *remote) whole(ctx context.Context) (storer.EncodedObjectStorer, error) {
	if r.complete {
		return r.store, nil
	}
	return r.store, r.fetchAll(ctx)
}

// fetchAll fetches all branches and tags with their history.
func (r *remote) fetchAll(ctx context.Context) error {
	all := refs{byName: r.advertised.References}
	if err := r.fetch(ctx, r.store, all.tips(), 0, smallFiles); err != nil {
		return err
	}
	r.complete = true
	return nil
}

// What to leave out of a pack, for servers that can; see `git rev-list --filter`.
var (
	smallFiles  = packp.FilterBlobLimit(maxObject>>20, packp.BlobLimitPrefixMebi)
	commitsOnly = packp.FilterTreeDepth(0)
)

// fetch asks for objects and what they are made of. A depth of 1 is without history; 0 is with all of it.
func (r *remote) fetch(ctx context.Context, store storer.EncodedObjectStorer, wants []plumbing.Hash, depth int, filter packp.Filter) error {
	if len(wants) == 0 {
		return transport.ErrEmptyRemoteRepository
	}
	if r.session == nil {
		if err := r.advertise(ctx); err != nil {
			return err
		}
	}
	s := r.session
	r.session = nil
	request, err := r.request(wants, depth, filter)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	response, err := s.UploadPack(ctx, request)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	err = unpack(demux(response, request.Capabilities), store, maxClone)
	return errors.Join(err, response.Close(), s.Close())
}

// request makes a request of what the server can do.
func (r *remote) request(wants []plumbing.Hash, depth int, filter packp.Filter) (*packp.UploadPackRequest, error) {
	can := r.advertised.Capabilities
	q := packp.NewUploadPackRequestFromCapabilities(can)
	q.Wants = slices.Clone(wants)
	var set []capability.Capability
	if can.Supports(capability.NoProgress) {
		set = append(set, capability.NoProgress)
	}
	if depth > 0 && can.Supports(capability.Shallow) {
		set = append(set, capability.Shallow)
		q.Depth = packp.DepthCommits(depth)
	}
	if can.Supports(capability.Filter) {
		set = append(set, capability.Filter)
		q.Filter = filter
	}
	if r.multiACK {
		set = append(set, capability.MultiACK)
	}
	for _, c := range set {
		if err := q.Capabilities.Set(c); err != nil {
			return nil, err
		}
	}
	return q, q.Validate()
}

// demux returns the pack in a response, which may be interleaved with messages.
func demux(response io.Reader, agreed *capability.List) io.Reader {
	switch {
	case agreed.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, response)
	case agreed.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, response)
	}
	return response
}

func (r *remote) objects() storer.EncodedObjectStorer { return r.store }

// Close ends a session that was not used up.
func (r *remote) Close() error {
	if r.session == nil {
		return nil
	}
	s := r.session
	r.session = nil
	return s.Close()
}
