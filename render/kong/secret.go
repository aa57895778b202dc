package kong

import "strings"

// secretTag begins a tag that says where an entity holds a secret.
const secretTag = "gwsync-secret:"

// SecretTag returns the tag by which an entity says that the value at a path of field names, and all below it, must never be shown: what
// comes from a Secret of Kubernetes is secret, whatever Kong's schema says of the field. The tag is there when the entity is read from a
// Kong again. Where a name holds what no tag can, the tag is for all around it.
func SecretTag(path ...string) string {
	for i, name := range path {
		if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == ',' || r == '/' || r >= 0x7f }) {
			path = path[:i]
			break
		}
	}
	return secretTag + strings.Join(path, ".")
}

// tagsSecret reports whether a tag says that the value at a path is secret.
func (e Entity) tagsSecret(path []string) bool {
	return e.anyTag(func(tag string) bool {
		place, ok := strings.CutPrefix(tag, secretTag)
		if !ok {
			return false
		}
		at := strings.Join(path, ".")
		return place == "" || at == place || strings.HasPrefix(at, place+".")
	})
}
