// Package route is Kong's router as a pure function.
package route
