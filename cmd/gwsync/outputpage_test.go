package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"
)

// TestOutputPage holds docs/output.md to documents: it has each of their names, and they have all that it says are always there.
func TestOutputPage(t *testing.T) {
	t.Chdir("../..")
	page, err := os.ReadFile("docs/output.md")
	if err != nil {
		t.Fatal(err)
	}
	const example, broken = " --path examples/cross-namespace -o json", " -f examples/cross-namespace/route.yaml -o json"
	for title, commands := range map[string][]string{
		"diff, apply, drift": {"diff --sandbox" + example, "diff --sandbox" + broken, "drift --sandbox" + example,
			"apply --yes --sandbox --settle 0" + example, "diff --path nowhere -o json"},
		"lint":  {"lint" + example, "lint" + broken, "lint --path nowhere -o json"},
		"ping":  {"ping --sandbox -o json", "ping --kong-addr http://127.0.0.1:1 -o json"},
		"trace": {"trace --all http://www.example.com/echo" + example, "trace http://a.example" + example},
		"explain": {"explain httproute/test-source/echo" + example, "explain httproute/test-source/echo" + broken,
			"explain RefNotPermitted -o json", "explain refgrant/test-destination/test-grant" + example},
		"graph":            {"graph" + example, "graph" + broken},
		"render --explain": {"render --explain" + example},
		"config":           {"config" + example},
		"Several targets": {"lint --config examples/targets/.gwsync.yaml --all-targets -o json",
			"diff --config examples/targets/.gwsync.yaml --all-targets --path nowhere -o json"},
	} {
		documents := reports(t, title)
		for _, command := range commands {
			documents = append(documents, document(t, command))
		}
		named, always := namesOf(t, string(page), title)
		for i, d := range documents {
			got := pathsIn("", d)
			for _, name := range got {
				if !slices.ContainsFunc(named, func(p string) bool { return covers(p, name) }) {
					t.Errorf("%s: the page does not say what %s is", title, name)
				}
			}
			for _, name := range always {
				if !slices.Contains(got, strings.TrimSuffix(name, ".*")) {
					t.Errorf("%s, document %d: there is no %s", title, i, name)
				}
			}
		}
	}
}

// document returns what a command prints on stdout.
func document(t *testing.T, command string) any {
	t.Helper()
	var stdout, stderr bytes.Buffer
	run(t.Context(), strings.Fields(command), process{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, getenv: noEnvironment})
	var out any
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		t.Fatalf("gwsync %s: %v: %s%s", command, err, stdout.String(), stderr.String())
	}
	return out
}

// reports returns the documents among the goldens of package report, which show what takes more than an example.
func reports(t *testing.T, title string) []any {
	t.Helper()
	if !strings.HasPrefix(title, "diff,") {
		return nil
	}
	files, err := filepath.Glob("diff/report/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	var out []any
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			var d any
			if f.Name == "json" {
				if err := json.Unmarshal(f.Data, &d); err != nil {
					t.Fatal(err)
				}
				out = append(out, d)
			}
		}
	}
	return out
}

// namesOf returns the names in the table below a title, and those that are in bold.
func namesOf(t *testing.T, page, title string) (named, always []string) {
	t.Helper()
	_, section, found := strings.Cut(page, "\n## "+title+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	word := regexp.MustCompile("(\\*\\*)?`([^`]+)`")
	for line := range strings.Lines(section) {
		cell, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !isRow || !strings.HasPrefix(line, "| ") {
			continue
		}
		for _, m := range word.FindAllStringSubmatch(cell, -1) {
			named = append(named, m[2])
			if m[1] != "" {
				always = append(always, m[2])
			}
		}
	}
	if !found || len(named) == 0 {
		t.Fatalf("the page has no table of %s", title)
	}
	return named, always
}

// pathsIn returns the paths of all values in a document.
func pathsIn(path string, v any) []string {
	var out []string
	if path != "" {
		out = append(out, path)
	}
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			out = append(out, pathsIn(strings.TrimPrefix(path+"."+name, "."), value)...)
		}
	case []any:
		for _, value := range v {
			out = append(out, pathsIn(path+"[]", value)...)
		}
	}
	return out
}

// covers reports whether a name of the page is that of a value, one that it is in, or one in it.
func covers(named, path string) bool {
	if whole, ok := strings.CutSuffix(named, ".*"); ok && strings.HasPrefix(path, whole) {
		return true
	}
	rest, ok := strings.CutPrefix(named, strings.TrimSuffix(path, "[]"))
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// TestPipelines reads the pipelines of docs/ci.md and of the README as the systems do, and wants verbs and flags that there are.
func TestPipelines(t *testing.T) {
	command := regexp.MustCompile(`gwsync ((?:lint|diff|apply|drift)[^>|\n]*)`)
	for _, name := range []string{"../../docs/ci.md", "../../README.md"} {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		commands := 0
		for _, block := range strings.Split(string(page), "\n```yaml\n")[1:] {
			block, _, _ = strings.Cut(block, "```")
			var v any
			if err := yaml.Unmarshal([]byte(block), &v); err != nil {
				t.Errorf("%s: %v in\n%s", name, err, block)
			}
			for _, m := range command.FindAllStringSubmatch(block, -1) {
				commands++
				args := strings.Fields(m[1])
				verb, rest, err := newRoot(process{getenv: noEnvironment}).Find(args)
				if err == nil {
					err = verb.ParseFlags(slices.DeleteFunc(rest, func(s string) bool { return s == args[0] }))
				}
				if err != nil {
					t.Errorf("%s: %s: %v", name, m[0], err)
				}
			}
		}
		if commands < 4 {
			t.Errorf("%s: %d commands", name, commands)
		}
	}
}
