package manifest

import (
	"io/fs"

	"github.com/gwsync/gwsync/render/diag"
)

// places says where the fields of an object stand.
type places struct{}

// At returns where a field stands, or the nearest field around it that is written: defaults stand where the object does.
// The path is as kubectl spells it: "spec.rules[0].backendRefs[1].name", `metadata.annotations[konghq.com/strip-path]`; "" is the object itself.
func (o Object) At(field string) diag.Pos { return diag.Pos{} }

// Input is one place to read manifests from.
type Input struct {
	// FS is read and nothing else.
	FS fs.FS
	// Path is a file or directory in FS, "." for all of it. A directory is read recursively: *.yaml, *.yml and *.json, but
	// not what begins with a dot; a file is read whatever its name.
	Path string
	// Prefix is put before file names in findings, so that they are what the user would type: "examples/basic".
	Prefix string
}

// Options of Load.
type Options struct {
	// Namespace is given to objects of namespaced kinds that name none; "" means "default".
	Namespace string
}

// Load reads, decodes, defaults and checks all manifests of the inputs.
func Load(inputs []Input, o Options) (Set, diag.List, error) { return Set{}, nil, nil }
