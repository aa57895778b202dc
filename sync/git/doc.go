// Package git is a [sync.Source] over a git repository: `--repo URL --ref REF --repo-path DIR`. It needs no git program and
// writes nothing to disk.
//
// # What is read
//
// A URL is file://, https://, ssh:// or git@host:path; a plain path is a local repository. http:// and git:// are refused:
// whoever sits on the way could change what is applied.
//
// A ref is a branch, a tag (light or annotated), a full ref name ("refs/heads/main"), or a commit by its SHA, in full or as
// a prefix of at least four digits that only one commit has. Without one it is the repository's default branch. As in git,
// 40 hex digits are always a commit, and otherwise names come before SHAs. Unlike git, a name that is both a branch and
// a tag is refused if the two differ: which is meant matters too much here.
//
// From a server one commit is cloned into memory, without its history where the server can do so. Files larger than 32 MiB
// are left out of it, and a clone that takes more than 1 GiB is given up. A local repository is read where it is.
//
// The commit's tree is then served as a read-only [fs.FS], straight from git's objects: nothing is checked out, so no
// filter, hook or attribute of the repository runs. Symlinks are followed within the tree; one that leads out of it is
// refused. So is what a checkout could not or should not hold: names such as "..", ".git", or with control characters.
// Submodules are not followed and Git LFS pointers are not resolved: reading one is an error.
//
// # Who may read it
//
// https: a token (see [Auth]), sent with HTTP's basic authentication and only over TLS, and not to another host that the
// server redirects to.
//
// ssh: a key file, else the agent. The server's key must be in known_hosts, and there is no way to turn that off.
// ~/.ssh/config is not read.
//
// What is secret in a URL is never shown: errors name the repository without user and password.
package git
