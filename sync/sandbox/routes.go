package sandbox

import (
	"errors"
	"sync"

	"github.com/gwsync/gwsync/render/kong"
	"github.com/gwsync/gwsync/render/route"
)

// routeCheck returns what the router has against the fields by which a route matches. What the schema says about
// single fields has been checked before.
func routeCheck(f kong.Flavor) func(map[string]any) error {
	validators := sync.Pool{New: func() any { return route.NewValidator(f) }} // each is for one goroutine
	return func(fields map[string]any) error {
		r, err := kong.New(kong.Routes, "00000000-0000-4000-8000-000000000000", fields, kong.Origin{})
		if err != nil {
			return err
		}
		validator, _ := validators.Get().(*route.Validator)
		defer validators.Put(validator)
		var found route.Violations
		if err := validator.Validate(r); !errors.As(err, &found) {
			return err
		}
		if found[0].Field == "" {
			return errors.New(found[0].Message)
		}
		return found
	}
}
