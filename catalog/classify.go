package catalog

import (
	"bytes"
	"strings"

	"mago/debpkg/control"
)

// worthDecoding reports whether a raw paragraph may be a module source. It has no false negatives, and turns nearly all of
// apt's lists away with one search.
func worthDecoding(raw []byte) bool {
	if bytes.Contains(raw, []byte("dkms")) {
		return true
	}
	if first, _, ok := bytes.Cut(raw, []byte("\n")); ok && bytes.HasPrefix(first, []byte("Package: ")) {
		return sourceName(string(bytes.TrimSpace(first)))
	}
	return bytes.Contains(raw, []byte("-source")) || bytes.Contains(raw, []byte("-src"))
}

func sourceName(name string) bool {
	return strings.HasSuffix(name, "-source") || strings.HasSuffix(name, "-src")
}

// classify reports whether a paragraph is a module source, and of which kind. A dkms source depends on dkms or has a name like
// it, except debhelper's add-ons (dh-dkms). A module-assistant source ends in -source or -src and, as its HOWTO asks,
// build-depends on debhelper or is in section kernel; fonts and the kernel's own source do not qualify.
func classify(p control.Paragraph) (Kind, bool) {
	name := p.Get("Package")
	depends := p.Get("Depends") + "," + p.Get("Pre-Depends")
	switch {
	case strings.HasPrefix(name, "dh-"):
		return "", false
	case strings.HasSuffix(name, "-dkms"), dependsOn(depends, "dkms"):
		return DKMS, true
	case !sourceName(name), kernelSource(name, sourceOf(p)), section(p) == "fonts":
		return "", false
	case section(p) == "kernel", dependsOn(depends, "module-assistant", "debhelper", "debhelper-compat"):
		return ModuleAssistant, true
	}
	return "", false
}

// kernelSource knows linux-source-6.1 and what else comes from linux or linux-6.12, but leaves linux-apfs-rw alone.
func kernelSource(name, source string) bool {
	if strings.HasPrefix(name, "linux-source") || source == "linux" {
		return true
	}
	version, ok := strings.CutPrefix(source, "linux-")
	return ok && version != "" && version[0] >= '0' && version[0] <= '9'
}

// dependsOn reports whether a relationship field (Debian Policy 7.1) names one of the packages, also as an alternative.
func dependsOn(relations string, names ...string) bool {
	for relation := range strings.FieldsFuncSeq(relations, func(r rune) bool { return r == ',' || r == '|' }) {
		relation = strings.TrimSpace(relation)
		if i := strings.IndexAny(relation, " \t\n(:[<"); i >= 0 {
			relation = relation[:i]
		}
		for _, name := range names {
			if relation == name {
				return true
			}
		}
	}
	return false
}

// section is the Section without the archive area before it (Debian Policy 2.4).
func section(p control.Paragraph) string {
	s := p.Get("Section")
	return s[strings.LastIndexByte(s, '/')+1:]
}

// sourceOf is the source package's name, without the version that Debian Policy 5.6.1 allows behind it.
func sourceOf(p control.Paragraph) string {
	if name, _, _ := strings.Cut(p.Get("Source"), " "); name != "" {
		return name
	}
	return p.Get("Package")
}

// ModuleName is the module that a source package brings: its name without -dkms, -source or -src and then without
// a trailing -modules.
func ModuleName(pkg string) string {
	for _, suffix := range []string{"-dkms", "-source", "-src"} {
		if name, ok := strings.CutSuffix(pkg, suffix); ok {
			pkg = name
			break
		}
	}
	return strings.TrimSuffix(pkg, "-modules")
}
