// Package lua writes the programs that Kong's plugins pre-function and post-function run, for what no declarative plugin can do.
//
// A program is a constant text with places for values. [New] fills these with literals that Lua reads as exactly the values given,
// whatever bytes they hold, so no value from a manifest is ever read as code. The type of New's first parameter admits only
// constants of the source.
//
// Programs use only what Kong's sandbox offers by default (untrusted_lua = sandbox; Kong 3.9.3, kong/tools/sandbox): no require,
// setmetatable, rawget, load, io or bit. A program that needs more says so at its function.
package lua
