// Package sandbox is an open-source Kong 3.9.3 in memory: its Admin API, as database or as DB-less, in both router flavors,
// for trying, teaching, previewing and testing. Package proxy beside it serves requests by the configuration that a
// sandbox holds.
//
//	k := sandbox.New(sandbox.Config{Flavor: kong.Expressions})
//	http.ListenAndServe("127.0.0.1:8001", k.Admin())
//
// What it answers is held to recordings of a real Kong: every recorded conversation is a test here, compared in status and body.
//
// # What is modelled
//
// Services, routes, upstreams, targets, plugins (all that are bundled), certificates, SNIs, CA certificates, consumers and their
// key-auth, basic-auth, hmac-auth, JWT, ACL and OAuth 2.0 credentials: with Kong's schemas, validation, defaults,
// uniqueness, references, cascades, tags, pages and messages; at the top level and below each other
// (/services/S/routes). Also /, /status, /endpoints, /tags, /schemas, /schemas/KIND/validate, /plugins/enabled, and
// /config of a DB-less Kong. All writes count at once: there is no moment at which a worker still acts by the old
// configuration.
//
// # What is refused
//
// What it does not model it answers with 501 and a message that names it; it never pretends. That is: writing vaults,
// keys and key sets (reading them says that there are none, which is true); OAuth 2.0 tokens, sessions and ACME;
// entities that expire; the health of targets; caches, metrics, timers, debugging and clustering; bodies as forms. As
// in every open-source Kong there is one workspace; as in Kong's own default there is no WebAssembly.
//
// # Where it differs
//
// Ids, times and generated keys are its own. Objects have their fields by name, where Kong's order is random. Memory
// figures are made up. A page of /tags of a DB-less Kong covers all kinds, not one. Where Kong fails with status 500,
// the sandbox answers 400.
package sandbox
