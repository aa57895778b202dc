// Package admin is a [sync.Target] over Kong's Admin API, for a Kong with a database and for one without.
//
// # Reading
//
// GET / says what Kong it is; [Client.Info] asks once. With a database, [Client.Read] lists all kinds at the same time, a thousand entities
// a page, and lists targets only of the upstreams that [Config.Targets] asks for: Kong has no listing of all targets, so that each upstream
// costs a request; they are made while the other listings go on. What cannot be there is not asked for: credentials without a consumer,
// SNIs without a certificate. So a Kong costs eleven requests, six more if it has consumers, one for each further thousand entities of a
// kind, and one for each schema that takes part. Key sets are listed before all others, for leases are among them, see [diff.Lease].
// Without a database there is one GET /config. Of the `next` that Kong answers only the offset is used: a request never goes to an address
// that an answer named.
//
// Foreign entities are listed like ours: that a name is taken, that somebody else's plugin is on our route, or that somebody else's route
// leads to our service is what a plan must know, and Kong's filter by tags would hide it. In memory each is a few hundred bytes.
//
// Schemas are kept for the life of the client and no longer: they are few, and a Kong may be upgraded, or get a plugin, between two runs.
//
// # Writing
//
// With a database each write is one request: PUT by id to create and to update, DELETE by id. Kong's PUT creates no targets,
// so these are POSTed, and PATCHed to update. Certificates are PATCHed too: a PUT would delete their SNIs. Without a database
// [Client.Load] posts the whole configuration as text, all or nothing, and has /status confirm by its hash that this is what Kong holds.
//
// # Konnect
//
// With [Config.ControlPlane] the address is Konnect's. The control plane is looked up by its name, and its entities are below it at other
// paths than a Kong's. It has no GET /, JSON schemas for kinds, a listing of all targets, and a PUT that creates targets and leaves SNIs
// alone, but no PATCH. All of this is known from its public documentation and decK's sources, not from a recording.
//
// # How fast
//
// All requests of a client share one limit: as many at a time as [Config.Parallelism], as many a second as [Config.QPS], and fewer if Kong
// asks for fewer. After 429 and 503 none begins until the time in Retry-After, or a while that doubles, and half as many at a time then;
// so, too, after an answer that takes a quarter of the timeout. With time they become as many as before. Requests for leases have a place
// of their own: they come every ten seconds, and waiting behind thousands of others they would come too late.
//
// Every request that this package makes may be made twice with the same outcome: ids are chosen by gwsync, a delete of what is gone is
// done, and a target that a lost answer has created is found by its id. So all of them are tried again, a few times and ever later, after
// 429, 500, 502, 503 and 504, a reset, an answer cut short and a timeout. As long as Kong answers others of our requests, 429 and 503 only
// put one off. A Kong that has never answered is not waited for: a wrong address shall be reported at once.
//
// # Errors
//
// All errors have a method Hint that says what to do about them, "" where there is nothing to say: [Error] is Kong's own refusal,
// [UnreachableError] is no answer, [NotKongError] an answer that is not Kong's, [VersionError] a Kong too old, [WorkspaceError] and
// [PlaneError] a place in it that is not there. [ObstacleOf] says in a word what is in the way. None of them holds a header, a password
// from the address, or the value of a field that is secret.
package admin
