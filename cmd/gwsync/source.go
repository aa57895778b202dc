package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/gwsync/gwsync/render"
	"github.com/gwsync/gwsync/render/bind"
	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/manifest"
	"github.com/gwsync/gwsync/sync"
	"github.com/gwsync/gwsync/sync/git"
)

// sourceFlags say where the manifests are.
type sourceFlags struct {
	path     string
	files    []string
	repo     string
	ref      string
	repoPath string

	tokenFile, keyFile, knownHosts, caFile string

	secrets []string
	sops    bool
}

func (f *sourceFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.path, "path", ".", "read the manifests below this `DIR`; nothing outside of it is read")
	flags.StringArrayVarP(&f.files, "filename", "f", nil, "read this `FILE` or directory instead, - for standard input; may be repeated")
	flags.StringVar(&f.repo, "repo", "", "read the git repository at this `URL` instead: file://, https:// or ssh://")
	flags.StringVar(&f.ref, "ref", "", "`REF` of --repo: a branch, tag or commit (default: its default branch)")
	flags.StringVar(&f.repoPath, "repo-path", "", "read this `DIR` of --repo (default: all of it)")
	flags.StringVar(&f.tokenFile, "git-token-file", "", "`FILE` with a token for --repo over https (else $GWSYNC_GIT_TOKEN)")
	flags.StringVar(&f.caFile, "git-ca-file", "", "PEM `FILE` of authorities to trust for --repo over https, besides the system's")
	flags.StringVar(&f.keyFile, "ssh-key-file", "", "private key `FILE` for --repo over ssh (else the ssh agent)")
	flags.StringVar(&f.knownHosts, "known-hosts", "", "`FILE` of known ssh servers (else ~/.ssh/known_hosts)")
	flags.StringArrayVar(&f.secrets, "secrets", nil, "read the Secrets below this `DIR` as well: those that are in no git; may be repeated")
	flags.BoolVar(&f.sops, "sops", false, "decrypt manifests that are encrypted with SOPS by running the program sops")
}

// given reports whether a flag, or the environment, names a source.
func (f *sourceFlags) given(flags *pflag.FlagSet) bool {
	return flags.Changed("path") || flags.Changed("filename") || flags.Changed("repo")
}

// source returns the one source that the flags name, with the Secrets that they name.
func (f *sourceFlags) source(flags *pflag.FlagSet, p process) (sync.Source, error) {
	if p.shared != nil {
		return p.shared.source(fmt.Sprintf("%#v", *f), func() (sync.Source, error) { return f.open(flags, p) })
	}
	return f.open(flags, p)
}

// open returns a source of its own.
func (f *sourceFlags) open(flags *pflag.FlagSet, p process) (sync.Source, error) {
	src, err := f.manifests(flags, p)
	if err != nil {
		return nil, err
	}
	for _, dir := range f.secrets {
		src = sync.WithSecrets(src, dir)
	}
	if f.sops {
		src = sync.Decrypted(src, sync.SOPS)
	}
	return src, nil
}

// manifests returns the one source that the flags name.
func (f *sourceFlags) manifests(flags *pflag.FlagSet, p process) (sync.Source, error) {
	named := 0
	for _, name := range []string{"path", "filename", "repo"} {
		if flags.Changed(name) {
			named++
		}
	}
	switch {
	case named > 1:
		return nil, errors.New("--path, --filename and --repo exclude each other")
	case f.repo == "" && (f.ref != "" || f.repoPath != ""):
		return nil, errors.New("--ref and --repo-path are for --repo")
	case f.repo != "":
		return git.New(git.Config{URL: f.repo, Ref: f.ref, Path: f.repoPath, Auth: f.auth(p)})
	case len(f.files) > 0:
		return sync.Files(f.files, p.stdin), nil
	}
	return sync.Dir(f.path), nil
}

// auth returns the credentials of the environment, as far as flags do not replace them.
func (f *sourceFlags) auth(p process) git.Auth {
	auth := git.AuthFromEnv(p.getenv)
	if f.tokenFile != "" {
		auth.Token, auth.TokenFile = "", f.tokenFile
	}
	auth.CAFile = f.caFile
	if f.keyFile != "" {
		auth.SSHKeyFile = f.keyFile
	}
	if f.knownHosts != "" {
		auth.KnownHosts = []string{f.knownHosts}
	}
	return auth
}

// renderFlags say how manifests become Kong's configuration.
type renderFlags struct {
	namespace    string
	controllers  []string
	class        string
	ingressClass string
	gateways     []string
	flavor       string
	profile      string
	// requestClientCertificates is [render.Target.RequestClientCertificates].
	requestClientCertificates bool
	// luaRequires is [render.Target.Modules].
	luaRequires     []string
	instance        string
	address         string
	addressMap      string
	allowUnresolved bool
}

func (f *renderFlags) add(flags *pflag.FlagSet) {
	f.addBinding(flags)
	flags.StringVar(&f.instance, "instance", "default", "`NAME` of this source of truth; what it owns in Kong carries the tag gwsync:NAME")
	flags.StringVar(&f.address, "backend-address", render.DefaultAddress,
		"where Kong reaches a Service, a `TEMPLATE` of {name}, {namespace} and {port}")
	flags.StringVar(&f.addressMap, "backend-map", "", "YAML or JSON `FILE` of exceptions to it: HOST:PORT for each NAMESPACE/NAME:PORT,\n"+
		"or for each HOST:PORT that would be used otherwise, a Service's or an endpoint's")
	flags.BoolVar(&f.allowUnresolved, "allow-unresolved", false, "go on with denied or missing references: what they break answers 500")
}

func (f *renderFlags) addBinding(flags *pflag.FlagSet) {
	flags.StringVarP(&f.namespace, "namespace", "n", "", "`NAMESPACE` of manifests that name none (default \"default\")")
	flags.StringArrayVar(&f.controllers, "controller-name", nil,
		"GatewayClasses with this controllerName, `NAME`, are ours; may be repeated\n"+
			"(default: gwsync.dev/gateway-controller, and those of Kong's Ingress Controller and operator)")
	flags.StringVar(&f.class, "gateway-class", "",
		"`NAME` of the GatewayClass that is ours where the manifests do not hold it (default \"kong\")")
	flags.StringVar(&f.ingressClass, "ingress-class", "kong",
		"KongConsumers, KongClusterPlugins and the like are ours if their annotation kubernetes.io/ingress.class is\n"+
			"this `NAME`, or if they have none")
	flags.StringVar(&f.flavor, "router-flavor", "",
		"`FLAVOR` of Kong's router: expressions or traditional_compatible (default: that of the Kong,\n"+
			"offline traditional_compatible)")
	flags.BoolVar(&f.requestClientCertificates, "request-client-certificates", false,
		"have Kong ask all its TLS clients for a certificate, as verifying those of some takes (else their listeners stay shut)")
	flags.StringSliceVar(&f.luaRequires, "lua-requires", nil,
		"`MODULES` that Lua may load in the Kong, its untrusted_lua_sandbox_requires, or '*' for all\n"+
			"(default: what the Kong says, offline none). With resty.openssl.ssl, resty.openssl.x509 and\n"+
			"resty.openssl.x509.store it verifies backends for BackendTLSPolicies that Kong cannot follow")
	flags.StringVar(&f.profile, "profile", "full",
		"`PROFILE` to render for: full, or declarative, which does without Lua and refuses what needs it")
	flags.StringArrayVar(&f.gateways, "gateway", nil,
		"serve this Gateway, `NAMESPACE/NAME`, and no other; may be repeated (default: all that are ours).\n"+
			"diff and apply take it with an --instance for these Gateways: all else that an instance owns is deleted")
}

// binding returns the options for reading and binding manifests.
func (f *renderFlags) binding() (render.Options, error) {
	o := render.Options{
		Manifest: manifest.Options{Namespace: f.namespace},
		Bind:     bind.Options{Controllers: f.controllers, ClassName: f.class, IngressClass: f.ingressClass},
		Target: render.Target{
			AllowUnresolved: f.allowUnresolved, RequestClientCertificates: f.requestClientCertificates, Modules: f.luaRequires,
		},
	}
	if err := validNamespace(f.namespace); err != nil {
		return o, err
	}
	if f.flavor != "" {
		flavor, err := kong.ParseFlavor(f.flavor)
		if err != nil {
			return o, fmt.Errorf("--router-flavor: %w", err)
		}
		o.Target.Flavor, o.Bind.Flavor = flavor, flavor
	}
	switch f.profile {
	case "full":
	case "declarative":
		o.Target.Declarative = true
	default:
		return o, fmt.Errorf("--profile %q: want full or declarative", f.profile)
	}
	for _, g := range f.gateways {
		namespace, name, ok := strings.Cut(g, "/")
		if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
			return o, fmt.Errorf("--gateway %q: want NAMESPACE/NAME", g)
		}
		o.Bind.Gateways = append(o.Bind.Gateways, types.NamespacedName{Namespace: namespace, Name: name})
	}
	return o, nil
}

// options returns the options of package render.
func (f *renderFlags) options() (render.Options, error) {
	o, err := f.binding()
	if err != nil {
		return o, err
	}
	if err := validInstance(f.instance); err != nil {
		return o, err
	}
	exceptions, err := readMap(f.addressMap)
	if err != nil {
		return o, fmt.Errorf("--backend-map: %w", err)
	}
	o.Target.Addresses, err = render.NewAddresses(f.address, exceptions)
	return o, err
}

// unmixed refuses to change a Kong for some Gateways under the name of an instance that may stand for all: what the others have there
// would be deleted.
func (f *renderFlags) unmixed(flags *pflag.FlagSet) error {
	if len(f.gateways) == 0 || flags.Changed("instance") {
		return nil
	}
	return usageError{errors.New("--gateway needs --instance: what an instance owns in Kong and the Gateway has no part in is deleted"),
		"name an instance for each Gateway, or set of Gateways, such as --instance " + lastPart(f.gateways[0])}
}

// lastPart returns what follows the last slash.
func lastPart(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// validNamespace reports a namespace that Kubernetes could not have; "" stands for the default.
func validNamespace(s string) error {
	if s == "" {
		return nil
	}
	if problems := validation.IsDNS1123Label(s); len(problems) > 0 {
		return fmt.Errorf("--namespace %q is not the name of a namespace: want lower-case letters, digits and hyphens", s)
	}
	return nil
}

// validInstance reports an instance that could not be a part of a tag.
func validInstance(s string) error {
	for _, r := range s {
		if r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return fmt.Errorf("--instance %q: want letters, digits, '-', '_' and '.'", s)
		}
	}
	if s == "" {
		return errors.New("--instance is empty")
	}
	return nil
}

// readMap reads a YAML file of strings by string; none if name is empty.
func readMap(name string) (map[string]string, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const limit = 16 << 20
	text, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, err
	}
	var m map[string]string
	if err := yaml.UnmarshalStrict(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}
