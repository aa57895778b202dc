package kong

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// alone returns an entity that shares its form with no other.
func alone(t *testing.T, k Kind, e Entity) Entity {
	t.Helper()
	fields := map[string]any{}
	for name, v := range e.Fields() {
		fields[name] = v
	}
	plain, err := New(k, e.ID(), fields, Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// sameEntity holds all that can be asked of an entity that shares its form with others to the same entity by itself.
func sameEntity(t *testing.T, k Kind, text string, e Entity) {
	t.Helper()
	plain, err := Read(k, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []Entity{plain, alone(t, k, e), plain.WithID(e.ID())} {
		if !bytes.Equal(e.AppendJSON(nil), other.AppendJSON(nil)) || !e.Equal(other) || !other.Equal(e) {
			t.Fatalf("got  %s\nwant %s", e.AppendJSON(nil), other.AppendJSON(nil))
		}
		if e.Key() != other.Key() || e.Name() != other.Name() || e.Natural() != other.Natural() || !slices.Equal(e.Tags(), other.Tags()) {
			t.Errorf("got %s %q, want %s %q", e.Key(), e.Natural(), other.Key(), other.Natural())
		}
		for _, tag := range slices.Concat(e.Tags(), []string{"", "a", "none"}) {
			if e.HasTag(tag) != slices.Contains(e.Tags(), tag) || e.HasTag(tag) != other.HasTag(tag) {
				t.Errorf("%s has tag %q: %v", e.AppendJSON(nil), tag, e.HasTag(tag))
			}
		}
		if got, want := spelled(e), spelled(other); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// spelled returns fields and references as text.
func spelled(e Entity) string {
	var b strings.Builder
	for name, v := range e.texts() {
		one, _ := e.Field(name)
		fmt.Fprintf(&b, "%q %s %v %q %q\n", name, v, one, e.Text(name), e.Strings(name))
	}
	for ref, key := range e.Refs() {
		one, ok := e.Ref(ref.Field)
		fmt.Fprintln(&b, ref.Field, key, one, ok)
	}
	return b.String()
}

// FuzzForms reads pages of entities that are alike but for what is fuzzed, and holds each to the same entity read by itself.
func FuzzForms(f *testing.F) {
	f.Add(`"a"`, `"b"`, `"c"`)
	f.Add(`"a\"b"`, `"\\"`, `"\u0000\n"`)
	f.Add(`1`, `"1"`, `1.5`)
	f.Add(`true`, `null`, `{}`)
	f.Add(`{"id":"a"}`, `{"id":"b"}`, `{"id":"b","x":1}`)
	f.Add(`{"id":"a"}`, `{"id":5}`, `"a"`)
	f.Add(`["a"]`, `["b"]`, `["b","a"]`)
	f.Add(`["a",["b"],1]`, `["c",["d"],2]`, `[null,["a"],"x"]`)
	f.Add(`{"a":"x","b":[{"id":"y"}]}`, `{"a":"z","b":[{"id":"w"}]}`, `{"c":"z","b":[{"id":"w"}]}`)
	f.Add(`{"p":{"q":{},"r":{"id":"x"}}}`, `{"p":{"q":{"id":"x"}},"r":{}}`, `{"p":{"q":{}},"r":{"id":"x"}}`)
	f.Add(`"a","tags":"a"`, `"b","tags":["a","z"]`, `"c","tags":["a","y"]`)
	f.Add(`"a","id":"x"`, `"b","service":"x"`, `"b","service":{"id":"Y"}`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, field := range []string{"v", "tags", "service", "name"} {
			var texts []string
			for i, v := range []string{a, b, c, c, a, b} {
				texts = append(texts, fmt.Sprintf(`{"id":"%d","name":"r%d","tags":["a","n%d"],"service":{"id":"s%d"},%q:%s}`, i, i, i, i, field, v))
			}
			page, err := NewPageReader(Routes).Read([]byte(`{"data":[` + strings.Join(texts, ",") + `]}`))
			if err != nil || len(page.Entities) != len(texts) {
				return
			}
			for i, e := range page.Entities {
				if one, err := Read(Routes, []byte(texts[i])); err != nil || one.ID() != e.ID() {
					return // what is fuzzed ends the entity
				}
				sameEntity(t, Routes, texts[i], e)
			}
		}
	})
}

// TestFormsAreFew reads many entities that are like no others, and others after them.
func TestFormsAreFew(t *testing.T) {
	reader := NewPageReader(Routes)
	for i := range 300 {
		var texts []string
		for j := range 3 {
			texts = append(texts, fmt.Sprintf(`{"id":"%d-%d","name":"n%d","paths":[%s"/"]}`, i, j, j, strings.Repeat(`"/x",`, i)))
		}
		page, err := reader.Read([]byte(`{"data":[` + strings.Join(texts, ",") + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		for j, e := range page.Entities {
			sameEntity(t, Routes, texts[j], e)
		}
	}
}

// TestEntitiesThatAreAlikeAreSmall: what is held of each of thousands is what it does not share with others.
func TestEntitiesThatAreAlikeAreSmall(t *testing.T) {
	var texts []string
	for i := range 1000 {
		texts = append(texts, fmt.Sprintf(`{"id":"00000000-0000-4000-8000-%012d","name":"r%d","protocols":["http","https"],"strip_path":true,`+
			`"https_redirect_status_code":426,"path_handling":"v0","preserve_host":true,"regex_priority":0,"request_buffering":true,`+
			`"response_buffering":true,"tags":["k8s-kind:HTTPRoute","k8s-name:r%d","managed-by:gwsync"]}`, i, i, i))
	}
	page, err := NewPageReader(Routes).Read([]byte(`{"data":[` + strings.Join(texts, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	own, forms := 0, map[*form]bool{}
	for _, e := range page.Entities {
		own += len(e.r.own)
		forms[e.r.form] = true
	}
	if own/1000 > 70 || len(forms) > 5 {
		t.Errorf("%d bytes of %d an entity are held, in %d forms", own/1000, len(texts[0]), len(forms))
	}
}
