// Package debian makes clean Debian systems for tests. What it downloads and unpacks once it keeps outside the source
// tree; it enters a system with bubblewrap, so that bubblewrap works inside it too, which chroot(2) prevents.
package debian

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// System is a Debian below a directory.
type System struct {
	Dir      string
	Groups   bool   // whether control groups are to be seen, where a machine has them
	archives string // shown as /var/cache/apt/archives
}

// Path is the host's name of a file in the system.
func (s *System) Path(name string) string { return filepath.Join(s.Dir, name) }

// Remove takes the system away.
func (s *System) Remove() error { return os.RemoveAll(s.Dir) }

// Command prepares a program that finds itself on the system as root. /proc is this machine's: the kernel lets nobody
// mount one inside a sandbox that shows a part of it only.
func (s *System) Command(ctx context.Context, args ...string) *exec.Cmd {
	enter := []string{"--bind", s.Dir, "/", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm", "--bind", "/proc", "/proc", "--bind", s.archives, "/var/cache/apt/archives",
		"--chdir", "/root", "--die-with-parent"}
	if s.Groups {
		enter = append(enter, "--bind", "/sys/fs/cgroup", "/sys/fs/cgroup")
	}
	cmd := exec.CommandContext(ctx, "bwrap", slices.Concat(enter, []string{"--"}, args)...)
	cmd.Env = Environment()
	return cmd
}

// Environment is what programs on a system find set: root's, and this machine's proxies.
func Environment() []string {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "USER=root", "SHELL=/bin/bash",
		"LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasSuffix(strings.ToLower(name), "_proxy") {
			env = append(env, variable)
		}
	}
	return env
}

// Run runs a program on the system and gives what it prints.
func (s *System) Run(ctx context.Context, args ...string) (string, error) {
	out, err := s.Command(ctx, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w:\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// RunAll runs programs one after the other until one fails.
func (s *System) RunAll(ctx context.Context, programs ...[]string) error {
	for _, args := range programs {
		if _, err := s.Run(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// Mend finishes what a killed run has left half installed.
func (s *System) Mend(ctx context.Context) error {
	return s.RunAll(ctx, []string{"dpkg", "--configure", "-a"}, []string{"apt-get", "install", "--yes", "--fix-broken"})
}

// NewestKernel is the newest kernel release of the plain flavour that apt has both headers and an image of.
func (s *System) NewestKernel(ctx context.Context) (string, error) {
	out, err := s.Run(ctx, "apt-cache", "search", "--names-only", `^linux-(headers|image)-[0-9.]+-[0-9]+-`+runtime.GOARCH+`$`)
	if err != nil {
		return "", err
	}
	newest := ""
	for release, n := range headersAndImages(out) {
		if n == 2 && slices.Compare(numbers(release), numbers(newest)) > 0 {
			newest = release
		}
	}
	if newest == "" {
		return "", fmt.Errorf("apt has no kernel in:\n%s", out)
	}
	return newest, nil
}

var number = regexp.MustCompile(`[0-9]+`)

func numbers(release string) []int {
	var all []int
	for _, digits := range number.FindAllString(release, -1) {
		n, _ := strconv.Atoi(digits)
		all = append(all, n)
	}
	return all
}
