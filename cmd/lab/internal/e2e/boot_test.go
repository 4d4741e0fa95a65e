//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"mago/cmd/lab/internal/vm"
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
		"mago: xtrx: loaded", "mago: lender: loaded", "mago: borrower: loaded", "borrower: got 42", "mago: borrower: removed", "mago: lender: removed",
		"mago: v4l2loopback: loaded", "mago: v4l2loopback: listed", "mago: video0: Dummy video device", "mago: v4l2loopback: removed", "mago: end")
	// acpi_call may find that this machine has nothing for it.
	console.matches(t, `mago: acpi_call: (listed|.*No such device)`)
	console.matches(t, `mago: leds_alix: (listed|.*No such device)`)
}

// initramfs holds the modules, what they depend on, and busybox, which loads them in modprobe's order.
func (s *story) initramfs(t *testing.T) []byte {
	a, err := vm.BusyBox()
	if err != nil {
		t.Fatal(err)
	}
	var load, unload strings.Builder
	for _, module := range modules {
		for line := range strings.Lines(string(s.run(t, "modprobe", "-S", s.kernel, "--show-depends", module))) {
			file := strings.Fields(line)[1]
			a.File("lib/"+path.Base(file), readFile(t, s.Path(file)), 0o644)
			fmt.Fprintf(&load, "load %s\n", moduleName(file))
		}
	}
	for _, module := range slices.Backward(modules) {
		if module != "xtrx" { // whose own cleanup oopses where it has found no hardware
			fmt.Fprintf(&unload, "unload %s\n", strings.ReplaceAll(module, "-", "_"))
		}
	}
	a.Init(fmt.Sprintf(initScript, load.String(), unload.String()))
	return a.Bytes()
}

func moduleName(file string) string {
	return strings.ReplaceAll(strings.TrimSuffix(path.Base(file), ".ko"), "-", "_")
}

const initScript = `load() {
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
`

// qemu boots the kernel and gives what it writes on its serial line until it powers off.
func (s *story) qemu(t *testing.T, initramfs []byte) output {
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	console, err := vm.Boot(ctx, s.Path("/boot/vmlinuz-"+s.kernel), initramfs, 512)
	t.Logf("%s", console)
	if err != nil {
		t.Fatal(err)
	}
	return output(console)
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
