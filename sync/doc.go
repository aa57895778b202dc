// Package sync brings a Kong in line with manifests: it is where gwsync meets files, git and the network.
//
// A [Source] is where manifests come from, a [Target] is the Kong. [Propose] reads both at the same time, renders, and
// compares: a [Proposal] says what would change and why, and changes nothing. [Apply] carries a plan out.
//
// If the source is a [History] and the Kong remembers the commit that was applied last, the proposal renders that commit too, so that
// the plan tells what changed in git from what was changed in Kong, and that an older commit is known as such.
//
// [Share] has several proposals, for several Kongs, fetch and parse their manifests once.
//
// # What Apply promises
//
// Nothing is written if the plan has conflicts, if the Kong refuses any of the entities that would be written
// ([RejectedError]), or if it holds something else of them than the plan was made from ([StaleError]): they are read again right before
// the first write, and after each wait those that are written next.
//
// With a database, the plan's phases are carried out in order, the writes of a phase side by side, each as soon as what it needs is
// written. Of entities that a Kong takes or refuses alike it is asked about one. After a phase that says so,
// Apply waits until the Kong's workers have taken it up, for they rebuild their routes and their plugins at different times: a
// route must never be served without its plugins. Where the Kong tells what its workers have heard of ([Target]), it waits until they have
// heard of everything, and then as long as the Kong says. It waits before the first phase of a plan that touches guards, too, if the Kong
// was written moments ago, as by a run that was killed.
//
// After the first failure, and when the context ends, no further write starts, those under way are finished, and a
// [PartialError] says how far it came; [OnError] has what was written undone instead ([RolledBackError]), or all that hangs together with
// nothing that failed written all the same. Whatever the end was, a later run starts from what the Kong then holds and gets to the
// same state: all identities are known beforehand.
//
// What was undone is what this apply has written, and it is undone by a plan from what the Kong then holds, carried out like any other. A
// [Journal] keeps what there was before in a file, without secrets.
//
// # One at a time
//
// Of an instance, only one apply writes at a time: whoever calls Apply for a Kong with a database takes a [Lease] before, for what was read
// to make the plan, and hands its [Lease.Target] to Apply. If others had the lease since ([Lease.Changed]), a plan that was made before may
// be true no more, and is made again. Who holds the lease and cannot renew it stops by itself before anybody else begins. Without a lease
// an apply is still stale if what it is about to write was changed; but two that interleave closer than they look again may leave a mixture
// of both, in which a route can be without the plugins that either of them gave it, until the next run. Others than gwsync know no leases:
// that is what looking again is for.
//
// Without a database the whole configuration is loaded at once, all or nothing, with what is not gwsync's exactly as it was
// read.
package sync
