// Package kong models Kong's entities as values.
//
// decK and Kong's Ingress Controller write one Go type per entity and layer. Here an [Entity] is a kind, an identity and
// a canonical JSON object, and what differs between kinds (endpoint, natural key, foreign keys, secret fields, arrays
// whose order means nothing) is a row of a table, see [Kind.Row]. A field that a newer Kong adds works without a
// release of gwsync, and a kind that the table does not know passes through unchanged.
//
// A [State] is a set of entities: what a Kong holds, what manifests render to and what a kong.yaml says are the same
// type, so that package diff works on any two. States are immutable, sorted, and print as Kong's declarative format
// ([State.Encode], [Decode]).
//
// # Canonical form
//
// Two entities that Kong treats alike are equal here. [New] therefore drops what Kong adds by itself (created_at,
// updated_at), drops nulls (Kong answers null for every field that is not set), sorts arrays that Kong treats as sets
// (tags, protocols, methods, snis), turns whole numbers into int64, and keeps references as {"id": ...}. Defaults are
// not dropped: they depend on the Kong at hand, and [Schema.Fill] adds them from its own /schemas answers.
package kong
