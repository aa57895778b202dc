// Package sandbox is an open-source Kong 3.9.3 in memory, for trying, previewing and testing: its Admin API, with a database or
// DB-less, in both router flavors. Package proxy serves requests by the configuration that a sandbox holds.
//
//	k := sandbox.New(sandbox.Config{Flavor: kong.Expressions})
//	http.ListenAndServe("127.0.0.1:8001", k.Admin())
//
// Its answers are held to recordings of a real Kong: every recorded conversation is a test, compared in status and body
// without exception, and every plugin configuration that the real one accepted is accepted.
//
// # What is modelled
//
// Services, routes, upstreams, targets, all bundled plugins, certificates, SNIs, CA certificates, vaults, keys, key sets,
// consumers with their key-auth, basic-auth, hmac-auth, JWT, ACL and OAuth 2.0 credentials, OAuth 2.0 tokens, sessions, and
// what ACME stores. They have Kong's schemas, validation, defaults, uniqueness, references, cascades, expiry, tags, pages
// and messages, at the top level and nested (/services/S/routes). Bodies are JSON, or forms as curl -d and curl -F send
// them, with names such as tags[]=a, config.minute=5 or config[minute]=5.
//
// Also modelled are /, /status, /endpoints, /tags, /schemas, /schemas/KIND/validate, /plugins/enabled, the health of
// upstreams without health checks, and the /config of a DB-less Kong.
//
// Writes take effect at once: no worker goes on with the old configuration for a while. Filter chains are refused, as by a
// Kong without WebAssembly, which is its default. There is one workspace, and there are no consumer groups, as in an
// open-source Kong. Kong's Admin API does not limit requests, so the sandbox never answers 429 either; a test that needs
// that wraps the handler.
//
// # What is refused
//
// What is not modelled is answered with 501 and a message that names it: health checks, the health of targets that are
// names, hashed OAuth 2.0 secrets, OAuth 2.0 authorization codes, the endpoints of the ACME and proxy-cache plugins,
// metrics, timers and debugging, and declarative configurations before format 3.0.
//
// # Where it differs
//
// Ids, times, offsets and generated keys are its own. The fields of objects are sorted by name, where Kong's order is
// random; where /schemas lists things in random order, the sandbox has one of the possible orders. Memory figures are made
// up. Kong's cache is always empty. An invalid private key is reported without OpenSSL's reason. An argument of a form may
// be nested 100 deep. Where Kong fails with status 500, as for a declared plugin whose route does not exist, the sandbox
// answers 400.
package sandbox
