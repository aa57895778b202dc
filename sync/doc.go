// Package sync brings a Kong in line with manifests: it is where gwsync meets files, git and the network.
//
// A [Source] is where manifests come from, a [Target] is a Kong. [Propose] reads both at the same time, renders, and compares: a [Proposal]
// says what would change and why, and changes nothing. [Apply] carries out its plan.
//
// If the source is a [History], and the Kong remembers the commit that was applied last, the proposal renders that commit too. So the plan
// tells what has changed in git from what has changed in Kong, and an older commit is recognized as such.
//
// [Share] lets several proposals, for several Kongs, fetch and parse their manifests once.
//
// # What Apply promises
//
// Nothing is written if the plan has conflicts, if the Kong refuses any of the entities that would be written ([RejectedError]), or if it
// holds something else in their place than the plan was made from ([StaleError]): they are read again right before the first write, and
// after each wait those that are written next.
//
// With a database, the phases of the plan are carried out in order. The writes of a phase run side by side, each as soon as what it depends
// on is written. Of entities that a Kong accepts or refuses alike, only one is sent for validation.
//
// After a phase that says so, Apply waits until the Kong's workers have taken up what was written. They rebuild their routes and their
// plugins at different times, and a route must never be served without its plugins. If the Kong tells what its workers have heard of
// ([Target]), Apply waits until they have heard of everything, and then as long as the Kong's configuration says. It also waits before the
// first phase of a plan that touches guards if the Kong was written moments ago, as by a run that was killed. And always it stops
// every few thousand writes until the workers have caught up: a Kong drops events that too many others wait before.
//
// After the first failure, and when the context ends, no further write starts, and those under way are finished. Then a [PartialError] says
// how far it came. By [OnError], Apply instead undoes what it has written ([RolledBackError]), or carries on with everything that does not
// depend on what failed. However it ends, a later run starts from what the Kong then holds and arrives at the same state, because all
// identities are known beforehand.
//
// Undoing is a plan too: from what the Kong then holds to what it held before this apply's own writes, carried out like any other. A
// [Journal] keeps what there was before in a file, without secrets.
//
// # One at a time
//
// Of an instance, only one apply writes at a time. Before calling Apply for a Kong with a database, a caller takes a [Lease] with the state
// that the plan was made from, and hands the lease's [Lease.Target] to Apply. If somebody else held the lease in the meantime
// ([Lease.Changed]), a plan that was made before may be out of date, and has to be made again. A holder that cannot renew its lease stops
// by itself before anybody else begins.
//
// Without a lease an apply still finds out, as stale, if what it is about to write was changed. But two applies that interleave more
// closely than they check may leave a mixture of both, in which a route can lack the plugins that either of them gave it, until the next
// run. Other tools know nothing of leases: it is for them that Apply checks again.
//
// Without a database the whole configuration is loaded at once, all or nothing, and what is not gwsync's stays exactly as it was read.
package sync
