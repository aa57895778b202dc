package routetest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gwsync/gwsync/render/diag"
	"github.com/gwsync/gwsync/render/manifest"
)

// File is a file of tests.
type File struct {
	Tests []Test `yaml:"tests"`
}

// Test is one request and what is expected of it.
type Test struct {
	Name    string  `yaml:"name"`
	Request Request `yaml:"request"`
	Expect  Expect  `yaml:"expect"`
	// Pos is where the test stands.
	Pos diag.Pos `yaml:"-"`
}

// Request is what is asked.
type Request struct {
	URL     string            `yaml:"url"`
	GRPC    string            `yaml:"grpc,omitempty"`
	Method  string            `yaml:"method,omitempty"`
	Headers map[string]string `yaml:"headers,omitempty"`
	Body    string            `yaml:"body,omitempty"`
}

// Expect is what is to come of it; what is not given may be anything. The package documentation says what each field is.
type Expect struct {
	NoRoute         bool               `yaml:"noRoute,omitempty"`
	Backend         string             `yaml:"backend,omitempty"`
	Route           string             `yaml:"route,omitempty"`
	Path            string             `yaml:"path,omitempty"`
	Host            string             `yaml:"host,omitempty"`
	Headers         map[string]*string `yaml:"headers,omitempty"`
	Status          int                `yaml:"status,omitempty"`
	GRPCStatus      *int               `yaml:"grpcStatus,omitempty"`
	Location        string             `yaml:"location,omitempty"`
	ResponseHeaders map[string]*string `yaml:"responseHeaders,omitempty"`
}

// maxFile is how large a file of tests may be, in bytes.
const maxFile = 16 << 20

// Load reads the tests that stand beside manifests: in those files of the inputs that hold tests by their name. They come by file and
// line. The error joins what is wrong in all files.
func Load(inputs []manifest.Input) ([]Test, error) { return load(inputs, false) }

// LoadNamed does as Load, but a file that an input names itself holds tests whatever it is called.
func LoadNamed(inputs []manifest.Input) ([]Test, error) { return load(inputs, true) }

func load(inputs []manifest.Input, named bool) ([]Test, error) {
	var tests []Test
	var wrong []error
	for _, in := range inputs {
		err := fs.WalkDir(in.FS, in.Path, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && name != in.Path && strings.HasPrefix(entry.Name(), "."):
				return fs.SkipDir
			case entry.IsDir(), !manifest.IsTest(entry.Name()) && !(named && name == in.Path):
				return nil
			}
			display := path.Join(in.Prefix, name)
			found, err := read(in.FS, name, display)
			if err != nil {
				wrong = append(wrong, err)
			}
			tests = append(tests, found...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(tests, func(a, b Test) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
	return tests, errors.Join(wrong...)
}

func read(from fs.FS, name, display string) ([]Test, error) {
	f, err := from.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", display, err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: has more than %d MiB", display, maxFile>>20)
	}
	return Parse(text, display)
}

// Parse reads the text of a file of tests. Errors begin with the file's name, and a line where one is known.
func Parse(text []byte, file string) ([]Test, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var doc File
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %s", file, diag.Line(strings.TrimPrefix(err.Error(), "yaml: ")))
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: holds more than one document", file)
	}
	lines, err := places(text)
	if err != nil || len(lines) != len(doc.Tests) {
		return nil, fmt.Errorf("%s: tests is not a plain list", file)
	}
	var wrong []error
	for i := range doc.Tests {
		t := &doc.Tests[i]
		t.Pos = diag.Pos{File: file, Line: lines[i].Line, Col: lines[i].Column}
		if err := t.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", t.Pos, err))
		}
	}
	return doc.Tests, errors.Join(wrong...)
}

// places returns the nodes of the tests.
func places(text []byte) ([]yaml.Node, error) {
	var doc struct {
		Tests []yaml.Node `yaml:"tests"`
	}
	err := yaml.Unmarshal(text, &doc)
	return doc.Tests, err
}

// check says what is wrong with a test by itself.
func (t Test) check() error {
	switch e := t.Expect; {
	case t.Name == "":
		return errors.New("the test has no name")
	case t.Request.URL == "":
		return fmt.Errorf("test %q: request.url is required", t.Name)
	case e.empty():
		return fmt.Errorf("test %q expects nothing", t.Name)
	case e.NoRoute && (e.Backend != "" || e.Route != "" || e.Path != "" || e.Host != "" || len(e.Headers) > 0):
		return fmt.Errorf("test %q: without a route, nothing gets to a backend", t.Name)
	case e.Backend != "" && !isBackend(e.Backend):
		return fmt.Errorf("test %q: backend %q: want NAMESPACE/NAME:PORT", t.Name, e.Backend)
	}
	return nil
}

func (e Expect) empty() bool {
	return !e.NoRoute && e.Backend == "" && e.Route == "" && e.Path == "" && e.Host == "" && len(e.Headers) == 0 && e.Status == 0 &&
		e.GRPCStatus == nil && e.Location == "" && len(e.ResponseHeaders) == 0
}

func isBackend(s string) bool {
	namespace, rest, ok := strings.Cut(s, "/")
	name, port, ok2 := strings.Cut(rest, ":")
	return ok && ok2 && namespace != "" && name != "" && port != ""
}
