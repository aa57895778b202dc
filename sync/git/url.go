package git

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/gwsync/gwsync/sync"
)

// address is a repository's URL, taken apart.
type address struct {
	scheme         string // file, https or ssh
	user, password string
	host           string // without brackets
	port           int    // 0 is the scheme's own
	path           string
	shown          string // what String returns
}

// String returns the address as the user wrote it, without what may be secret in it.
func (a address) String() string { return a.shown }

// scpLike is [user@]host:path.
var scpLike = regexp.MustCompile(`^(?:([^@:/]+)@)?([^@:/]+):(.+)$`)

// parseURL takes a repository's URL apart. Errors do not repeat a text that could not be parsed: it may hold a password.
func parseURL(raw string) (address, error) {
	switch m := scpLike.FindStringSubmatch(raw); {
	case raw == "":
		return address{}, errors.New("the URL of the repository is empty")
	case strings.Contains(raw, "://"):
		u, err := url.Parse(raw)
		if err != nil || u.Scheme == "" || u.Opaque != "" {
			return address{}, errors.New("the URL of the repository cannot be parsed")
		}
		return fromURL(u)
	case m != nil && filepath.VolumeName(raw) == "":
		if strings.Contains(m[3], "@") {
			return address{}, sync.WithHint(errors.New("the URL of the repository cannot be parsed"), "write https:// or ssh:// before it")
		}
		a := address{scheme: "ssh", user: m[1], host: m[2], path: m[3], shown: raw}
		return a, a.check()
	default:
		return address{scheme: "file", path: raw, shown: withoutUser(raw)}, nil
	}
}

// withoutUser hides what may be a token in a URL whose scheme was forgotten, which reads as a path: TOKEN@github.com/owner/name.
func withoutUser(path string) string {
	first, _, _ := strings.Cut(path, "/")
	if at := strings.LastIndex(first, "@"); at >= 0 {
		return "***" + path[at:]
	}
	return path
}

func fromURL(u *url.URL) (address, error) {
	a := address{scheme: u.Scheme, host: u.Hostname(), path: u.Path}
	if u.User != nil {
		a.user = u.User.Username()
		a.password, _ = u.User.Password()
	}
	if port := u.Port(); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return address{}, errors.New("the port in the URL of the repository is not a number below 65536")
		}
		a.port = int(n)
	}
	// What stands before the @ is a secret in https, where it is a token or a password, but not in ssh, where it is "git".
	public := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if a.scheme == "ssh" && a.user != "" {
		public.User = url.User(a.user)
	}
	a.shown = public.String()
	if u.RawQuery != "" || u.Fragment != "" {
		return address{}, fmt.Errorf("%s: the URL of a repository has no query and no fragment", a)
	}
	return a, a.check()
}

// check refuses what is not read, and makes the address ready for use.
func (a *address) check() error {
	switch a.scheme {
	case "file":
		if a.host != "" && a.host != "localhost" {
			return sync.WithHint(fmt.Errorf("%s: the repository is on another host", a), "a local repository is file:///path, with three slashes")
		}
		if runtime.GOOS == "windows" {
			a.path = strings.TrimPrefix(a.path, "/")
		}
		return nil
	case "http", "git":
		return sync.WithHint(fmt.Errorf("%s: %s is not encrypted: what is applied could be changed on the way", a, a.scheme),
			"use https or ssh")
	case "https", "ssh":
	default:
		return fmt.Errorf("%s: the scheme is none of file, https and ssh", a)
	}
	if a.host == "" || strings.Trim(a.path, "/") == "" {
		return fmt.Errorf("%s: the URL names no repository on a host", a)
	}
	if a.scheme == "ssh" {
		if a.user == "" {
			a.user = "git"
		}
		// As git has it: ssh://host/~user/repo is below that user's home.
		if strings.HasPrefix(a.path, "/~") {
			a.path = a.path[1:]
		}
	}
	return nil
}

// bracketed returns a host as URLs have it: IPv6 addresses in brackets.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
