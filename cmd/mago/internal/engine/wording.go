package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Size writes bytes as people read them, in powers of ten as apt does.
func Size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1000_000:
		return fmt.Sprintf("%.0f kB", float64(bytes)/1e3)
	case bytes < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}

// Ago writes the age of something coarsely.
func Ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%.0f min old", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h old", d.Hours())
	}
	return fmt.Sprintf("%.0f days old", d.Hours()/24)
}

func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// InWords is a list as a sentence has it, with at most so many of its words.
func InWords(words []string, most int) string {
	if more := len(words) - most; more > 0 {
		words = append(slices.Clone(words[:most]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(words, ", ")
}
