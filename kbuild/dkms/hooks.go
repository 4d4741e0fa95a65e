package dkms

import "strings"

// HookDirectives name the scripts that dkms runs when it installs modules and after it has removed them.
var HookDirectives = []string{"PRE_INSTALL", "POST_INSTALL", "POST_REMOVE"}

// Hook gives the script of such a directive, relative to the source, and its arguments: words that blanks part, as
// dkms reads them; "" where there is none.
func (c *Conf) Hook(directive string) (script string, arguments []string) {
	words := strings.Fields(c.Value(directive))
	if len(words) == 0 {
		return "", nil
	}
	return words[0], words[1:]
}

// Overrides names the files below /etc/dkms that are read after a dkms.conf, in their order, as evaluate.bash does.
func Overrides(name, version, kernel, arch string) []string {
	return []string{
		name + ".conf", name + "-" + version + ".conf", name + "-" + version + "-" + kernel + ".conf",
		name + "-" + version + "-" + kernel + "-" + arch + ".conf", name + "--" + kernel + ".conf", name + "--" + kernel + "-" + arch + ".conf",
	}
}
