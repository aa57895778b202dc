package schema

import (
	"fmt"
	"strings"

	"github.com/gwsync/gwsync/render/route"
	"github.com/gwsync/gwsync/sync/sandbox/internal/lua"
)

// checkNamed returns one of Kong's validators that are code. The checks of a whole entity get the fields that they are about.
func checkNamed(name string) (validator, error) {
	if check, ok := textChecks[name]; ok {
		return func(_ *Env, v any) string {
			s, _ := v.(string)
			return check(s)
		}, nil
	}
	if check, ok := tableChecks[name]; ok {
		return func(env *Env, v any) string {
			m, _ := v.(map[string]any)
			return check(env, m)
		}, nil
	}
	if name == "unique_names" {
		return uniqueNames, nil
	}
	return nil, fmt.Errorf("no check %q", name)
}

// textChecks are the validators of strings. The table is never written.
//
// Source: kong/db/schema/typedefs.lua and the schemas that the names come from.
var textChecks = map[string]func(string) string{
	"acme_namespace":    acmeNamespace,
	"asterisk_or_regex": asteriskOrRegex,
	"certificate":       certificateError,
	"cookie_name":       cookieName,
	"header_name":       headerName,
	"header_pair":       headerPair,
	"header_part":       headerPart,
	"host":              hostName,
	"host_port":         hostPort,
	"host_wildcards":    func(s string) string { return hostPort(strings.ReplaceAll(s, "*", "abc")) },
	"ip_or_cidr":        ipOrCIDR,
	"key":               keyError,
	"key_value":         keyValue,
	"lua":               sandboxed,
	"path":              func(s string) string { m, _ := pathError(s); return m },
	"post_function":     func(s string) string { return phase("post-function", s) },
	"pre_function":      func(s string) string { return phase("pre-function", s) },
	"public_key":        func(s string) string { return unless(keyError(s) == "", "invalid key") },
	"redirect_uri":      redirectURI,
	"router_path":       routerPath,
	"shared_dict":       func(s string) string { return unless(sharedDict(s), "failed validating: "+s) },
	"sni":               sniName,
	"tag":               tagName,
	"target":            targetAddress,
	"upstream_name":     upstreamName,
	"url":               urlError,
	"utf8_name":         entityName,
	"wildcard_host":     route.CheckSNI,
}

// tableChecks are the validators of records and of entities. The table is never written.
var tableChecks = map[string]func(*Env, map[string]any) string{
	"acme_storage":         acmeStorage,
	"aws_proxy_url":        awsProxyURL,
	"ca_certificate":       caCertificate,
	"http_log":             httpLog,
	"json_web_key":         jsonWebKey,
	"key_alt_matches":      func(_ *Env, m map[string]any) string { return keyMatches(m, "_alt", "alternative certificate") },
	"key_matches":          func(_ *Env, m map[string]any) string { return keyMatches(m, "", "certificate") },
	"key_types_differ":     keyTypesDiffer,
	"llm_statistics":       llmStatistics,
	"no_filters":           noFilters,
	"oauth2_flows":         oauth2Flows,
	"pem":                  pemKeys,
	"proxy_cache_dict":     proxyCacheDict,
	"rate_limits":          rateLimits,
	"request_termination":  requestTermination,
	"response_rate_limits": func(_ *Env, m map[string]any) string { return periods(m, "the") },
	"route":                routeError,
}

func tagName(s string) string {
	for i := range len(s) {
		if c := s[i]; c != ' ' && (c < '!' || c == ',' || c == '/' || c == 0x7f || c > 0xf4) {
			return "invalid tag '" + s + "': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"
		}
	}
	return ""
}

func entityName(s string) string {
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && !strings.ContainsRune("._~-", rune(c)) && c < 0x80 {
			return "invalid value '" + s + "': the only accepted ascii characters are alphanumerics or ., -, _, and ~"
		}
	}
	return ""
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// isReference reports whether s stands for a secret in a vault.
func isReference(s string) bool {
	return strings.HasPrefix(s, "{vault://") && strings.HasSuffix(s, "}")
}

func headerName(s string) string {
	if s == "" {
		return "no header name provided"
	}
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && c != '-' && c != '_' {
			return "bad header name '" + s + "', allowed characters are A-Z, a-z, 0-9, '_', and '-'"
		}
	}
	return ""
}

func cookieName(s string) string {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("()<>@,;:\\\"/?={}[]", c) >= 0 {
			return "contains one or more invalid characters. ASCII control characters (0-31;127), space, tab and the " +
				"characters ()<>@,;:\\\"/?={}[] are not allowed."
		}
	}
	return ""
}

// pair splits "name:value" as the transformer plugins do.
func pair(s string) (name, value string) {
	name, value, _ = strings.Cut(s, ":")
	if name == "" {
		return "nil", strings.TrimLeft(value, ":")
	}
	return name, strings.TrimLeft(value, ":")
}

func headerPart(s string) string {
	name, _ := pair(s)
	return unless(headerName(name) == "", "'"+name+"' is not a valid header")
}

func headerPair(s string) string {
	if err := headerPart(s); err != "" {
		return err
	}
	_, value := pair(s)
	return unless(headerName(value) == "", "'"+value+"' is not a valid header")
}

func keyValue(s string) string {
	name, value := pair(s)
	return unless(value != "", "key '"+name+"' has no value")
}

func asteriskOrRegex(s string) string {
	return unless(s == "*" || route.CheckPCRE(s) == "", "'"+s+"' is not a valid regex")
}

func phase(plugin, code string) string {
	if err := lua.Parse(code); err != "" {
		return "error parsing " + plugin + ": " + err
	}
	return ""
}

func sandboxed(code string) string {
	if err := lua.Parse(code); err != "" {
		return "Error parsing function: " + err
	}
	return ""
}
