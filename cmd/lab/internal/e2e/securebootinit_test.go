//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"mago/cmd/lab/internal/vm"
)

const tryScript = `try() {
	dmesg -c >/dev/null
	if answer=$(insmod "/lib/$1.ko" 2>&1); then
		answer=loaded
		rmmod hello
	fi
	echo "mago: $1: $answer"
	dmesg | sed "s/^\[[^]]*\] /mago: $1: /"
}

echo "mago: Linux $(uname -r)"
dmesg | sed -nE 's/^\[[^]]*\] (integrity|secureboot|Kernel is locked)/mago: \1/p'
grep asymmetri /proc/keys
`

// variablesScript makes the firmware's variables visible, and tellScript prints them and what else decides about signatures.
const (
	variablesScript = `insmod /lib/efivarfs.ko
mount -t efivarfs efivarfs /sys/firmware/efi/efivars
mount -t securityfs securityfs /sys/kernel/security
`
	tellScript = `tell() {
	for file in "$@"; do
		mkdir -p "/told${file%/*}" && cat "$file" >"/told$file"
	done
	tar -C /told -cz . | base64
}

echo "mago: told"
tell /proc/keys /proc/version /proc/cmdline /sys/kernel/security/lockdown /sys/module/module/parameters/sig_enforce \
	/sys/firmware/efi/efivars/* /sys/firmware/efi/mok-variables/*
echo "mago: end"
`
)

// initramfs tries the modules in order; as all are called hello, each is taken out again.
func (m *secured) initramfs(t *testing.T) []byte {
	a, err := vm.BusyBox()
	if err != nil {
		t.Fatal(err)
	}
	a.File("lib/efivarfs.ko", m.kernel.efivarfs, 0o644)
	var try strings.Builder
	for _, attempt := range m.attempts {
		a.File("lib/"+attempt.name+".ko", attempt.module, 0o644)
		fmt.Fprintf(&try, "try %s\n", attempt.name)
	}
	a.Init(tryScript + try.String() + variablesScript + tellScript)
	return a.Bytes()
}
