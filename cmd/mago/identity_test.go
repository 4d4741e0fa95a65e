package main

import (
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
