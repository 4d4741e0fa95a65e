package apt

import (
	"os/exec"
	"slices"
	"testing"
)

// talk is what apt-get of Debian 12 prints of two packages of an archive without a signature, and of one that it cannot get.
const talk = `Reading package lists...
Reinstallation of gone-tool is not possible, it cannot be downloaded.
Need to get 0 B/1292 B of archives.
WARNING: The following packages cannot be authenticated!
  bar-tool foo-tool:i386
  third
Authentication warning overridden.
  not-one
Get:1 file:/srv/r2 ./ bar-tool 2.0-1 [640 B]
`

// TestUnchecked: whatever the pieces that it comes in, and whether the tool fails or not, the packages are told of.
func TestUnchecked(t *testing.T) {
	for _, size := range []int{1, 7, len(talk)} {
		var told [2][]string
		in := &Installer{Unchecked: func(unchecked, kept []string) { told = [2][]string{unchecked, kept} }, Run: func(cmd *exec.Cmd) error {
			for piece := range slices.Chunk([]byte(talk), size) {
				if _, err := cmd.Stdout.Write(piece); err != nil {
					t.Error(err)
				}
			}
			return nil
		}}
		if err := in.tool(t.Context(), "apt-get", "install"); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(told[0], []string{"bar-tool", "foo-tool", "third"}) || !slices.Equal(told[1], []string{"gone-tool"}) {
			t.Errorf("in pieces of %d bytes: got %q", size, told)
		}
	}
}
