// Package config reads .gwsync.yaml, which says what would else be said again and again on the command line.
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
// There is no second list of names: what may stand there is what the flags of the program are ([Parse] is given them). A verb takes the
// keys that are flags of its own; what is a flag of no verb is a mistake, with line and suggestion. Values are as they would be typed.
//
// # What counts
//
// The command line counts most, then the environment, then the target, then the top of the file. Where flags exclude each other, as --path
// and --repo do, one of them that counts more takes the place of all the others: see [Layers].
//
// # Files
//
// A value that is a FILE or DIR, as the flag's own help calls it, is relative to the file that it is in.
//
// # Secrets
//
// The file is meant to lie in git, so that it can name the file or the environment variable of a token, but not hold one: tokens, passwords
// in addresses and headers that carry credentials are refused.
package config
