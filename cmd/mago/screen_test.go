package main

import (
	"testing"
	"time"

	"mago/cmd/mago/internal/engine"
)

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1 kB", 1499: "1 kB", 1500: "2 kB", 999_499: "999 kB",
		1_000_000: "1.0 MB", 12_345_678: "12.3 MB", 999_949_999: "999.9 MB", 1_000_000_000: "1.0 GB", 4_650_000_000: "4.7 GB",
	} {
		if got := engine.Size(bytes); got != want {
			t.Errorf("size(%d) = %q, want %q", bytes, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "just now", 59 * time.Second: "just now", time.Minute: "1 min old", 59 * time.Minute: "59 min old",
		time.Hour: "1 h old", 47 * time.Hour: "47 h old", 48 * time.Hour: "2 days old", 1000 * time.Hour: "42 days old",
	} {
		if got := engine.Ago(d); got != want {
			t.Errorf("ago(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestWithFigure(t *testing.T) {
	for _, c := range []struct {
		text, figure string
		width        int
		broken       bool
		want         string
	}{
		{"build    done", "", 20, true, "build    done"},
		{"build    done", "1.0 s", 20, false, "build    done  1.0 s"},
		{"build    Größe", "1 kB", 24, true, "build    Größe      1 kB"},
		{"build    漢字", "1 kB", 20, false, "build    漢字   1 kB"},
		{"build    too long for that", "1 kB", 20, false, "build    too long for that  1 kB"},
		{"build    too long", "1 kB", 20, true, "build    too long\n                1 kB"},
		{"build    too long\n         for that", "1 kB", 30, true, "build    too long\n         for that         1 kB"},
	} {
		if got := withFigure(c.text, c.figure, c.width, c.broken); got != c.want {
			t.Errorf("withFigure(%q, %q, %d, %v) = %q, want %q", c.text, c.figure, c.width, c.broken, got, c.want)
		}
	}
}
