// Command gwsync brings a Kong Gateway in line with the Gateway API manifests of a git repository, without a cluster.
//
// Output goes to stdout as exactly one document, everything else to stderr. Errors speak with the user's own names, in lower
// case and without a final period; a line "hint:" below says what to do next. Exit codes are listed in exit.go and by
// `gwsync help exit-codes`.
//
// One file is one verb. run is the whole program but for the process around it: no other code reads the environment, writes to
// the terminal or decides on the exit code.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	collectLater(os.Getenv)
	os.Exit(run(untilSignal(), os.Args[1:], process{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, environ: os.Environ(),
		interactive: terminal(os.Stdin) && terminal(os.Stderr),
	}))
}

// untilSignal returns a context that ends with the first signal to end. By then nobody listens any more, so that the second ends the
// process.
func untilSignal() context.Context {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // by nohup
		ends = append(ends, syscall.SIGHUP) // a terminal that is gone, such as one of ssh, leaves nothing half done either
	}
	ctx, end := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, ends...)
	go func() {
		<-signals
		signal.Stop(signals)
		end()
	}()
	return ctx
}
