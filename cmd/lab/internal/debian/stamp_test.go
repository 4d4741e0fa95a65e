package debian

import (
	"testing"
	"testing/fstest"
)

func TestStampHoldsForTheSameSourcesOnly(t *testing.T) {
	s := &Store{dir: t.TempDir()}
	source := func(text string) fstest.MapFS { return fstest.MapFS{"main.go": {Data: []byte(text)}} }
	made, err := s.stamp("system", source("one"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := made.holds(); ok {
		t.Error("a stamp that was never set holds")
	}
	if err := made.set(); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"one": true, "two": false} {
		again, err := s.stamp("system", source(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := again.holds(); ok != want {
			t.Errorf("the stamp of source %q holds: %v, want %v", text, ok, want)
		}
	}
	if err := made.clear(); err != nil {
		t.Fatal(err)
	}
	if _, ok := made.holds(); ok {
		t.Error("a stamp that was cleared holds")
	}
}
