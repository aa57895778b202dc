package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/sync"
)

// root is what matters here of the answer to GET /.
type root struct {
	Version       string `json:"version"`
	Configuration *struct {
		Database      string   `json:"database"`
		RouterFlavor  string   `json:"router_flavor"`
		WorkerUpdate  *float64 `json:"worker_state_update_frequency"`
		DBUpdate      *float64 `json:"db_update_frequency"`
		DBPropagation float64  `json:"db_update_propagation"`
		Role          string   `json:"role"`
		UntrustedLua  string   `json:"untrusted_lua"`
		Requires      luaList  `json:"untrusted_lua_sandbox_requires"`
		ProxyListen   luaList  `json:"proxy_listen"`
		StreamListen  luaList  `json:"stream_listen"`
		PortMaps      luaList  `json:"port_maps"`
	} `json:"configuration"`
	Plugins struct {
		Available map[string]any `json:"available_on_server"`
	} `json:"plugins"`
}

// Info returns what the Kong is, asked for once. It refuses a Kong before 3.0 and what is no Kong.
func (c *Client) Info(ctx context.Context) (sync.Info, error) {
	r, err := c.getRoot(ctx)
	if err != nil {
		return sync.Info{}, err
	}
	flavor := kong.TraditionalCompatible
	if f := r.Configuration.RouterFlavor; f != "" {
		if flavor, err = kong.ParseFlavor(f); err != nil {
			return sync.Info{}, err
		}
	}
	plugins := slices.Sorted(maps.Keys(r.Plugins.Available))
	settings := r.settings(flavor, plugins)
	settings.Workspace = c.workspace
	return sync.Info{
		Settings: settings,
		Version:  r.Version,
		Flavor:   flavor,
		Database: r.Configuration.Database != "off",
		Settle:   r.settle(),
		Plugins:  plugins,
	}, nil
}

// luaList is a list of texts, which Kong writes as an object where it is empty: Lua has one word for both.
type luaList []string

// UnmarshalJSON implements [json.Unmarshaler].
func (l *luaList) UnmarshalJSON(text []byte) error {
	*l = nil
	if len(text) > 0 && text[0] == '{' {
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}

// settings returns how the Kong is configured. What it does not say, as older ones may, is Kong's default.
func (r *root) settings(f kong.Flavor, plugins []string) kong.Settings {
	c, s := r.Configuration, kong.DefaultSettings()
	s.Flavor, s.Plugins = f, plugins
	s.Role = cmp.Or(c.Role, s.Role)
	s.UntrustedLua = cmp.Or(c.UntrustedLua, s.UntrustedLua)
	s.Requires, s.PortMaps = c.Requires, c.PortMaps
	if c.ProxyListen != nil {
		s.ProxyListen = c.ProxyListen
	}
	if c.StreamListen != nil {
		s.StreamListen = c.StreamListen
	}
	return s
}

// settle returns how long a write takes until all workers of all nodes act on it: a node hears of another's writes within the
// one period, waits as long as the database takes to propagate it, and its workers rebuild routes and plugins within the other
// period. One node's Admin API does not tell whether there are more nodes. Rebuilding takes its time as well, which counts
// where the periods are short: with both at 0.1 s, requests got past key-auth on a real Kong with little processor time. A
// period of 0 is the embedded Kong's alone.
//
// Source: Kong 3.9.3, kong/global.lua, init_cluster_events, and kong/conf_loader/parse.lua.
func (r *root) settle() time.Duration {
	c := r.Configuration
	worker, others := seconds(c.WorkerUpdate), seconds(c.DBUpdate)+seconds(&c.DBPropagation)
	if worker == 0 {
		return others
	}
	return worker + max(others, rebuilding)
}

// rebuilding is how long a worker is given to build its routes and plugins.
const rebuilding = 5 * time.Second

// getRoot returns the answer to GET /, from memory after the first time.
func (c *Client) getRoot(ctx context.Context) (*root, error) {
	c.infoMu.Lock()
	defer c.infoMu.Unlock()
	if c.root != nil {
		return c.root, nil
	}
	if c.plane != "" {
		if err := c.locate(ctx, request{}); err != nil {
			return nil, err
		}
		c.root = c.konnectRoot()
		return c.root, nil
	}
	// A Kong without a database reads all its plugins for this, in one go: with 5,000 of them it took a real one more than 20 s. One that is
	// asked again meanwhile only has more to do.
	// Source: Kong 3.9.3, kong/api/routes/kong.lua and kong/db/strategies/off/init.lua.
	req := request{undivided: true}
	if c.workspace != "" {
		req.path = []string{"kong"} // Kong Enterprise's name for the root of a workspace
	}
	var r root
	err := c.get(ctx, req, &r)
	switch {
	case isNotFound(err) && c.workspace != "":
		return nil, &WorkspaceError{Name: c.workspace, Err: err}
	case isNotFound(err):
		return nil, c.notKong("it answers " + err.Error())
	case err != nil:
		known, ok := c.withoutRoot(err)
		switch {
		case !ok:
			return nil, err
		case c.flavor == "":
			return nil, c.unsaid(err)
		}
		r = *known
	}
	if r.Version == "" || r.Configuration == nil {
		return nil, c.notKong("its answer does not say which Kong it is")
	}
	if !atLeast3(r.Version) {
		return nil, &VersionError{Version: r.Version}
	}
	c.root = &r
	return c.root, nil
}

func atLeast3(version string) bool {
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n >= 3
}

// seconds returns a period that Kong gives in seconds. Where it does not say, the period is Kong's default of 5 s, the same
// for both that are read here.
func seconds(s *float64) time.Duration {
	if s == nil || *s < 0 || *s > 3600 {
		return 5 * time.Second
	}
	return time.Duration(*s * float64(time.Second))
}
