package manifest

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestUpstreamExamples reads the Gateway API's own examples: all are fine, and those that its API server tests refuse are
// refused.
func TestUpstreamExamples(t *testing.T) {
	taken := map[string]bool{
		"experimental/httproute/invalid-header-value.yaml": true, // the standard channel has no such limit
	}
	for dir, valid := range map[string]bool{"examples": true, "hack/invalid-examples": false} {
		tree := os.DirFS(filepath.Join(gatewayAPI(t), dir))
		err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			set, findings, err := Load([]Input{{FS: tree, Path: path}}, Options{})
			switch {
			case err != nil:
				return err
			case valid && findings.HasErrors():
				t.Errorf("%s/%s: %v", dir, path, findings)
			case !valid && set.Len() > 0 && !taken[path]:
				t.Errorf("%s/%s was not refused", dir, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
