package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/parallel"
)

// Input is one place to read manifests from.
type Input struct {
	// FS is read and nothing else.
	FS fs.FS
	// Path is a file or directory in FS, "." for all of it. A directory is read recursively: *.yaml, *.yml and *.json, but
	// not what begins with a dot, not routing tests ([IsTest]), and not what symbolic links to directories lead to; a file is read
	// whatever its name.
	Path string
	// Prefix is put before file names in findings, so that they are what the user would type: "examples/basic". Prefix and
	// name together are a file's identity: one that several inputs hold is read once.
	Prefix string
	// SecretsOnly makes an object of any other kind than Secret an error.
	SecretsOnly bool
}

// Options of Load.
type Options struct {
	// Namespace is given to objects of namespaced kinds that name none; "" means "default".
	Namespace string
	// Terse leaves out of the Go values of routes and Services what no Kong is told: their names, which are in Ref, their labels, and which
	// pods a Service selects, if any. All of it is checked. Objects that say the same otherwise are one in memory.
	Terse bool
}

// Load reads, decodes, defaults and checks all manifests of the inputs. The Set holds the objects that the API server would
// take, as it would store them; for all others there is an error among the findings. The result depends neither on the order
// of the inputs nor on that of files. The error is only for an input that is not there or whose directory cannot be listed:
// what is wrong with a file is a finding.
func Load(inputs []Input, o Options) (Set, diag.List, error) {
	sources, findings, err := list(inputs)
	if err != nil {
		return Set{}, nil, err
	}
	var lock sync.Mutex
	var workers []*file
	parallel.Each(len(sources), func() func(int) {
		f := &file{namespace: cmp.Or(o.Namespace, "default"), terse: o.Terse, scratch: newScratch()}
		lock.Lock()
		defer lock.Unlock()
		workers = append(workers, f)
		return func(i int) { f.load(sources[i]) }
	})
	var objects []*Object
	skipped := map[groupKind]sighting{}
	var ingresses sighting
	var kustomized kustomized
	for _, f := range workers {
		objects = append(objects, f.objects...)
		findings = append(findings, f.findings...)
		for gk, s := range f.skipped {
			skipped[gk] = skipped[gk].add(s)
		}
		ingresses = ingresses.add(f.ingresses)
		kustomized = kustomized.merge(f.kustomized)
	}
	set, duplicates := assemble(objects)
	for _, gk := range slices.SortedFunc(maps.Keys(skipped), compareKinds) {
		set.skipped = append(set.skipped, Skipped{Group: gk.group, Kind: gk.kind, Count: skipped[gk].count})
	}
	return set, slices.Concat(findings, duplicates, leftOut(skipped, ingresses), kustomized.findings()).Sorted(), nil
}

// assemble makes a Set of objects. Of several with one name the first counts, by file and line, and the others are findings.
func assemble(objects []*Object) (Set, diag.List) {
	slices.SortFunc(objects, func(a, b *Object) int {
		if c := a.Ref.Compare(b.Ref); c != 0 {
			return c
		}
		return a.At("").Compare(b.At(""))
	})
	var findings diag.List
	set := Set{objects: objects[:0]}
	for i := 0; i < len(objects); {
		first := objects[i]
		for i++; i < len(objects) && objects[i].Ref == first.Ref; i++ {
			findings = append(findings, diag.Finding{
				Severity: diag.Error, Code: CodeDuplicateObject, Object: first.Ref.Diag(), Pos: objects[i].At(""),
				Message: fmt.Sprintf("%s is in %s already", first.Ref, first.At("")),
				Hint:    "remove one of them; if they belong to different environments, give gwsync the directory of one",
				Related: []diag.Pos{first.At("")},
			})
		}
		if first.Typed != nil {
			set.objects = append(set.objects, first)
		} else {
			set.invalid = append(set.invalid, first.Ref)
		}
	}
	return set, findings
}

// list returns the files of the inputs, by name, and what could not be looked into.
func list(inputs []Input) ([]source, diag.List, error) {
	var files []source
	var findings diag.List
	for _, in := range inputs {
		err := fs.WalkDir(in.FS, in.Path, func(name string, entry fs.DirEntry, err error) error {
			display := path.Join(in.Prefix, name)
			switch {
			case err != nil && name == in.Path:
				return fmt.Errorf("cannot read %s: %w", display, err)
			case err != nil:
				findings = append(findings, unreadable(display, err))
			case name == in.Path && !entry.IsDir():
				files = append(files, source{fs: in.FS, path: name, display: display, secretsOnly: in.SecretsOnly})
			case name != in.Path && strings.HasPrefix(entry.Name(), "."):
				if entry.IsDir() {
					return fs.SkipDir
				}
			case entry.Type() == fs.ModeSymlink && leadsAway(in.FS, name):
				findings = append(findings, diag.Finding{
					Severity: diag.Warning, Code: CodeNotFollowed, Pos: diag.Pos{File: display},
					Message: "a link to a directory is not followed", Hint: "give the directory that it leads to as an input of its own",
				})
			case isManifest(entry):
				files = append(files, source{fs: in.FS, path: name, display: display, secretsOnly: in.SecretsOnly})
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	slices.SortStableFunc(files, func(a, b source) int { return cmp.Compare(a.display, b.display) })
	files = slices.CompactFunc(files, func(a, b source) bool { return a.display == b.display })
	return files, findings, nil
}

// leadsAway reports whether a symbolic link leads to a directory, or out of the tree to what is not a manifest by its name.
func leadsAway(tree fs.FS, link string) bool {
	info, err := fs.Stat(tree, link)
	if err != nil {
		return !hasManifestName(link) && !errors.Is(err, fs.ErrNotExist)
	}
	return info.IsDir()
}

// isManifest reports whether an entry of a directory is to be read: devices and pipes are not.
func isManifest(entry fs.DirEntry) bool {
	return hasManifestName(entry.Name()) && (entry.Type() == 0 || entry.Type() == fs.ModeSymlink)
}

// IsTest reports whether a file in a directory holds routing tests by its name, and so no manifests: *.test.yaml and *.test.yml.
func IsTest(name string) bool {
	return strings.HasSuffix(name, ".test.yaml") || strings.HasSuffix(name, ".test.yml")
}

func hasManifestName(name string) bool {
	if IsTest(name) {
		return false
	}
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
