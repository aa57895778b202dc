// Package diff compares what a Kong holds with what it should hold, and says which writes lead there, in which order.
//
// [Compute] is pure: two states in, a [Plan] out. It is the same whether live was read from an Admin API or from a file.
//
// # Ownership
//
// An entity is ours iff it carries both [Tags] of the instance. Only ours are ever updated or deleted. Where the desired
// state needs what is somebody else's (a name, an id), or a delete would take somebody else's entity along, the plan has a
// [Conflict] and no phases: apply refuses before the first write.
//
// Whatever moves that border is applied to the states before they are compared, so that nothing after that knows exceptions. An [Adoption]
// makes live entities ours. What stays although it is not desired ([Options.NoPrune], CA certificates that others use) is added to the
// desired state. A [Rule] gives a desired entity the value that Kong holds. What stays although no manifest asks for it is listed in
// [Plan.Leftovers].
//
// # Alignment
//
// Entities are matched by their natural key first (a service's name, a target's upstream and address, a plugin's name and
// scope), then by id. A desired entity takes over the id of its live match, and references follow. So no matter who created an entity,
// a name is never deleted and created again, and no write ever meets a unique key that is still taken: a key that is free in live stays
// free until its one new owner is written. Names may be swapped: then what they name moves. Other unique values, a consumer's custom_id
// and a plugin's instance_name, are released by their holder before another entity takes them.
//
// # Three ways
//
// With [Options.Base], the state that the manifests rendered to at the last apply, each difference has a [Cause]: the manifests have
// changed (Pending), Kong was changed by somebody else (Drift), or both (Contested). The cause has no influence on what is written: the
// manifests decide. The commit of the base is remembered by the [Record], an entity of the instance's own that is part of no plan. Neither
// is the [Lease], by which applies keep out of each other's way.
//
// # Failing closed
//
// After every single write, a request gets to a route that the old state or the new one has for it, or to none; and a route that can match
// a request carries either its whole old set of plugins or its whole new one, counting the plugins on its service. Kong's workers take up
// routes and plugins by separate timers, so the same must hold while they lag behind: [Phase.Settle] says where the executor has to wait.
// And a set must cover what it guards: as long as the route, its service, or its service's targets are the old ones, no plugin of the old
// set is missing, and once they are new, none of the new set. The writes have these stages:
//
//	create   what no request can reach yet: certificates, consumers, upstreams, services
//	cover    routes that stand in for guarded ones while these are closed or change what they match: they answer 503
//	close    park routes whose guards cannot be changed by one write; settle
//	guard    routes that cannot match yet, then plugins; deletes of closed routes; settle
//	open     updates of what requests reach, and the final form of everything that was closed
//	retire   close or delete routes that go, and delete covers; settle
//	delete   the rest, in the reverse order of references; settle
//	clear    plugins for all requests, which any route may have needed to match what it should
//
// Routes are opened in the order in which Kong's router tries them, and retire in the opposite one, so that a request never falls through
// to the route for all paths, say, that is there beside its own.
//
// A route that is somebody else's, or that stays although no manifest asks for it, is closed by disabling its service, or not at all if the
// service is not ours to write either. In that case plugins of ours can only be removed from it, one by one: each set in between is a part
// of the old one and contains all of the new one.
//
// Each stage is a phase of [Plan.Phases]; the first is merged with the next if it changes nothing that is served. Within a phase a write
// waits only for what it depends on ([Write.After]): a write for the writes of what it refers to, a delete for the deletes of what refers
// to it, a closed route also for the targets of its service. So an apply is as fast as the Kong allows, and the number of dependencies is
// linear in the number of writes.
//
// A new route with plugins of its own costs one write more, which opens it; one that is closed, or changes what it matches under a guard,
// two more for its cover, and one that is closed and not otherwise written, two more for that. Everything else costs one write an entity.
//
// An upstream is deleted when no worker sends requests to it any more. A worker notices at once that it is gone, but that a service leads
// elsewhere only when it rebuilds its routes. A server name leaves a certificate that changes before that is written. If the one that it
// moves to changes as well, both are written first, and for a moment clients are shown what the former has become.
//
// A plugin set that changes by one plugin is changed in place: the write itself is the change. If it changes by more, or by an update
// together with what it guards, its route is closed for two settle times: clients see a short 503, and never the route with half of its
// plugins. A guarded route that is renamed answers all the time: the new one is open before the old one goes.
//
// Credentials, and which groups a consumer is in, decide whom the guards let in. While guards change, nobody gets in whom neither the old
// state nor the new one lets in: what lets somebody in is deleted in stage close and created in stage open. For groups that plugin acl
// denies it is the other way round.
//
// A run that is killed leaves no state behind except Kong's own. The next Compute sees parked routes, disabled services and missing
// plugins as the changes that they are, and finishes: what is closed is opened last.
package diff
