package modpkg

import (
	"regexp"
	"slices"
	"strings"
)

// packaging matches what a source package depends on for its own sake: dkms, the sources of other modules, debhelper
// and its kin, and what the maintainer scripts of a -dkms package call, which mago never runs.
var packaging = regexp.MustCompile(`^(?:dkms|.*-dkms|.*-dkms-any|.*-source|.*-src|module-assistant|kernel-package|` +
	`debhelper|debhelper-compat|dh-.*|cdbs|fakeroot|linux-headers.*|linux-libc-dev|debconf|debconf-2\.0|sysvinit-utils|lsb-base)$`)

// building matches what compiling needs: compilers, development files, and what configure scripts call.
var building = regexp.MustCompile(`^(?:make|gcc|gcc-[0-9].*|g\+\+|cpp|clang.*|llvm.*|lld.*|binutils|build-essential|dpkg-dev|` +
	`quilt|patch|linux-kbuild.*|.*-dev|bc|bison|flex|dwarves|file|gawk|perl|lsb-release|pkg-config|pkgconf|` +
	`python3-distutils|libpython3-stdlib|autoconf|automake|libtool|kmod|xz-utils|bzip2|zstd)$`)

// Running keeps the relations of a field that its modules need at work. Where one of several will do, a module's source
// is not offered: apt could come to install that.
func Running(field string) string {
	kept := Keep(field, func(name string) bool { return !packaging.MatchString(name) && !building.MatchString(name) })
	var relations []string
	for relation := range strings.SplitSeq(kept, ", ") {
		alternatives := slices.DeleteFunc(strings.Split(relation, "|"), func(a string) bool {
			return packaging.MatchString(PackageOf(strings.TrimSpace(a)))
		})
		relations = append(relations, strings.TrimSpace(strings.Join(alternatives, "|")))
	}
	return strings.Join(relations, ", ")
}

// sharing matches what serves at work and may bring headers for others, as xtables-addons-common does.
var sharing = regexp.MustCompile(`-common$`)

// BuildNeeds keeps the relations of a module's field that compiling it needs, or may need.
func BuildNeeds(module, field string) string {
	return Keep(field, func(name string) bool {
		others := sharing.MatchString(name) && !strings.HasPrefix(name, module)
		return !packaging.MatchString(name) && (building.MatchString(name) || others)
	})
}

// Keep keeps the relations of a field whose first package is wanted.
func Keep(field string, want func(name string) bool) string {
	var kept []string
	for relation := range strings.SplitSeq(field, ",") {
		relation = strings.Join(strings.Fields(relation), " ")
		if relation != "" && want(PackageOf(relation)) {
			kept = append(kept, relation)
		}
	}
	return strings.Join(kept, ", ")
}

// PackageOf is the package that a relation names first.
func PackageOf(relation string) string { return relation[:strings.IndexAny(relation+" ", " (|:[<")] }

// Join puts relations together, each once. Of a package that is named alone a name without a version adds nothing.
func Join(fields ...string) string {
	var kept []string
	for _, field := range fields {
		for relation := range strings.SplitSeq(field, ",") {
			relation = strings.TrimSpace(relation)
			if relation != "" && !slices.ContainsFunc(kept, func(k string) bool { return k == relation || implies(k, relation) }) {
				kept = append(kept, relation)
			}
		}
	}
	return strings.Join(kept, ", ")
}

func implies(relation, other string) bool {
	return PackageOf(relation) == PackageOf(other) && !strings.Contains(relation, "|") && !strings.Contains(other, "(")
}
