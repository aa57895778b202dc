// Package lua is what of the language Lua shows through in Kong's answers: patterns in schemas, tables printed inside
// messages, numbers as text, and the verdict of Lua's parser on a function that a plugin is given.
//
// A Lua table is an array and a map in one, and an empty one is either. Tables come here as []any or map[string]any. A nil in a
// map is Kong's null.
package lua
