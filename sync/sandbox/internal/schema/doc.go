// Package schema holds the schemas of Kong 3.9.3, its entities' and its bundled plugins', and does with them what Kong does:
// fill in defaults ([Entity.Fill]), merge an update into what there is ([Entity.Merge]), validate ([Entity.Validate])
// with Kong's own messages, and print them as /schemas does ([Record.Describe]).
//
// The schemas are data: tables/*.txt, a field a line. What they say is Kong's, stated anew; its descriptions are left out.
//
// # Notation
//
//	type port = integer between=0..65535           a type that others build on
//	entity services key=name                       an entity; fields follow, indented
//	  port :port required default=80               a field: name, type, attributes
//	  tags set of string required check=tag        attributes of the elements follow theirs
//	  headers map keys string values array of string
//	  redis record required                        a record's fields are indented further
//	    host string
//	  ~url string func=service_url                 a shorthand: input that turns into other fields
//	  ~redis_host string replaced_with=redis.host deprecated="4.0"
//	  @at_least_one_of custom_id username          a check of several fields
//	  @conditional protocol one_of=tcp,udp then path eq=null
//	subschema routes tcp,tls                       what differs for routes with these protocols
//	plugin cors                                    what differs for plugins of this name
//
// An attribute without a value is true. Values are JSON, or a bare word; lists of words may be bare too. The
// attributes are Kong's but for check (one of Kong's validators that are code, see checks.go), func and to (what a
// shorthand turns into, see shorthand.go), if (the line counts only in that router flavor or with that database),
// deprecated and old_default.
//
// # Values
//
// Values are as encoding/json decodes them. A key that is absent and one that is null differ: Kong fills the first.
// As in Lua an empty array is an empty object, too. Errors are what Kong puts into "fields": a message, or a table of
// errors by field name or by index.
package schema
