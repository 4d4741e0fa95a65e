package debian

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// BuildMago builds mago as "make build" does, from the source that the working directory is in.
func BuildMago(ctx context.Context, binary string) error { return Build(ctx, "mago/cmd/mago", binary) }

// Build does so with any command of the source.
func Build(ctx context.Context, command, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, command)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%q: %w:\n%s", cmd.Args, err, out)
	}
	return nil
}

// Deliver builds mago onto the system.
func (s *System) Deliver(ctx context.Context) (binary string, err error) {
	binary = s.Path("/usr/local/bin/mago")
	return binary, BuildMago(ctx, binary)
}

// MagoError is the last error in what mago has printed, without its hints.
func MagoError(output string) string {
	last := ""
	for line := range strings.Lines(output) {
		said, ours := strings.CutPrefix(strings.TrimSpace(line), "mago: ")
		if ours && !strings.HasPrefix(said, "hint:") {
			last = said
		}
	}
	return last
}
