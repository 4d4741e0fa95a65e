package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestSourceDateEpoch(t *testing.T) {
	for value, want := range map[string]time.Time{
		"": {}, "0": time.Unix(0, 0).UTC(), "1700000000": time.Unix(1700000000, 0).UTC(),
	} {
		if got, err := sourceDateEpoch(value); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"-1", "now", "1.5", " 1"} {
		if _, err := sourceDateEpoch(value); err == nil {
			t.Errorf("%q is taken", value)
		}
	}
}

// What talks to tokens lies beside mago, or in libexec of the same installation.
func TestTokenPrograms(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(self)
	want := []string{filepath.Join(dir, "mago-pkcs11"), filepath.Join(dir, "../libexec/mago/mago-pkcs11"), "/usr/local/libexec/mago/mago-pkcs11", "/usr/libexec/mago/mago-pkcs11"}
	if got := tokenPrograms(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
