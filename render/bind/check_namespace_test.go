package bind

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"
)

func TestMissingLabels(t *testing.T) {
	tests := []struct {
		selector string
		have     labels.Set
		set      map[string]string
		remove   []string
		ok       bool
	}{
		{"team=a", nil, map[string]string{"team": "a"}, nil, true},
		{"team=a", labels.Set{"team": "b"}, map[string]string{"team": "a"}, nil, true},
		{"team in (b,a),tier", nil, map[string]string{"team": "a", "tier": "true"}, nil, true},
		{"team=a,tier=x", labels.Set{"team": "a"}, map[string]string{"tier": "x"}, nil, true},
		{"!legacy,team!=b", labels.Set{"legacy": "1", "team": "b"}, map[string]string{}, []string{"legacy", "team"}, true},
		{"kubernetes.io/metadata.name=other", labels.Set{"kubernetes.io/metadata.name": "here"}, nil, nil, false},
		{"team=a,team=b", nil, nil, nil, false},
		{"team,!team", nil, nil, nil, false},
	}
	for _, tt := range tests {
		s, err := labels.Parse(tt.selector)
		if err != nil {
			t.Fatal(err)
		}
		set, remove, ok := missingLabels(s, tt.have)
		if ok != tt.ok {
			t.Errorf("%s on %v: ok %v, want %v", tt.selector, tt.have, ok, tt.ok)
		}
		if !ok {
			continue
		}
		if diff := cmp.Diff(tt.set, set) + cmp.Diff(tt.remove, remove); diff != "" {
			t.Errorf("%s on %v (-want +got):\n%s", tt.selector, tt.have, diff)
		}
	}
	if _, _, ok := missingLabels(labels.Nothing(), nil); ok {
		t.Error("labels would satisfy a selector that selects nothing")
	}
}
