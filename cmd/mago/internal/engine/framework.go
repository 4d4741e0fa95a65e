package engine

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// notFollowed matches the settings of dkms's framework.conf that say what is to be done with modules and that mago does not do:
// it signs nothing, loads nothing, and runs nothing afterwards.
var notFollowed = regexp.MustCompile(`(?m)^\s*(?:export\s+)?(sign_file|mok_signing_key|mok_certificate|modprobe_on_install|post_transaction)=["']?[^"'\s#]`)

// ignoredSettings names them and the files that they stand in. What cannot be read sets nothing.
func ignoredSettings(root string) (names, files []string) {
	drops, _ := filepath.Glob(filepath.Join(root, "/etc/dkms/framework.conf.d/*.conf")) // the pattern is a good one
	for _, file := range append([]string{filepath.Join(root, "/etc/dkms/framework.conf")}, drops...) {
		text, _ := os.ReadFile(file)
		found := notFollowed.FindAllSubmatch(text, -1)
		for _, m := range found {
			names = append(names, string(m[1]))
		}
		if len(found) > 0 {
			files = append(files, filepath.Join("/", strings.TrimPrefix(file, root)))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), files
}

// tellIgnored says so where a module is built by its dkms.conf.
func (bu *builder) tellIgnored() {
	if names, files := ignoredSettings(bu.Root); len(names) > 0 {
		bu.say.note("note", "%s: mago does not follow %s", strings.Join(files, ", "), strings.Join(names, ", "))
	}
}
