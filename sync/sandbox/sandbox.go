package sandbox

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync/sandbox/internal/schema"
)

// Version is the version of Kong that the sandbox models.
const Version = "3.9.3"

// Config says which Kong a sandbox is. The zero Config is Kong's own default, with a database.
type Config struct {
	// Flavor is the router flavor; traditional_compatible if empty.
	Flavor kong.Flavor
	// DBLess says that there is no database: entities come by POST /config only.
	DBLess bool
	// Version is the version that the sandbox says it is; [Version] if empty. It behaves as that one whatever it says.
	Version string
	// SandboxRequires are the modules that plugins' Lua may require, as untrusted_lua_sandbox_requires names them.
	SandboxRequires []string
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Listeners are addresses to listen on, written as in kong.conf: "127.0.0.1:9443 ssl". PortMaps are the ports in front of them: "80:8000".
type Listeners struct{ Admin, Proxy, Stream, PortMaps []string }

// Kong is a sandbox. It may be used by several goroutines at once.
type Kong struct {
	config Config
	env    *schema.Env
	tables *schema.Tables
	nodeID string
	tree   *node

	mu         sync.RWMutex
	store      *store
	generation uint64
	listeners  Listeners
	// hash is the configuration_hash of a DB-less Kong, and the MD5 of the text that POST /config got last.
	hash string

	state struct {
		sync.Mutex
		generation uint64
		value      kong.State
	}
	requests struct {
		sync.Mutex
		total int
	}
}

// New returns an empty Kong.
func New(c Config) *Kong {
	if c.Flavor == "" {
		c.Flavor = kong.TraditionalCompatible
	}
	if c.Version == "" {
		c.Version = Version
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	env := &schema.Env{Flavor: c.Flavor, DBLess: c.DBLess, Now: c.Now, UUID: newUUID, Secret: newSecret, Route: routeCheck(c.Flavor)}
	tables := load(env)
	k := &Kong{config: c, env: env, tables: tables, nodeID: newUUID(), store: newStore(tables), hash: strings.Repeat("0", 32), generation: 1}
	k.tree = k.endpoints()
	return k
}

// Admin returns the Admin API.
func (k *Kong) Admin() http.Handler { return http.HandlerFunc(k.serve) }

// Listens has / report where somebody listens for the Kong. The sandbox itself does not.
func (k *Kong) Listens(l Listeners) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.listeners = l
}

// NodeID returns the id that / answers as the node's.
func (k *Kong) NodeID() string { return k.nodeID }

// State returns what the Kong holds, and a number that grows with each change: as long as it is the same, so is the state.
func (k *Kong) State() (kong.State, uint64) {
	k.expire()
	k.mu.RLock()
	defer k.mu.RUnlock()
	k.state.Lock()
	defer k.state.Unlock()
	if k.state.generation != k.generation {
		k.state.value, k.state.generation = k.store.state(), k.generation
	}
	return k.state.value, k.generation
}

// Load puts the entities of a state, and what Kong adds to them, in the place of what the Kong holds, as POST /config
// does. It is meant for tests, and works with a database, too. Errors are Kong's.
func (k *Kong) Load(s kong.State) error {
	doc := map[string]any{"_format_version": "3.0"}
	for e := range s.All() {
		var fields map[string]any
		if err := json.Unmarshal(e.AppendJSON(nil), &fields); err != nil {
			return err
		}
		for ref, to := range e.Refs() {
			if !ref.Many {
				fields[ref.Field] = to.ID
			}
		}
		list, _ := doc[string(e.Kind())].([]any)
		doc[string(e.Kind())] = append(list, fields)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	next, _, errs := k.declared(doc)
	if errs != nil {
		return declarativeError(errs)
	}
	k.replace(next, "")
	return nil
}

// newUUID returns a random UUID.
func newUUID() string {
	var u [16]byte
	rand.Read(u[:])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// newSecret returns 32 random letters and digits.
func newSecret() string {
	var b [24]byte
	rand.Read(b[:])
	return strings.NewReplacer("+", "p", "/", "s").Replace(base64.StdEncoding.EncodeToString(b[:]))
}
