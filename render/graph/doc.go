// Package graph draws what package bind found out: Gateways, their listeners and ListenerSets, the routes that attach to them, the
// Services, Secrets and policies that these refer to, and the ReferenceGrants that allow it.
//
// [New] makes a [Drawing] of a bind.Graph: nodes and edges, sorted, the same for the same Graph. Edges point the way that a
// request goes, from the Gateway to the Service, and from a node to what it makes use of. What is denied is drawn too, with
// the reason; so is what is somebody else's, and what is not there. [Drawing.Around] leaves what has to do with one object.
//
// # Formats
//
//   - [Drawing.Mermaid] is a flowchart, which GitHub and GitLab draw in Markdown. They draw at most 500 edges.
//   - [Drawing.Dot] is for Graphviz.
//   - [Drawing.JSON] is for programs: one document with format_version "1.0", nodes and edges, as [Node] and [Edge] say.
//
// # Names
//
// Names of objects that are there are DNS names, but references, hostnames and section names may hold anything. No text of the
// manifests gets into a drawing but as the content of a string, each character that means anything there escaped; nodes have ids
// made of letters, digits and "_" only (Mermaid) or are quoted (Dot). Ids depend on names alone, so that in a drawing kept in git only
// what changed differs.
package graph
