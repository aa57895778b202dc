// Package git is a [sync.Source] that reads a git repository: `--repo URL --ref REF --repo-path DIR`. It needs no git program
// and writes nothing to disk.
//
// # What is read
//
// A URL is file://, https://, ssh:// or git@host:path; a plain path is a local repository. http:// and git:// are refused,
// since anybody on the way could change what is applied.
//
// A ref is a branch, a tag (light or annotated), a full ref name ("refs/heads/main"), or the SHA of a commit, in full or as
// an unambiguous prefix of at least four digits. Without a ref, the repository's default branch is read. As in git, 40 hex
// digits are always a commit, and shorter names are tried as branches and tags before SHAs. Unlike git, a name that is both a
// branch and a tag is refused if the two differ: it matters too much which is meant.
//
// From a server, one commit is cloned into memory, without its history if the server can do so. Files larger than 32 MiB are
// left out, and a clone of more than 1 GiB is given up. A local repository is read in place.
//
// The tree of the commit is served as a read-only [fs.FS], straight from git's objects. Nothing is checked out, so no filter,
// hook or attribute of the repository runs, and changes of the work tree are not seen. Symlinks are followed within the tree;
// one that leads out of it is refused. So are names that a checkout should not hold, such as "..", ".git", or names with
// control characters. Submodules are not followed and Git LFS pointers are not resolved: reading one is an error.
//
// # Credentials
//
// https: a token (see [Auth]), sent with HTTP's basic authentication, only over TLS, and never to another host to which the
// server redirects.
//
// ssh: a key file, or else the agent. The server's key must be in known_hosts; this cannot be turned off. ~/.ssh/config is
// not read.
//
// Secrets in URLs are never shown: errors name the repository without user and password.
package git
