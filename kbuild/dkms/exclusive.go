package dkms

import (
	"fmt"
	"strings"

	"pault.ag/go/debian/version"
)

// Exclusive applies the BUILD_EXCLUSIVE_* directives: the reason why a kernel is not one that the module is meant
// for, "" where it is. config holds the kernel's .config.
func (c *Conf) Exclusive(kernel, arch string, config map[string]string) (string, error) {
	for _, d := range []struct{ directive, value string }{{"BUILD_EXCLUSIVE_KERNEL", kernel}, {"BUILD_EXCLUSIVE_ARCH", arch}} {
		want := c.Value(d.directive)
		if ok, err := matches(want, d.value); err != nil {
			return "", fmt.Errorf("%s: %w", d.directive, err)
		} else if !ok {
			return fmt.Sprintf("%s=%q does not match %s", d.directive, want, d.value), nil
		}
	}
	if reason := c.outside(kernel); reason != "" {
		return reason, nil
	}
	return c.lacksConfig(config), nil
}

func (c *Conf) outside(kernel string) string {
	release := version.Version{Version: kernel}
	if least := c.Value("BUILD_EXCLUSIVE_KERNEL_MIN"); least != "" && version.Compare(release, version.Version{Version: least}) < 0 {
		return fmt.Sprintf("BUILD_EXCLUSIVE_KERNEL_MIN=%q is newer than %s", least, kernel)
	}
	if most := c.Value("BUILD_EXCLUSIVE_KERNEL_MAX"); most != "" && version.Compare(release, version.Version{Version: most}) > 0 {
		return fmt.Sprintf("BUILD_EXCLUSIVE_KERNEL_MAX=%q is older than %s", most, kernel)
	}
	return ""
}

// lacksConfig reads BUILD_EXCLUSIVE_CONFIG: options that must be set (y or m), those after ! that must not.
func (c *Conf) lacksConfig(config map[string]string) string {
	for word := range strings.FieldsSeq(c.Value("BUILD_EXCLUSIVE_CONFIG")) {
		option, not := strings.CutPrefix(word, "!")
		set := config[option] == "y" || config[option] == "m"
		if set == not {
			return fmt.Sprintf("BUILD_EXCLUSIVE_CONFIG wants %s", word)
		}
	}
	return ""
}
