//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// forbidden are words of a kernel that does not agree with a module.
var forbidden = []string{"disagrees about version", "Unknown symbol", "version magic", "Invalid module format", "Oops", "BUG:", "WARNING:", "Call Trace", "Kernel panic"}

// boot: Debian's kernel, in QEMU, takes the modules in, shows them, and lets them go.
func (s *story) boot(t *testing.T) {
	console := s.qemu(t, s.initramfs(t))
	for _, word := range forbidden {
		console.lacks(t, word)
	}
	console.has(t, "mago: Linux "+s.kernel, "mago: hello: loaded", "mago: hello: listed", "hello: hello, world", "mago: hello: removed",
		"mago: v4l2loopback: loaded", "mago: v4l2loopback: listed", "mago: video0: Dummy video device", "mago: v4l2loopback: removed", "mago: end")
	// acpi_call may find that this machine has nothing for it.
	console.matches(t, `mago: acpi_call: (listed|.*No such device)`)
}

// initramfs holds the modules, what they depend on, and busybox, which loads them in modprobe's order.
func (s *story) initramfs(t *testing.T) []byte {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	a := archive{}
	a.dir("bin", "dev", "proc", "sys", "lib")
	a.file("bin/busybox", readFile(t, busybox), 0o755)
	var load, unload strings.Builder
	for _, module := range modules {
		for line := range strings.Lines(string(s.run(t, "modprobe", "-S", s.kernel, "--show-depends", module))) {
			file := strings.Fields(line)[1]
			a.file("lib/"+path.Base(file), readFile(t, s.Path(file)), 0o644)
			fmt.Fprintf(&load, "load %s\n", moduleName(file))
		}
		fmt.Fprintf(&unload, "unload %s\n", strings.ReplaceAll(module, "-", "_"))
	}
	a.file("init", []byte(fmt.Sprintf(initScript, load.String(), unload.String())), 0o755)
	return a.bytes()
}

func moduleName(file string) string {
	return strings.ReplaceAll(strings.TrimSuffix(path.Base(file), ".ko"), "-", "_")
}

const initScript = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

load() {
	grep -q "^$1 " /proc/modules && return
	file=$(ls /lib | grep -x "$(echo "$1" | sed 's/_/[-_]/g')\.ko")
	if answer=$(insmod "/lib/$file" 2>&1); then
		echo "mago: $1: loaded"
		grep -q "^$1 " /proc/modules && echo "mago: $1: listed"
	else
		echo "mago: $1: $answer"
	fi
}

unload() {
	grep -q "^$1 " /proc/modules || return
	rmmod "$1" && ! grep -q "^$1 " /proc/modules && echo "mago: $1: removed"
}

echo "mago: Linux $(uname -r)"
%secho "mago: video0: $(cat /sys/class/video4linux/video0/name)"
%secho "mago: end"
poweroff -f
`

// qemu boots the kernel and gives what it writes on its serial line until it powers off.
func (s *story) qemu(t *testing.T, initramfs []byte) output {
	file := filepath.Join(t.TempDir(), "initramfs")
	if err := os.WriteFile(file, initramfs, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	return run(t, exec.CommandContext(ctx, "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "512", "-nodefaults", "-no-user-config",
		"-display", "none", "-serial", "stdio", "-no-reboot", "-kernel", s.Path("/boot/vmlinuz-"+s.kernel), "-initrd", file,
		"-append", "console=ttyS0 panic=-1 rdinit=/init"))
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// archive is a cpio archive in the format newc, which the kernel unpacks.
type archive struct {
	bytes.Buffer
	inode int
	have  map[string]bool
}

func (a *archive) dir(names ...string) {
	for _, name := range names {
		a.add(name, 0o040755, nil)
	}
}

func (a *archive) file(name string, content []byte, mode int) { a.add(name, 0o100000|mode, content) }

func (a *archive) add(name string, mode int, content []byte) {
	if a.have[name] {
		return
	}
	if a.have == nil {
		a.have = map[string]bool{}
	}
	a.have[name] = true
	a.inode++
	fmt.Fprintf(a, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		a.inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0, name)
	a.pad()
	a.Write(content)
	a.pad()
}

func (a *archive) pad() { a.Write(make([]byte, -a.Len()&3)) }

func (a *archive) bytes() []byte {
	a.add("TRAILER!!!", 0, nil)
	return a.Bytes()
}
