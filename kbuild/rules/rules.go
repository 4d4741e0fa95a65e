// Package rules knows the debian/rules of module-assistant's tarballs: how to tell one from other rules, the makefile
// fragments that it includes, and what its package's maintainer scripts do. It runs nothing; package recipe does that.
package rules

import (
	"bytes"
	"embed"
	"os"
	"path"

	"mago/debpkg/lazy"
)

// Dir is where module-assistant installs the fragments, and MA_DIR's default in most rules.
const Dir = "/usr/share/modass"

// The fragments are written from the documented contract (README and HOWTO-DEVEL of module-assistant).
//
//go:embed include/*.make
var fragments embed.FS

// names are the fragments' own and those that some rules know them by.
var names = map[string]string{
	"generic.make": "generic.make", "common-rules.make": "common-rules.make",
	"generic.mk": "generic.make", "common-rules.mk": "common-rules.make",
}

var (
	includes = lazy.Regexp(`(?m)^-?s?include[ \t].*/include/(?:generic|common-rules)\.(?:make|mk)\b`)
	targets  = lazy.Regexp(`(?m)^(?:[\w./-]+[ \t]+)*(?:kdist_image|binary-modules)(?:[ \t]+[\w./-]+)*[ \t]*::?(?:[^=:]|$)`)
)

// Recognise reports whether the text of a debian/rules is module-assistant's: it includes the fragments, or has one of the
// targets that build a kernel's package.
func Recognise(text []byte) bool { return includes().Match(text) || targets().Match(text) }

var debhelper = lazy.Regexp(`(?m)^\t.*\b(?:dh|dh_\w+)\b`)

// UsesDebhelper reports whether the text of a debian/rules calls debhelper.
func UsesDebhelper(text []byte) bool { return debhelper().Match(text) }

// Aim has the text of a debian/rules find the fragments below dir where it spells their usual place out.
func Aim(text []byte, dir string) []byte { return bytes.ReplaceAll(text, []byte(Dir), []byte(dir)) }

// Place writes the fragments to dir/include below root; dir is what MA_DIR has to name.
func Place(root *os.Root, dir string) error {
	if err := root.MkdirAll(path.Join(dir, "include"), 0o755); err != nil {
		return err
	}
	for name, fragment := range names {
		text, err := fragments.ReadFile("include/" + fragment)
		if err == nil {
			err = root.WriteFile(path.Join(dir, "include", name), text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
