// Package admin is a [sync.Target] over Kong's Admin API, for a Kong with a database and for one without.
//
// # Reading
//
// GET / says what Kong it is; [Client.Info] asks once. With a database, [Client.Read] lists all kinds at the same time, a thousand entities
// a page, and lists targets only of the upstreams that [Config.Targets] asks for: Kong has no listing of all targets, so that each upstream
// costs a request; these are made while the other listings go on. What cannot exist is not asked for: credentials without a consumer,
// SNIs without a certificate. So a Kong costs eleven requests, six more if it has consumers, one for each further thousand entities of a
// kind, and one for each schema that is needed. Key sets are listed before everything else, because leases are among them, see
// [diff.Lease]. Without a database there is one GET /config. Of the `next` in Kong's answers only the offset is used: no request ever goes
// to an address that an answer names.
//
// Foreign entities are listed like ours. A plan must know whether a name is taken, and whether somebody else's plugin is on our route or
// somebody else's route leads to our service; Kong's filter by tags would hide that. In memory each is a few hundred bytes.
//
// Schemas are kept for the life of the client and no longer: there are few, and between two runs a Kong may be upgraded or get a plugin.
//
// # Writing
//
// With a database each write is one request: PUT by id to create and to update, DELETE by id. Kong's PUT creates no targets,
// so these are POSTed, and PATCHed to update. Certificates are PATCHed too: a PUT would delete their SNIs. Without a database
// [Client.Load] posts the whole configuration as text, all or nothing, and has /status confirm by its hash that this is what Kong holds.
//
// # Konnect
//
// With [Config.ControlPlane] the address is Konnect's. The control plane is looked up by its name, and its entities are found below it, at
// other paths than a Kong's. It has no GET / and no PATCH, but JSON schemas for kinds, a listing of all targets, and a PUT that creates
// targets and leaves SNIs alone. All of this is known from its public documentation and decK's sources, not from a recording.
//
// # How fast
//
// All requests of a client share one limit: [Config.Parallelism] at a time, [Config.QPS] a second, and fewer if Kong asks for fewer. After
// 429 and 503 no request begins until the time in Retry-After, or a delay that doubles, has passed; from then on half as many run at a
// time. An answer that takes a quarter of the timeout has the same effect. Over time the number rises again to what it was. Requests for
// leases are outside of this limit: they come every ten seconds, and behind thousands of others they would come too late.
//
// Every request that this package makes may be repeated with the same outcome: ids are chosen by gwsync, deleting what is gone succeeds,
// and a target that was created although the answer was lost is found by its id. So after 429, 500, 502, 503 and 504, a reset, an answer
// cut short and a timeout, each is tried again a few times, after ever longer delays. As long as Kong answers others of our requests, 429
// and 503 merely postpone one. If a Kong has never answered, nothing is retried: a wrong address is reported at once.
//
// # Errors
//
// All errors have a method Hint that says what to do about them, "" where there is nothing to say. [Error] is Kong's own refusal,
// [UnreachableError] means no answer, [NotKongError] an answer that is not Kong's, [VersionError] a Kong that is too old, [WorkspaceError]
// and [PlaneError] a workspace or control plane that does not exist. [ObstacleOf] says in one word what is in the way. None of them
// contains a header, a password from the address, or the value of a secret field.
package admin
