package catalog

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
)

// output runs a program in the C locale and returns its standard output; its standard error goes into the error.
func (c Config) output(ctx context.Context, argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := c.run(cmd); err != nil {
		return nil, fmt.Errorf("run %s: %w%s", argv[0], err, complaint(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}

func (c Config) run(cmd *exec.Cmd) error {
	if c.Run == nil {
		return cmd.Run()
	}
	return c.Run(cmd)
}

// complaint is the first line of a program's standard error, with a separator in front.
func complaint(stderr []byte) string {
	first, _, _ := bytes.Cut(bytes.TrimSpace(stderr), newline)
	if len(first) == 0 {
		return ""
	}
	return ": " + string(first)
}
