package kernel

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
)

// ofBuild are the options that differ between two builds of one configuration. The compiler's version is an option of its own, too.
var ofBuild = []string{"CONFIG_BUILD_SALT", "CONFIG_CC_VERSION_TEXT"}

// vermagicFiles make the words of a module's vermagic, with the configuration. Those of other machines do no harm.
var vermagicFiles = []string{
	"include/linux/vermagic.h", "include/generated/randstruct_hash.h",
	"arch/arm/include/asm/vermagic.h", "arch/arm64/include/asm/vermagic.h", "arch/loongarch/include/asm/vermagic.h",
	"arch/mips/include/asm/vermagic.h", "arch/powerpc/include/asm/vermagic.h", "arch/riscv/include/asm/vermagic.h",
	"arch/s390/include/asm/vermagic.h", "arch/x86/include/asm/vermagic.h",
}

// Shape is the SHA-256, in hexadecimal digits, over what a kernel asks of modules beside their symbols' CRCs: its machine, its
// configuration, with the version of the compiler that it was built with, and the headers that make a vermagic. It is worked
// out once.
func (k Kernel) Shape() (string, error) {
	if k.shape == nil {
		return "", &HeadersError{Release: k.Release}
	}
	return k.shape()
}

// formed works the shape out.
func (k Kernel) formed() (string, error) {
	config, shape := k.Config(), sha256.New()
	if config == nil {
		return "", &HeadersError{Release: k.Release}
	}
	fmt.Fprintf(shape, "%q %q\n", k.Arch, k.Compiler)
	for _, option := range slices.Sorted(maps.Keys(config)) {
		if !slices.Contains(ofBuild, option) {
			fmt.Fprintf(shape, "%s=%s\n", option, config[option])
		}
	}
	for _, name := range vermagicFiles {
		if err := k.addText(shape, name); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(shape.Sum(nil)), nil
}

// addText adds a file that either half of the headers may have.
func (k Kernel) addText(to io.Writer, name string) error {
	halves := []headers{k.headers}
	if k.Common != "" {
		halves = append(halves, headers{k.headers.in, k.Common})
	}
	for _, h := range halves {
		text, err := h.read(name)
		if err == nil {
			fmt.Fprintf(to, "%s %q\n", name, text)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Differences names the options that keep two kernels from having one Shape.
func (c Config) Differences(other Config) (options []string) {
	both := maps.Clone(c)
	maps.Copy(both, other)
	for _, option := range slices.Sorted(maps.Keys(both)) {
		if c[option] != other[option] && !slices.Contains(ofBuild, option) {
			options = append(options, option)
		}
	}
	return options
}
