package store

import "testing"

// A key is the same for inputs in any order, and another for any other input.
func TestKeyOf(t *testing.T) {
	id := ID{"hello", "6.1.0-9-amd64"}
	source, tool := Input{"source", "hello-dkms", "1.0-1", "ab"}, Input{"tool", "gcc-12", "12.2.0-14", ""}
	key := KeyOf(id, []Input{source, tool})
	if other := KeyOf(id, []Input{tool, source}); other != key {
		t.Error("the order counts")
	}
	keys := map[string]string{key: "the same"}
	add := func(name, key string) {
		if same, ok := keys[key]; ok {
			t.Errorf("%s has the key of %s", name, same)
		}
		keys[key] = name
	}
	add("another kernel", KeyOf(ID{"hello", "6.1.0-10-amd64"}, []Input{source, tool}))
	add("another module", KeyOf(ID{"hell", "6.1.0-9-amd64"}, []Input{source, tool}))
	add("one input less", KeyOf(id, []Input{source}))
	for name, change := range map[string]func(*Input){
		"role": func(i *Input) { i.Role = "kernel" }, "name": func(i *Input) { i.Name = "gcc-13" },
		"version": func(i *Input) { i.Version = "13" }, "hash": func(i *Input) { i.SHA256 = "cd" },
	} {
		changed := tool
		change(&changed)
		add("another "+name, KeyOf(id, []Input{source, changed}))
	}
}
