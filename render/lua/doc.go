// Package lua writes the programs that Kong's plugins pre-function and post-function run for what no declarative plugin can say.
//
// A program is a constant text with places for values: [New] puts literals there, which Lua reads as the very values, whatever bytes
// they hold. No value of a manifest is ever read as code: the type of New's first parameter takes constants of the source only.
//
// The programs keep to what Kong's sandbox has by default (untrusted_lua = sandbox; Kong 3.9.3, kong/tools/sandbox): no require,
// setmetatable, rawget, load, io or bit. Where one needs more, its function says so.
package lua
