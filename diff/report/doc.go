// Package report writes what gwsync found and did: one function a format, each from the same [Report].
//
//   - [Text] is for people: only what changes, field by field, with the file and line that it comes from.
//   - [JSON] is for programs: one document, whose format_version promises that names stay and that only new ones are added.
//   - [Findings] prints what is wrong with the manifests, as compilers do: "file:line:col: error: message [Code]"; [FindingsJSON]
//     is the same for programs, and [GitHub], [GitLab] and [SARIF] for systems that show each finding at its line.
//   - [Markdown] is for a comment on a pull request.
//
// The functions do nothing but write to their io.Writer. No secret passes through them: a plan's fields contain none, see package diff.
// Names, values and messages may come from anybody's manifests, or from a Kong that others write to, so text output escapes control
// characters, escape sequences and characters that change the direction of text.
package report
