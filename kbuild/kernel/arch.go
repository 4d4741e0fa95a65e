package kernel

import (
	"runtime"
	"strings"
)

// machines names architectures as uname -m does on a kernel with that option, which is what dkms.conf calls $arch.
var machines = []struct{ option, machine string }{
	{"CONFIG_X86_64", "x86_64"}, {"CONFIG_ARM64", "aarch64"}, {"CONFIG_X86_32", "i686"}, {"CONFIG_PPC64", "ppc64le"},
	{"CONFIG_S390", "s390x"}, {"CONFIG_RISCV", "riscv64"}, {"CONFIG_ARM", "armv7l"}, {"CONFIG_MIPS", "mips64"}, {"CONFIG_LOONGARCH", "loongarch64"},
}

// machine is the option of a configuration that names its architecture, and the name.
func (c Config) machine() (option, machine string) {
	for _, m := range machines {
		if c[m.option] == "y" {
			return m.option, m.machine
		}
	}
	return "", "unknown"
}

// architectures pairs the beginnings of uname -m's names with what Go calls the programs of such a machine.
var architectures = []struct{ machine, programs string }{
	{"x86_64", "amd64 386"}, {"i686", "amd64 386"}, {"aarch64", "arm64"}, {"armv", "arm"}, {"ppc", "ppc64 ppc64le"},
	{"s390", "s390x"}, {"riscv", "riscv64"}, {"mips", "mips mipsle mips64 mips64le"}, {"loongarch", "loong64"},
}

// Native gives an *ArchError for a kernel of another kind of machine. An x86 of 32 bits is the same kind as one of 64:
// gcc compiles for both. A kernel that does not say what it is for passes.
func (k Kernel) Native() error { return k.native(runtime.GOARCH) }

func (k Kernel) native(programs string) error {
	option, machine := k.Config.machine()
	for _, a := range architectures {
		if !strings.HasPrefix(machine, a.machine) {
			continue
		}
		for name := range strings.FieldsSeq(a.programs) {
			if name == programs {
				return nil
			}
		}
		return &ArchError{k.Release, option, machine, programs}
	}
	return nil
}
