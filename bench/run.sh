#!/usr/bin/env bash
# Builds decK and gwsync and compares them; flags go to the comparison (see README.md). Needs Go, and git to stamp gwsync's version.
set -euo pipefail
cd "$(dirname "$0")"

version=v1.65.1
work=${BENCH_DIR:-$(go env GOCACHE)/gwsync-bench}
deck=$work/deck-$version

if [ ! -x "$deck" ]; then
  # decK is a program, not a library: with go install it cannot be told to do without its converter for AI gateways, which not every
  # module proxy serves and nothing here calls.
  mkdir -p "$work/src"
  source=$(cd "$work" && go mod download -json "github.com/kong/deck@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  cp -R "$source/." "$work/src"
  chmod -R u+w "$work/src"
  cp -R ai-deck-converter "$work/src/"
  (
    cd "$work/src"
    go mod edit -replace github.com/Kong/ai-deck-converter=./ai-deck-converter
    CGO_ENABLED=0 GOFLAGS=-mod=mod go build -trimpath -ldflags '-s -w' -o "$deck" .
  )
  rm -rf "$work/src"
fi

(cd .. && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$work/gwsync" ./cmd/gwsync)
go build -o "$work/bench" .
exec "$work/bench" -deck "$deck" -gwsync "$work/gwsync" "$@"
