// Package config reads .gwsync.yaml, which holds the settings that would otherwise be repeated on every command line.
//
//	path: deploy                                # a key is the name of a flag of any verb
//	backend-address: '{name}.{namespace}.example.com:{port}'
//	targets:                                    # Kongs by name, for --target and --all-targets
//	  dev:
//	    kong-addr: http://kong-dev:8001
//	  prod:
//	    kong-addr: https://kong.example.com:8444
//	    kong-admin-token-file: /run/secrets/kong
//	    gateway: [infra/public, infra/partners] # a flag that may be repeated takes a list
//	    instance: prod
//
// There is no second list of names: the keys are the flags of the program, which [Parse] is given. A verb takes the keys that are flags of
// its own; a key that is a flag of no verb is an error, with line and suggestion. Values are written as they would be typed.
//
// # Precedence
//
// The command line takes precedence over the environment, that over the target, and that over the top of the file. Of flags that exclude
// each other, as --path and --repo do, the one from the layer with precedence replaces all the others: see [Layers].
//
// # Files
//
// A value that the flag's help calls a FILE or DIR is relative to the directory of the configuration file.
//
// # Secrets
//
// The file is meant to be kept in git. So it may name the file or the environment variable that holds a token, but not contain one: tokens,
// passwords in addresses and headers with credentials are refused.
package config
