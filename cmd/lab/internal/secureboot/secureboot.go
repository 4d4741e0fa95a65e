// Package secureboot makes machines that boot under Secure Boot: OVMF with Microsoft's keys and those of a test, Debian's shim and
// grub, and a signed kernel. What it makes them with comes from a Debian 13, whose virt-fw-vars writes OVMF's variables.
package secureboot

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mago/cmd/lab/internal/debian"
	"mago/cmd/lab/internal/vm"
)

//go:embed *.go
var own embed.FS

// Workshop is a Debian 13 with the firmware, the boot loaders, and the programs that put a machine together.
type Workshop struct{ system *debian.System }

// Open gives the workshop in a store of Debian 13, as an earlier run left it or made anew. It is there for whoever has the store.
func Open(ctx context.Context, store *debian.Store) (*Workshop, error) {
	system, err := store.Kept(ctx, "secureboot", []fs.FS{own}, func(s *debian.System) error {
		return s.RunAll(ctx, []string{"apt-get", "update"}, []string{"apt-get", "install", "--yes", "--no-install-recommends",
			"ovmf", "shim-signed", "grub-efi-amd64-signed", "python3-virt-firmware", "mtools", "dosfstools", "efitools", "e2fsprogs"})
	})
	return &Workshop{system}, err
}

// Machine puts a machine's files into a directory. It starts the kernel with the initramfs.
func (w *Workshop) Machine(ctx context.Context, dir string, kernel, initramfs []byte, enrolled Enrolled) (vm.PC, error) {
	pc := vm.PC{Firmware: filepath.Join(dir, "firmware.fd"), Variables: filepath.Join(dir, "variables.fd"), Disk: filepath.Join(dir, "disk.img")}
	if err := w.fetch("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", pc.Firmware); err != nil {
		return pc, err
	}
	if err := w.variables(ctx, pc.Variables, enrolled); err != nil {
		return pc, fmt.Errorf("write the firmware's variables: %w", err)
	}
	if err := w.disk(ctx, pc.Disk, kernel, initramfs); err != nil {
		return pc, fmt.Errorf("make the disk: %w", err)
	}
	return pc, nil
}

// bench is where the workshop works on a machine.
const bench = "/srv/bench"

// clear empties the bench.
func (w *Workshop) clear() error {
	if err := os.RemoveAll(w.system.Path(bench)); err != nil {
		return err
	}
	return os.Mkdir(w.system.Path(bench), 0o755)
}

// put lays a file on the bench.
func (w *Workshop) put(name string, content []byte) error {
	return os.WriteFile(w.system.Path(filepath.Join(bench, name)), content, 0o644)
}

// fetch copies a file of the workshop.
func (w *Workshop) fetch(name, to string) error {
	content, err := os.ReadFile(w.system.Path(name))
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}
