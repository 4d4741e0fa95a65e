package kernel

import (
	"runtime"
	"slices"
	"strings"
)

// machines names architectures as uname -m does on a kernel with that option, which is what dkms.conf calls $arch, with what Go
// calls the programs of such a machine. An x86 of 32 bits is the same kind as one of 64: gcc compiles for both.
var machines = []struct{ option, machine, programs string }{
	{"CONFIG_X86_64", "x86_64", "amd64 386"}, {"CONFIG_ARM64", "aarch64", "arm64"}, {"CONFIG_X86_32", "i686", "amd64 386"},
	{"CONFIG_PPC64", "ppc64le", "ppc64 ppc64le"}, {"CONFIG_S390", "s390x", "s390x"}, {"CONFIG_RISCV", "riscv64", "riscv64"}, {"CONFIG_ARM", "armv7l", "arm"},
	{"CONFIG_MIPS", "mips64", "mips mipsle mips64 mips64le"}, {"CONFIG_LOONGARCH", "loongarch64", "loong64"},
}

// machine is the option of a configuration that names its architecture, the name, and its programs; "unknown" without any
// where no option does.
func (c Config) machine() (option, machine, programs string) {
	for _, m := range machines {
		if c[m.option] == "y" {
			return m.option, m.machine, m.programs
		}
	}
	return "", "unknown", ""
}

// Native gives an *ArchError for a kernel of another kind of machine. A kernel that does not say what it is for passes.
func (k Kernel) Native() error { return k.native(runtime.GOARCH) }

func (k Kernel) native(here string) error {
	option, machine, programs := k.Config().machine()
	if option == "" || slices.Contains(strings.Fields(programs), here) {
		return nil
	}
	return &ArchError{k.Release, option, machine, here}
}
