package dkms

import (
	"fmt"
	"slices"
	"strings"
)

// MakeCommand is the MAKE directive for the kernel: the last whose MAKE_MATCH fits, else MAKE[0], else dkms's own.
func (c *Conf) MakeCommand() string {
	command := ""
	for _, i := range c.Indexes("MAKE") {
		match := c.values["MAKE_MATCH"][i]
		if i > 0 && match == "" || c.values["MAKE"][i] == "" {
			continue
		}
		if c.verdict("MAKE_MATCH", i) == fits {
			command = c.values["MAKE"][i]
		}
	}
	if command == "" {
		command = "make -C $kernel_source_dir M=$dkms_tree/$module/$module_version/build"
	}
	return command
}

// Patches lists the files below patches/ to apply, in the order of their indexes.
func (c *Conf) Patches() ([]string, error) {
	var patches []string
	for _, i := range c.Indexes("PATCH") {
		file := c.values["PATCH"][i]
		if file == "" || c.verdict("PATCH_MATCH", i) != fits {
			continue
		}
		if slices.Contains(strings.Split(file, "/"), "..") {
			return nil, fmt.Errorf("PATCH[%d]: %q leaves the directory patches", i, file)
		}
		patches = append(patches, file)
	}
	return patches, nil
}
