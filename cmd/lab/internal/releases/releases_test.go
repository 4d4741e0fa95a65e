package releases

import (
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestIn(t *testing.T) {
	var lines strings.Builder
	for _, release := range []string{"6.12.107+deb13", "6.12.115+deb13", "6.12.115+deb13.1", "6.12.118+deb13", "6.12.118+deb13-rt", "6.1.0-56", "6.1.0-56-cloud"} {
		for _, kind := range []string{"headers", "image"} {
			lines.WriteString("linux-" + kind + "-" + release + "-" + runtime.GOARCH + " - a kernel\n")
		}
	}
	lines.WriteString("linux-image-6.12.119+deb13-" + runtime.GOARCH + " - without headers\n")
	var want []string
	for _, release := range []string{"6.12.118+deb13", "6.12.115+deb13.1", "6.12.115+deb13", "6.12.107+deb13", "6.1.0-56"} {
		want = append(want, release+"-"+runtime.GOARCH)
	}
	if got := in(lines.String()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
