package dkms

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// MakeCommand is the MAKE directive for a kernel: the last whose MAKE_MATCH fits, else MAKE[0], else dkms's own.
func (c *Conf) MakeCommand(kernel string) (string, error) {
	command := ""
	for _, i := range c.Indexes("MAKE") {
		match := c.values["MAKE_MATCH"][i]
		if i > 0 && match == "" || c.values["MAKE"][i] == "" {
			continue
		}
		ok, err := matches(match, kernel)
		if err != nil {
			return "", fmt.Errorf("MAKE_MATCH[%d]: %w", i, err)
		}
		if ok {
			command = c.values["MAKE"][i]
		}
	}
	if command == "" {
		command = "make -C $kernel_source_dir M=$dkms_tree/$module/$module_version/build"
	}
	return command, nil
}

// Patches lists the files below patches/ to apply, in the order of their indexes.
func (c *Conf) Patches(kernel string) ([]string, error) {
	var patches []string
	for _, i := range c.Indexes("PATCH") {
		ok, err := matches(c.values["PATCH_MATCH"][i], kernel)
		if err != nil {
			return nil, fmt.Errorf("PATCH_MATCH[%d]: %w", i, err)
		}
		if ok && slices.Contains(strings.Split(c.values["PATCH"][i], "/"), "..") {
			return nil, fmt.Errorf("PATCH[%d]: %q leaves the directory patches", i, c.values["PATCH"][i])
		}
		if ok && c.values["PATCH"][i] != "" {
			patches = append(patches, c.values["PATCH"][i])
		}
	}
	return patches, nil
}

// gnu are the escapes of the C library that Go spells otherwise.
var gnu = strings.NewReplacer(`\\`, `\\`, `\<`, `\b`, `\>`, `\b`)

// matches applies a POSIX extended expression as bash's =~ does; an empty one fits everything.
func matches(expression, s string) (bool, error) {
	if expression == "" {
		return true, nil
	}
	re, err := regexp.Compile(gnu.Replace(expression))
	if err != nil {
		return false, err
	}
	return re.MatchString(s), nil
}
