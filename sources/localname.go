package sources

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"mago/debpkg/word"
	"mago/kbuild/dkms"
)

// UnnamedError says that neither the files of a source nor the directories it lies in give it a name.
type UnnamedError struct{ Source string }

func (e *UnnamedError) Error() string {
	return e.Source + " has no name: no dkms.conf, no changelog, no single module and no directory gives it one"
}

// spot is a directory with its name, which may be that of its archive.
type spot struct {
	root *os.Root // nil where only the name is known
	base string
}

func (s spot) close() {
	if s.root != nil {
		s.root.Close()
	}
}

// identify returns the name and version of the module in a directory: from its files, else from the directory's name, else
// from the directory above. The name is "" where none has one.
func identify(dir, above spot) (name, version string) {
	said, base := factsOf(dir.root), splitBase(dir.base)
	if name = firstName(append(said.names, base.name)...); name == "" {
		upper, upperBase := factsOf(above.root), splitBase(above.base)
		name = firstName(append(upper.names, upperBase.name)...)
		base.version = cmp.Or(base.version, upper.conf, upstream(upper.debian), upperBase.version)
	}
	if debian, err := word.ParseVersion(said.debian); said.conf == "" && err == nil {
		return name, debian.String()
	}
	if version = cmp.Or(said.conf, base.version); version == "" {
		version = moduleVersion(dir.root)
	}
	return name, firstVersion(version, base.version)
}

// facts are what a source's files say.
type facts struct {
	names        []string // the surest first; some are ""
	conf, debian string   // versions: that of dkms.conf and that of debian/changelog
}

func factsOf(root *os.Root) (f facts) {
	if root == nil {
		return f
	}
	name, version := dkms.Literal(startIn(root, "dkms.conf"))
	entry, dated := firstEntry(startIn(root, debianChangelog))
	if f.conf = version; dated {
		f.debian = entry.Version.String()
	}
	f.names = []string{name, entry.Source, controlSource(startIn(root, "debian/control"))}
	if modules, sure := modulesIn(root); sure && len(modules) == 1 {
		f.names = append(f.names, modules[0])
	}
	return f
}

// controlSource is the source package of a debian/control.
func controlSource(control string) string {
	for line := range strings.Lines(control) {
		if name, ok := strings.CutPrefix(line, "Source:"); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// firstName is the first of a source's names that can become one of mago's and is not generic; "" for none.
func firstName(names ...string) string {
	for _, name := range names {
		fit, err := word.ParseName(moduleName(name))
		if err == nil && !isGeneric(fit.String()) && !strings.Contains(fit.String(), "-modules-") {
			return fit.String()
		}
	}
	return ""
}

// firstVersion is the same for versions.
func firstVersion(versions ...string) string {
	for _, version := range versions {
		if fit, err := word.ParseVersion(upstreamVersion(version)); err == nil {
			return fit.String()
		}
	}
	return "0"
}

// CheckName refuses a name for a module by which mago could not find it again: a name with a source package's ending, or a
// word that means many modules.
func CheckName(name string) error {
	fit, err := word.ParseName(name)
	switch {
	case err != nil:
		return err
	case fit.String() == "all", fit.String() == "alli", fit.String() == "allu":
		return fmt.Errorf("%q means many modules", name)
	case strings.Contains(name, "-modules-"):
		return fmt.Errorf("%q looks like the name of a package of modules for one kernel", name)
	case moduleName(name) != name:
		return fmt.Errorf("%q ends like a source package; a module's name has no such ending: %s", name, moduleName(name))
	}
	return nil
}
