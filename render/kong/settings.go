package kong

// Settings are what matters to a configuration of how a Kong is configured itself, by kong.conf.
type Settings struct {
	// Role is "control_plane" for a Kong that serves no requests: how those that do are configured it does not say.
	Role string
	// Flavor is the router's.
	Flavor Flavor
	// UntrustedLua is "on", "off" or "sandbox"; Requires are the modules that Lua in the sandbox may load
	// (untrusted_lua_sandbox_requires).
	UntrustedLua string
	Requires     []string
	// ProxyListen and StreamListen are the listeners as kong.conf has them: "0.0.0.0:8443 http2 ssl".
	ProxyListen, StreamListen []string
	// PortMaps are the ports in front of Kong, each before its own: "80:8000".
	PortMaps []string
	// Plugins are the names of the plugins that the Kong has; nil means all.
	Plugins []string
	// Workspace is the one of an Enterprise Kong that a configuration is for; "" means [DefaultWorkspace].
	Workspace string
}

// DefaultWorkspace is the name of the workspace that every Kong has.
const DefaultWorkspace = "default"

// DefaultSettings returns those of a Kong whose kong.conf is empty (Kong 3.9.3, kong.conf.default).
func DefaultSettings() Settings {
	return Settings{
		Role:         "traditional",
		Flavor:       TraditionalCompatible,
		UntrustedLua: "sandbox",
		ProxyListen:  []string{"0.0.0.0:8000 reuseport backlog=16384", "0.0.0.0:8443 http2 ssl reuseport backlog=16384"},
		StreamListen: []string{"off"},
	}
}

// AnyModule stands for all modules among those that Lua may load.
const AnyModule = "*"

// Modules returns the names of the modules that plugins' Lua may load, or [AnyModule]; none where it may not run at all.
func (s Settings) Modules() []string {
	switch s.UntrustedLua {
	case "on":
		return []string{AnyModule}
	case "sandbox":
		return s.Requires
	}
	return nil
}
