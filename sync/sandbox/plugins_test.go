package sandbox

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPluginExamples takes plugins.jsonl, the plugins that a real Kong 3.9.3 took, one a line: the sandbox takes them with
// and without a database, and what it answers it takes again, unchanged.
func TestPluginExamples(t *testing.T) {
	t.Parallel()
	kongs := []*Kong{New(Config{}), New(Config{DBLess: true})}
	const path = "/plugins/00000000-0000-4000-8000-000000000001"
	for i, plugin := range readLines(t, "testdata/plugins.jsonl") {
		for _, k := range kongs {
			if a := ask(t, k, "POST /schemas/plugins/validate", plugin); a.status != 200 {
				t.Errorf("line %d: DB-less %t: %v\n%s", i+1, k.config.DBLess, a.body["message"], plugin)
			}
		}
		first := must(t, kongs[0], "PUT "+path, plugin).body
		again := must(t, kongs[0], "PUT "+path, string(encode(first))).body
		if diff := cmp.Diff(first, again, cmp.FilterPath(isTime, cmp.Ignore())); diff != "" {
			t.Errorf("line %d: %s (-answered +put back):\n%s", i+1, plugin, diff)
		}
	}
}

// isTime reports whether a path leads to the time of the last change.
func isTime(p cmp.Path) bool {
	i, ok := p.Last().(cmp.MapIndex)
	return ok && i.Key().String() == "updated_at"
}

// TestShorthands sends what older versions of Kong called by other names: it counts, and is answered beside what replaced it.
func TestShorthands(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"name":"rate-limiting","config":{"minute":1,"redis_host":"h","redis_port":1}}`: `
			{"redis":{"host":"h","port":1},"redis_host":"h","redis_port":1}`,
		`{"name":"rate-limiting","config":{"minute":1,"redis":{"host":"h","port":2}}}`: `
			{"redis":{"host":"h","port":2},"redis_host":"h","redis_port":2}`,
	} {
		var fields map[string]any
		if err := json.Unmarshal([]byte(want), &fields); err != nil {
			t.Fatal(err)
		}
		config, _ := must(t, New(Config{}), "POST /plugins", body).body["config"].(map[string]any)
		redis, _ := config["redis"].(map[string]any)
		got := map[string]any{
			"redis":      map[string]any{"host": redis["host"], "port": redis["port"]},
			"redis_host": config["redis_host"], "redis_port": config["redis_port"],
		}
		if diff := cmp.Diff(fields, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	both := `{"name":"rate-limiting","config":{"minute":1,"redis":{"host":"a"},"redis_host":"b"}}`
	want := "schema violation (redis_host: both deprecated and new field are used but their values mismatch: " +
		"redis_host = b vs redis.host = a)"
	if got := ask(t, New(Config{}), "POST /plugins", both).body["message"]; got != want {
		t.Errorf("both names: %v, want %s", got, want)
	}
}
