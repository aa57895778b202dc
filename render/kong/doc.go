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
// (tags, protocols, methods, snis), writes whole numbers as such, and keeps references as {"id": ...}. Defaults are
// not dropped: they depend on the Kong at hand, and [Schemas.Fill] adds them from its own /schemas answers.
//
// The canonical form is text: one JSON object, the id first, the fields by name, every value spelled in one way only. Two entities are
// compared as two texts, and fields are decoded only where somebody asks for them ([Entity.Field]). What is alike in the texts of
// thousands is in memory once: of each there is only what is its own, some hundred bytes, which the garbage collector does not look into.
// [Builder] writes that text for one entity after the other, [PageReader] turns what a Kong answers into it in one pass, without a tree in
// between, and [Schemas.Comparer] compares live and desired entities by merging defaults into the text.
//
// # What Kong makes up
//
// Where a field is not given, Kong takes its default, which Fill knows, or a random value: keys and secrets. [Schemas.Keep] takes that over
// from the live entity, so that it is no difference and survives an update.
package kong
