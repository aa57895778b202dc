// Package conformance runs the Gateway API's conformance suite on gwsync.
package conformance
