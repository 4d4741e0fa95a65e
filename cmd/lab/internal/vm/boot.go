package vm

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// Boot runs a kernel's /init of an initramfs with that many megabytes of memory until the machine powers off, panics,
// or the context ends, and gives its console. The processor is emulated: machines that build often have no /dev/kvm
// that works.
func Boot(ctx context.Context, kernel string, initramfs []byte, megabytes int) (console []byte, err error) {
	dir, err := os.MkdirTemp("", "mago-vm-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "initramfs")
	if err := os.WriteFile(file, initramfs, 0o644); err != nil {
		return nil, err
	}
	return qemu(ctx, megabytes, "-kernel", kernel, "-initrd", file, "-append", "console=ttyS0 panic=-1 rdinit=/init")
}

func qemu(ctx context.Context, megabytes int, args ...string) (console []byte, err error) {
	common := []string{"-accel", "tcg", "-cpu", "max", "-m", strconv.Itoa(megabytes), "-nodefaults", "-no-user-config", "-display", "none",
		"-serial", "stdio", "-no-reboot"}
	return exec.CommandContext(ctx, "qemu-system-x86_64", append(common, args...)...).CombinedOutput()
}
