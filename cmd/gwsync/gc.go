package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// slack is how many bytes the heap may grow between two garbage collections, if that is more than what is in use.
const slack = 32 << 20

// least is by how many percent the heap may grow if much is in use: what is in use is so compact that collecting it often costs
// little time, and Go's default of 100 much memory. Shown by bench/.
const least = 35

// collectLater lets the heap grow by some slack between two garbage collections, however little is in use, where Go's default of 100 %
// collects a heap of 4 MiB already. gwsync runs for some seconds and makes most of its garbage in the first of them. From then on, when
// much is in use, it is less than Go's default, so that the memory of a large repository is not multiplied. Whoever sets GOGC or
// GOMEMLIMIT decides otherwise.
func collectLater(getenv func(string) string) {
	if getenv("GOGC") != "" || getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(growth(0))
	afterCollection(func() {
		use := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(use)
		debug.SetGCPercent(growth(use[0].Value.Uint64()))
	})
}

// growth returns by how many percent the heap may grow of which some bytes are in use.
func growth(use uint64) int {
	const first = 4 << 20 // what Go counts as in use at first
	return int(max(least, 100*slack/max(use, first)))
}

// afterCollection has a function called after each garbage collection.
func afterCollection(f func()) {
	mark := &struct{ _ *byte }{} // garbage at once
	runtime.AddCleanup(mark, func(struct{}) {
		f()
		afterCollection(f)
	}, struct{}{})
}
