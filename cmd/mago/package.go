package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"mago/debpkg"
	"mago/debpkg/codec"
	"mago/debpkg/visible"
	"mago/kbuild"
	"mago/sources"
)

// packageOf makes the Debian package of one unit's modules.
func (a *app) packageOf(u unit, result *kbuild.Result) (*debpkg.Package, error) {
	arch, err := a.architecture()
	if err != nil {
		return nil, err
	}
	p := &debpkg.Package{
		Control: u.control(arch, maintainer(u), result),
		Scripts: u.scripts(result.Hooks),
		ModTime: a.buildEpoch(u.target),
	}
	for _, m := range result.Modules {
		file, err := debpkg.OnDisk(m.Path, m.File)
		if err != nil {
			return nil, err
		}
		file.Mode = 0o644
		p.Files = append(p.Files, file)
	}
	p.Files = append(p.Files, u.depmodOrder(result.Modules))
	docs, err := u.docs(u.packageName(), u.entry(p.ModTime))
	p.Files = append(p.Files, docs...)
	return p, errors.Join(err, u.carry(p, result.Package))
}

// buildEpoch is the date in everything built: SOURCE_DATE_EPOCH where it is set, else the source's own.
func (a *app) buildEpoch(t target) time.Time {
	if !a.epoch.IsZero() {
		return a.epoch
	}
	return t.tree.ModTime.UTC().Truncate(time.Second)
}

func (u unit) control(arch, maintainer string, result *kbuild.Result) []debpkg.Field {
	var depends, recommends, provides, source, homepage string
	for _, n := range u.needed {
		relation := packageName(n.name, "modules", u.kernel.Release)
		switch {
		case slices.Contains(result.Uses, n.name):
			depends = join(depends, relation)
		case !n.unbuilt:
			recommends = join(recommends, relation)
		}
	}
	if p := u.pkg; p != nil {
		depends = join(depends, running(p.PreDepends+","+p.Depends))
		recommends, provides = join(recommends, running(p.Recommends)), p.Provides
		if u.unauthenticated() {
			provides = keep(provides, u.isOwn)
		}
		source, homepage = fmt.Sprintf("%s (%s)", p.Source, u.version), p.Homepage
	}
	return []debpkg.Field{
		{Name: "Package", Value: u.packageName()},
		{Name: "Source", Value: source},
		{Name: "Version", Value: u.packageVersion()},
		{Name: "Architecture", Value: arch},
		{Name: "Maintainer", Value: maintainer},
		{Name: "Depends", Value: depends},
		{Name: "Recommends", Value: join(packageName("linux-image", u.kernel.Release), recommends)},
		{Name: "Provides", Value: join(provides, packageName(u.name, "modules"))}, // the source's own may have a version,
		{Name: "Section", Value: "kernel"},
		{Name: "Priority", Value: "optional"},
		{Name: "Homepage", Value: homepage},
		{Name: "Description", Value: u.description(result.Modules)},
	}
}

func (u unit) description(modules []kbuild.Module) string {
	var names []string
	for _, m := range modules {
		names = append(names, m.Name)
	}
	k := u.kernel
	return fmt.Sprintf("%s kernel modules for Linux %s\n%s\n\n%s", u.name, k.Release,
		wrapped(fmt.Sprintf("These modules are for Linux %s, version %s: %s.", k.Release, k.Version, strings.Join(names, ", "))),
		wrapped("Built by mago from "+u.origin()+". The modules are not signed: a kernel that asks for signatures, as under Secure Boot, does not load them."))
}

// origin is what a package was made from, as its description says: of what came from no signed archive, that too.
func (u unit) origin() string {
	if u.pkg == nil {
		return fmt.Sprintf("a local %s, version %s, that came from no archive and has the SHA-256 %s", u.tree.Origin, u.version, u.sourceDigest())
	}
	what := u.pkg.Name.String() + " " + u.version
	switch {
	case u.tree.Origin == sources.Host:
		return what + ", as it lay in /usr/src"
	case u.edited:
		return what + ", as it lay opened and maybe edited in mago's cache"
	case u.unauthenticated():
		return what + ", out of an archive without a checked signature"
	}
	return what
}

// unauthenticated reports whether the source came from an archive that nobody has vouched for.
func (u unit) unauthenticated() bool {
	return u.pkg != nil && u.pkg.Unauthenticated && u.tree.Origin == sources.Archive
}

// wrapped breaks text into the lines that Policy 5.6.13 wants in a description.
func wrapped(text string) string {
	var lines strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		if column > 0 && column+1+len(word) > 75 {
			lines.WriteByte('\n')
			column = 0
		} else if column > 0 {
			lines.WriteByte(' ')
			column++
		}
		lines.WriteString(word)
		column += len(word)
	}
	return lines.String()
}

// maintainer is whom the environment names, as module-assistant does, else the source package's.
func maintainer(u unit) string {
	name := cmp.Or(os.Getenv("KMAINT"), os.Getenv("DEBFULLNAME"), os.Getenv("DEBNAME"))
	email := cmp.Or(os.Getenv("KEMAIL"), os.Getenv("DEBEMAIL"))
	switch {
	case name != "" && email != "":
		return fmt.Sprintf("%s <%s>", name, email)
	case u.pkg != nil && u.pkg.Maintainer != "":
		return u.pkg.Maintainer
	}
	return "Local Administrator <nobody@mago.invalid>"
}

// depmodScript runs depmod where the kernel itself is installed: without it there is nothing to load modules into,
// and files of depmod's making would be left over. /sbin/depmod is there with a merged /usr and without. A removal goes on where
// it fails: the modules have gone.
const depmodScript = `
if [ "$1" = %s ] && [ -e %s/modules.builtin ] && [ -x /sbin/depmod ]; then
	/sbin/depmod %s%s
fi
`

// scripts are the maintainer scripts. As with dkms, the source's own come before depmod.
func (u unit) scripts(hooks []kbuild.Hook) map[string]string {
	all := hookScripts(hooks)
	k := u.kernel
	all["postinst"] += fmt.Sprintf(depmodScript, "configure", k.ModulesDir, k.Release, "")
	all["postrm"] += fmt.Sprintf(depmodScript, "remove", k.ModulesDir, k.Release, ` || echo "warning: depmod failed (exit status $?)" >&2`)
	for script := range all {
		all[script] = maintainerScript + all[script]
	}
	return all
}

// depmodOrder is a depmod.d(5) file that has these modules win over others of the same names: between updates/mago and
// updates/dkms depmod by itself takes what it happens to read last.
func (u unit) depmodOrder(modules []kbuild.Module) debpkg.File {
	var text strings.Builder
	for _, m := range modules {
		fmt.Fprintf(&text, "override %s %s %s\n", m.Name, u.kernel.Release, kbuild.Subdirectory)
	}
	lib := filepath.Dir(filepath.Dir(u.kernel.ModulesDir))
	return debpkg.Bytes(filepath.Join(lib, "depmod.d", u.packageName()+".conf"), []byte(text.String()))
}

// docs are the two files that Policy 12.5 and 12.7 want of a package; its changelog begins with entry.
func (u unit) docs(pkg, entry string) ([]debpkg.File, error) {
	dir := "/usr/share/doc/" + pkg
	statement := []byte(fmt.Sprintf("The source of these modules, %s, came without a statement of its copyright.\n"+
		"modinfo(8) shows the licence that each module declares.\n", u.name))
	if u.tree.Copyright != "" {
		var text bytes.Buffer
		if err := u.appendDoc(&text, u.tree.Copyright); err != nil {
			return nil, err
		}
		statement = text.Bytes()
	}
	log, err := u.changelog(entry)
	if err != nil {
		return nil, err
	}
	return []debpkg.File{debpkg.Bytes(dir+"/copyright", statement), debpkg.Bytes(dir+"/changelog.Debian.gz", log)}, nil
}

// entry is the changelog entry of this build, a second younger than the source's last.
func (u unit) entry(date time.Time) string {
	what := fmt.Sprintf("Built by mago for Linux %s (%s).", u.kernel.Release, u.kernel.Version)
	return u.changelogEntry(u.packageVersion(), what, date)
}

func (u unit) changelogEntry(version, what string, date time.Time) string {
	source := u.name
	if u.pkg != nil {
		source = u.pkg.Source.String()
	}
	return fmt.Sprintf("%s (%s) unstable; urgency=medium\n\n  * %s\n\n -- %s  %s\n",
		source, version, visible.Line(what), visible.Line(maintainer(u)), date.Add(time.Second).Format(time.RFC1123Z))
}

// changelog is the source's own, under a first entry, and compressed as Policy 12.7 wants it.
func (u unit) changelog(entry string) ([]byte, error) {
	var text bytes.Buffer
	text.WriteString(entry)
	if u.tree.Changelog != "" {
		text.WriteString("\n")
		if err := u.appendDoc(&text, u.tree.Changelog); err != nil {
			return nil, err
		}
	}
	var compressed bytes.Buffer
	w, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(text.Bytes())
	err = errors.Join(err, w.Close())
	return compressed.Bytes(), err
}

// maxDoc bounds, in bytes, what is read of a source's changelog and copyright; the longest of Debian's modules has
// 200 kB.
const maxDoc = 4 << 20

// appendDoc reads a file of the source, which may be compressed. Where the source is somebody's directory, no link in
// it is followed out of it.
func (u unit) appendDoc(text *bytes.Buffer, path string) error {
	open := func() (*os.File, error) { return os.Open(path) }
	if rel, err := filepath.Rel(u.tree.Dir, path); err == nil && filepath.IsLocal(rel) {
		open = func() (*os.File, error) { return u.openInTree(rel) }
	}
	file, err := open()
	if err != nil {
		return err
	}
	defer file.Close()
	decoded, _, err := codec.NewReader(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	defer decoded.Close()
	if _, err := io.Copy(text, io.LimitReader(decoded, maxDoc)); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// openInTree opens a file of the source; a pipe in its place must not hold mago up.
func (u unit) openInTree(name string) (*os.File, error) {
	root, err := u.tree.Open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
