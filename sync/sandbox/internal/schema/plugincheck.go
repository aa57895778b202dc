package schema

import (
	"fmt"
	"slices"
	"strings"
)

// uniqueNames refuses zipkin's static_tags if two have the same name.
func uniqueNames(_ *Env, v any) string {
	var seen []any
	list, _ := v.([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		if has(seen, m["name"]) {
			return "repeated tags are not allowed: " + text(m["name"])
		}
		seen = append(seen, m["name"])
	}
	return ""
}

func requestTermination(_ *Env, m map[string]any) string {
	message, contentType, body := nonEmpty(m, "message"), nonEmpty(m, "content_type"), nonEmpty(m, "body")
	switch {
	case message && (contentType || body):
		return "message cannot be used with content_type or body"
	case contentType && !body:
		return "content_type requires a body"
	case m["echo"] == true && (contentType || body):
		return "echo cannot be used with content_type and body"
	}
	return ""
}

func httpLog(_ *Env, m map[string]any) string {
	endpoint, _ := m["http_endpoint"].(string)
	headers, _ := m["headers"].(map[string]any)
	for name := range headers {
		if strings.EqualFold(name, "authorization") && parseURL(endpoint).hasUser {
			return "specifying both an 'Authorization' header and user info in 'http_endpoint' is not allowed"
		}
	}
	return ""
}

// periods demands that no limit be lower than one for a shorter time. the begins the message.
func periods(m map[string]any, the string) string {
	order := []string{"second", "minute", "hour", "day", "month", "year"}
	for i, short := range order {
		low, ok := m[short].(float64)
		if !ok {
			continue
		}
		for _, long := range order[i+1:] {
			if high, ok := m[long].(float64); ok && high < low {
				return fmt.Sprintf("%s limit for %s(%.1f) cannot be lower than the limit for %s(%.1f)", the, long, high, short, low)
			}
		}
	}
	return ""
}

func rateLimits(_ *Env, m map[string]any) string {
	if err := periods(m, "The"); err != "" {
		return err
	}
	rate, _ := m["sync_rate"].(float64)
	switch {
	case rate == -1:
		return ""
	case m["policy"] != "redis":
		return "sync_rate can only be used with the redis policy"
	}
	return unless(rate >= 0.02, "sync_rate must be greater than 0.02, or -1 to disable")
}

func oauth2Flows(_ *Env, m map[string]any) string {
	flows := []string{"enable_authorization_code", "enable_implicit_grant", "enable_client_credentials", "enable_password_grant"}
	for _, f := range flows {
		if m[f] == true {
			return ""
		}
	}
	return "at least one of these fields must be true: " + strings.Join(flows, ", ")
}

func acmeNamespace(s string) string {
	for _, word := range []string{"kong_acme:renew_config:", "kong_acme:renew_last_run", "kong_acme:cert_key:"} {
		if strings.HasPrefix(s, word) {
			return "namespace can't be prefixed with reserved word: " + word
		}
	}
	return ""
}

func acmeStorage(env *Env, m map[string]any) string {
	storage, _ := get(m, "config.storage")
	return unless(!env.DBLess || storage != "kong", `"kong" storage can't be used with dbless mode`)
}

func awsProxyURL(_ *Env, m map[string]any) string {
	v, _ := get(m, "config.proxy_url")
	s, _ := v.(string)
	scheme, _, ok := strings.Cut(s, "://")
	return unless(!ok || scheme == "http", "proxy_url scheme must be http")
}

func llmStatistics(_ *Env, m map[string]any) string {
	log, _ := get(m, "logging.log_statistics")
	provider, _ := get(m, "model.provider")
	return unless(log != true || m["route_type"] != "llm/v1/completions" || provider != "anthropic",
		"anthropic does not support statistics when route_type is llm/v1/completions")
}

func proxyCacheDict(_ *Env, m map[string]any) string {
	strategy, _ := get(m, "config.strategy")
	dict, _ := get(m, "config.memory.dictionary_name")
	name, _ := dict.(string)
	return unless(strategy != "memory" || sharedDict(name), "missing shared dict '"+name+"'")
}

// SharedDicts are the names of nginx's shared memory zones in Kong, with their size in MiB.
func SharedDicts() map[string]int {
	return map[string]int{
		"kong": 5, "kong_cluster_events": 5, "kong_core_db_cache": 128, "kong_core_db_cache_miss": 12, "kong_db_cache": 128,
		"kong_db_cache_miss": 12, "kong_healthchecks": 5, "kong_locks": 8, "kong_rate_limiting_counters": 12, "kong_secrets": 5,
		"prometheus_metrics": 5,
	}
}

func sharedDict(name string) bool { return slices.Contains(sortedDicts(), name) }

func sortedDicts() []string {
	var out []string
	for name := range SharedDicts() {
		out = append(out, name)
	}
	return out
}
