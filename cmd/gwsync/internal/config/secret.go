package config

import (
	"net/url"
	"slices"
	"strings"
)

// secret returns what is secret about the value of a flag, "" if nothing is.
func secret(flag, value string) string {
	if IsSecret(flag) {
		return "a token"
	}
	if name, _, ok := strings.Cut(value, ":"); flag == "headers" && ok && SecretHeader(name) {
		return "a header with credentials"
	}
	if u, err := url.Parse(value); err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			return "an address with a password"
		}
	}
	return ""
}

// IsSecret reports whether the values of a flag are secret.
func IsSecret(flag string) bool { return flag == "kong-admin-token" || flag == "konnect-token" }

// SecretHeader reports whether headers of a name carry credentials.
func SecretHeader(name string) bool {
	known := []string{"authorization", "proxy-authorization", "cookie", "kong-admin-token", "kong-admin-user", "x-api-key", "apikey",
		"api-key"}
	name = strings.ToLower(strings.TrimSpace(name))
	return slices.Contains(known, name) || strings.HasSuffix(name, "-token") || strings.HasSuffix(name, "-secret")
}

// secretPlace says where a secret of a flag belongs.
func secretPlace(flag string) string {
	switch flag {
	case "kong-admin-token":
		return "name the file or the environment variable that holds it, kong-admin-token-file or kong-admin-token-env"
	case "konnect-token":
		return "name the file that holds it, konnect-token-file, or set " + Variable(flag)
	}
	return "set " + Variable(flag)
}

// Prefix begins the names of the environment variables that stand for flags.
const Prefix = "GWSYNC_"

// Variable returns the environment variable that stands for a flag.
func Variable(flag string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
