package debian

import (
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestNewestKernels(t *testing.T) {
	var lines, want strings.Builder
	for _, release := range []string{"6.1.0-9", "6.1.0-56", "6.1.0-56-cloud", "6.1.0-55-rt", "6.12.9+deb12", "6.12.117+deb12", "6.12.117+deb12.1",
		"6.12.117+deb12-rt", "6.12", "6.12-cloud"} {
		for _, kind := range []string{"headers", "image"} {
			lines.WriteString("linux-" + kind + "-" + release + "-" + runtime.GOARCH + " - a kernel\n")
		}
	}
	lines.WriteString("linux-image-6.1.0-99-" + runtime.GOARCH + " - without headers\n")
	for _, release := range []string{"6.1.0-56", "6.1.0-56-cloud", "6.1.0-55-rt", "6.12.117+deb12.1"} {
		want.WriteString(release + "-" + runtime.GOARCH + "\n")
	}
	if got := newestKernels(lines.String()); !slices.Equal(got, strings.Fields(want.String())) {
		t.Errorf("newestKernels = %q, want %q", got, strings.Fields(want.String()))
	}
}
