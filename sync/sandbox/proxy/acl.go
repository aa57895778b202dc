package proxy

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gwsync/gwsync/render/kong"
)

// acl is Kong's plugin of that name.
//
// Source: Kong 3.9.3, kong/plugins/acl/handler.lua and groups.lua.
type acl struct {
	passive
	Allow               []string `json:"allow"`
	Deny                []string `json:"deny"`
	HideGroups          bool     `json:"hide_groups_header"`
	AlwaysAuthenticated bool     `json:"always_use_authenticated_groups"`
}

func newACL(config kong.Value) (plugin, error) {
	a := &acl{}
	return a, decode(config, a)
}

func (a *acl) access(x *exchange) (*response, error) {
	var groups []string
	header, known := "X-Consumer-Groups", false
	if x.consumer.IsZero() || x.credential.IsZero() || a.AlwaysAuthenticated {
		if groups, known = x.lua.authenticatedGroups(); known {
			header = "X-Authenticated-Groups"
		}
	}
	if !known && !x.consumer.IsZero() {
		groups = x.table.identities.groups[x.consumer.ID()]
		known = len(groups) > 0 || len(a.Deny) > 0
	}
	if !known {
		if x.credential.IsZero() {
			return x.fail(http.StatusUnauthorized, "Unauthorized"), nil
		}
		return a.refuse(x), nil
	}
	in := func(list []string) bool {
		return slices.ContainsFunc(list, func(g string) bool { return slices.Contains(groups, g) })
	}
	if len(a.Deny) > 0 && in(a.Deny) || len(a.Deny) == 0 && !in(a.Allow) {
		return a.refuse(x), nil
	}
	if !a.HideGroups {
		x.setRequestHeader(header, strings.Join(groups, ", "))
	}
	return nil, nil
}

func (a *acl) refuse(x *exchange) *response {
	return x.fail(http.StatusForbidden, "You cannot consume this service")
}
