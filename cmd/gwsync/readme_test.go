package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestReadme runs the commands of the README that it shows the output of. A line "..." stands for lines that are left out.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, block := range strings.Split(string(page), "\n    $ gwsync ")[1:] {
		commands++
		command, rest, _ := strings.Cut(block, "\n")
		var want []string
		for line := range strings.Lines(rest) {
			text, shown := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "    ")
			if !shown {
				break
			}
			want = append(want, text)
		}
		compareShown(t, command, want, output(t, command))
	}
	if commands < 3 {
		t.Errorf("%d commands in the README", commands)
	}
	_, chart, _ := strings.Cut(string(page), "```mermaid\n")
	chart, _, _ = strings.Cut(chart, "```")
	if got := output(t, "graph --path examples/cross-namespace"); chart != got {
		t.Errorf("the README shows\n%s, and graph prints\n%s", chart, got)
	}
}

// output returns what a command prints, on stdout and then on stderr.
func output(t *testing.T, command string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, getenv: noEnvironment}
	run(t.Context(), strings.Fields(command), p)
	return stdout.String() + stderr.String()
}

// compareShown compares lines with output, some of which may be left out.
func compareShown(t *testing.T, command string, shown []string, got string) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(got, "\n"), "\n")
	for i, want := range shown {
		if want == "..." && i+1 < len(shown) {
			for len(lines) > 0 && lines[0] != shown[i+1] {
				lines = lines[1:]
			}
			continue
		}
		if len(lines) == 0 || want != "..." && strings.TrimRight(lines[0], " ") != want {
			t.Errorf("gwsync %s: the README shows %q, which is not what is printed there:\n%s", command, want, got)
			return
		}
		lines = lines[1:]
	}
	if len(lines) > 0 && shown[len(shown)-1] != "..." {
		t.Errorf("gwsync %s: the README does not show\n%s", command, strings.Join(lines, "\n"))
	}
}
