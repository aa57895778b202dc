package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gwsync/gwsync/cmd/gwsync/internal/config"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/admin"
)

// credentialFlags say who we are, to a Kong or to Konnect.
type credentialFlags struct {
	headers []string

	adminToken, adminTokenFile string
	adminTokenEnv              variable

	plane, konnectAddress, konnectToken, konnectTokenFile string

	flags *pflag.FlagSet
}

func (f *credentialFlags) add(flags *pflag.FlagSet) {
	f.flags = flags
	flags.StringArrayVar(&f.headers, "headers", nil, "`NAME:VALUE` of a header to send with every request; may be repeated")
	flags.StringVar(&f.adminToken, "kong-admin-token", "",
		"`TOKEN` of a user of Kong Enterprise, the header Kong-Admin-Token. Other users of this machine may see it here: rather set\n"+
			"GWSYNC_KONG_ADMIN_TOKEN")
	flags.StringVar(&f.adminTokenFile, "kong-admin-token-file", "", "`FILE` that holds it")
	flags.Var(&f.adminTokenEnv, "kong-admin-token-env", "environment `VARIABLE` that holds it, as for one of several targets")
	flags.StringVar(&f.plane, "konnect-control-plane-name", "", "configure this control plane, `NAME`, of Kong Konnect instead of a Kong")
	flags.StringVar(&f.konnectAddress, "konnect-addr", admin.DefaultKonnectURL, "`URL` of Konnect in the control plane's region")
	flags.StringVar(&f.konnectToken, "konnect-token", "", "access `TOKEN` of Konnect; rather set GWSYNC_KONNECT_TOKEN")
	flags.StringVar(&f.konnectTokenFile, "konnect-token-file", "", "`FILE` that holds it")
}

// header returns the headers of all requests.
func (f *credentialFlags) header() (http.Header, error) {
	headers := http.Header{}
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, errors.New("--headers: want NAME:VALUE")
		}
		headers.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if f.plane != "" {
		token, err := oneToken("konnect-token", f.konnectToken, f.konnectTokenFile, variable{})
		switch {
		case err != nil:
			return nil, err
		case token != "":
			headers.Set("Authorization", "Bearer "+token)
		case headers.Get("Authorization") == "":
			return nil, sync.WithHint(errors.New("konnect asks for a token"), "give it as --konnect-token-file, or in GWSYNC_KONNECT_TOKEN")
		}
		return headers, nil
	}
	token, err := oneToken("kong-admin-token", f.adminToken, f.adminTokenFile, f.adminTokenEnv)
	if token != "" {
		headers.Set("Kong-Admin-Token", token)
	}
	return headers, err
}

// stray returns an error if something is said about Konnect, but no control plane is named, so that it would be without effect. The
// environment and the configuration may say it beside the address of a Kong.
func (f *credentialFlags) stray() error {
	if f.plane != "" {
		return nil
	}
	for _, name := range []string{"konnect-token", "konnect-token-file", "konnect-addr"} {
		flag := f.flags.Lookup(name)
		from := config.Origin(flag)
		if !flag.Changed || from != "" && f.flags.Changed("kong-addr") {
			continue
		}
		said := "--" + name
		if from != "" {
			said += " (" + from + ")"
		}
		return sync.WithHint(fmt.Errorf("%s is for Konnect, and no control plane of it is named", said),
			"name it with --konnect-control-plane-name, or a Kong with --kong-addr and nothing of Konnect")
	}
	return nil
}

// oneToken returns the token that one of three flags names; "" if none does.
func oneToken(flag, token, file string, v variable) (string, error) {
	given := 0
	for _, s := range []string{token, file, v.name} {
		if s != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return "", fmt.Errorf("--%s, --%s-file and the like exclude each other", flag, flag)
	case file != "":
		return readLine(file)
	case v.name != "" && v.value == "":
		return "", fmt.Errorf("--%s-env: the environment variable %s is not set", flag, v.name)
	case v.name != "":
		return v.value, nil
	}
	return token, nil
}

// variable is a flag that names an environment variable.
type variable struct{ name, value string }

// String implements pflag.Value: it returns the name.
func (v *variable) String() string { return v.name }

// Set implements pflag.Value.
func (v *variable) Set(name string) error {
	v.name = name
	return nil
}

// Type implements pflag.Value.
func (v *variable) Type() string { return "variable" }

// readLine returns the one line of a file that holds a token.
func readLine(name string) (string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	line := strings.TrimSpace(string(text))
	if line == "" || strings.ContainsAny(line, "\r\n") {
		return "", fmt.Errorf("%s: want one line that is not empty", name)
	}
	return line, nil
}
