// Package sandbox is an open-source Kong 3.9.3 in memory: its Admin API, as database or as DB-less, in both router flavors,
// for trying, teaching, previewing and testing. Package proxy beside it serves requests by the configuration that a
// sandbox holds.
//
//	k := sandbox.New(sandbox.Config{Flavor: kong.Expressions})
//	http.ListenAndServe("127.0.0.1:8001", k.Admin())
//
// What it answers is held to recordings of a real Kong: every recorded conversation is a test here, compared in status and
// body without exception, and every plugin that the real one took is taken.
//
// # What is modelled
//
// Services, routes, upstreams, targets, plugins (all that are bundled), certificates, SNIs, CA certificates, vaults, keys, key
// sets, consumers and their key-auth, basic-auth, hmac-auth, JWT, ACL and OAuth 2.0 credentials, OAuth 2.0 tokens,
// sessions and what ACME stores: with Kong's schemas, validation, defaults, uniqueness, references, cascades, expiry, tags,
// pages and messages; at the top level and below each other (/services/S/routes). Bodies are JSON, or forms as curl -d
// and curl -F send them, with names such as tags[]=a and config.minute=5 or config[minute]=5.
//
// Also /, /status, /endpoints, /tags, /schemas, /schemas/KIND/validate, /plugins/enabled, the health of upstreams without
// health checks, and /config of a DB-less Kong. All writes count at once: there is no moment at which a worker still acts
// by the old configuration. Without WebAssembly, Kong's default, filter chains are refused, and so they are here; there
// are no consumer groups in an open-source Kong, and there is one workspace. The Admin API of a Kong has no limit of
// requests, so it never answers 429, nor does the sandbox: a test that wants that wraps the handler.
//
// # What is refused
//
// What it does not model it answers with 501 and a message that names it; it never pretends. That is: health checks, and
// the health of targets that are names; hashed OAuth 2.0 secrets and OAuth 2.0 authorization codes; the endpoints of the
// ACME and proxy-cache plugins; metrics, timers and debugging; declarative configurations before format 3.0.
//
// # Where it differs
//
// Ids, times, offsets and generated keys are its own. Objects have their fields by name, where Kong's order is random;
// where /schemas lists what Kong has in random order, the order is one of those. Memory figures are made up. Kong's cache
// is always empty. What OpenSSL says about a private key that is none is left out. An argument of a form may be nested
// 100 deep. Where Kong fails with status 500, as it does on a declared plugin whose route there is not, the
// sandbox answers 400.
package sandbox
