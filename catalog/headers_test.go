package catalog

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/word"
)

func TestHeaderReleasesAreThoseOfSingleKernels(t *testing.T) {
	const found = `linux-headers-6.1.0-56-amd64 - Header files for Linux 6.1.0-56-amd64
linux-headers-6.1.0-56-common - Common header files for Linux 6.1.0-56
linux-headers-6.1.0-56-common-rt - Common header files for Linux 6.1.0-56-rt
linux-headers-6.12.117+deb12-cloud-amd64 - Header files for Linux 6.12.117+deb12-cloud-amd64
linux-headers-6.12-amd64 - Header files for Linux amd64 configuration (meta-package)
`
	run := func(cmd *exec.Cmd) error {
		if got := strings.Join(cmd.Args, " "); got != "apt-cache search --names-only -- ^linux-headers-[0-9]" {
			return fmt.Errorf("unexpected %s", got)
		}
		_, err := cmd.Stdout.Write([]byte(found))
		return err
	}
	got, err := HeaderReleases(context.Background(), Config{Run: run})
	want := []word.Release{word.Must(word.ParseRelease("6.1.0-56-amd64")), word.Must(word.ParseRelease("6.12.117+deb12-cloud-amd64"))}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("HeaderReleases = %q, %v; want %q", got, err, want)
	}
}
