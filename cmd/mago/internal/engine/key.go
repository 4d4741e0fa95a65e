package engine

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/sources"
)

// The roles that inputs have in a unit's key, in the order in which a changed one is told.
const (
	asSource    = "source"
	asKernel    = "kernel"
	asModule    = "module" // that a unit is compiled against
	asSettings  = "settings"
	asOption    = "option"
	asTool      = "tool"
	asSignature = "signature"
)

var roles = []string{asSource, asKernel, asModule, asSettings, asOption, asTool, asSignature}

// keyed is what shapes a unit, and the hash of that; the zero value where it is not known.
type keyed struct {
	key    string
	inputs []store.Input
}

// of gives a unit's key, whose source is open and whose needed modules are as they are to be. It is over all that shapes the
// bytes of its package, and over nothing else: not where the source lies, when and beside what it is built, or with how many jobs.
// before is the record that the key is to be compared with, if there is one.
func (ks *keys) of(ctx context.Context, u unit, before store.Record) keyed {
	if u.tree == nil || u.Kernel.Headers == "" {
		return keyed{}
	}
	inputs, err := ks.inputs(ctx, u)
	signature, serr := ks.signs.inputs(u.name, before)
	if cmp.Or(err, serr) != nil { // which its build tells
		return keyed{}
	}
	inputs = append(inputs, signature...)
	if before.Key == "" || slices.ContainsFunc(before.Inputs, isWorkDir) {
		inputs = append(inputs, ks.workDir(ctx, u)...)
	}
	return keyed{store.KeyOf(u.id(), inputs), inputs}
}

func (ks *keys) inputs(ctx context.Context, u unit) ([]store.Input, error) {
	e := ks.confs.evaluate(ctx, u.target, u.Kernel)
	if e.err != nil {
		return nil, e.err
	}
	inputs := append(ks.modules(u), store.Input{Role: asSource, Name: u.name, Version: u.version, SHA256: u.sourceDigest()})
	headers, err := kernelInput(u.Kernel)
	if err != nil {
		return nil, err
	}
	settings, err := ks.settings(e.conf, u.Kernel)
	if err != nil {
		return nil, err
	}
	options, err := ks.targetOptions(ctx, u)
	if err != nil {
		return nil, err
	}
	if image := ks.apt.recommendedImage(ctx, u.Kernel); image != "" {
		options = append(options, store.Input{Role: asOption, Name: "the recommended kernel", Version: image})
	}
	tools, err := ks.tools(u, e.conf)
	return slices.Concat(inputs, headers, settings, options, tools), err
}

// kernelInput is the kernel's headers.
func kernelInput(k kernel.Kernel) ([]store.Input, error) {
	sum, err := k.Hash()
	return []store.Input{{Role: asKernel, Name: k.Release, Version: k.Version, SHA256: sum}}, err
}

// modules are those that a unit is compiled against: their packages, or the source where that alone is there.
func (ks *keys) modules(u unit) (inputs []store.Input) {
	for _, n := range u.needed {
		in := store.Input{Role: asModule, Name: n.name, Version: n.version, SHA256: n.sourceDigest()}
		if built, ok := ks.store.Get(unit{n, u.Kernel}.id()); ok && !n.unbuilt {
			in.Version, in.SHA256 = built.Version, built.Content()
		}
		inputs = append(inputs, in)
	}
	return inputs
}

// settings are dkms's, as far as they count.
func (ks *keys) settings(conf *dkms.Conf, k kernel.Kernel) (inputs []store.Input, err error) {
	if conf == nil {
		return nil, nil
	}
	files, err := recipe.Settings(ks.Root, conf, k)
	if err != nil {
		return nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		sum, _, err := store.SHA256(os.Open(files[path]))
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, store.Input{Role: asSettings, Name: path, SHA256: sum})
	}
	return inputs, nil
}

// targetOptions are what else a package says, whatever its kernel: what the user and the environment ask for, what vouches for the
// source, and what is installed of the packages that it names.
func (ks *keys) targetOptions(ctx context.Context, u unit) ([]store.Input, error) {
	arch, err := ks.pkgs.architecture()
	if err != nil {
		return nil, err
	}
	own, err := ks.pkgs.namedLike(u.name)
	if err != nil {
		return nil, err
	}
	var allow []string
	for _, glob := range ks.Allow {
		allow = append(allow, glob.String())
	}
	var inputs []store.Input
	add := func(name, value string) {
		if value != "" {
			inputs = append(inputs, store.Input{Role: asOption, Name: name, Version: value})
		}
	}
	add("mago", ks.Version)
	add("the architecture", arch)
	add("the date", ks.buildEpoch(u.target).UTC().Format(time.RFC3339))
	add("the maintainer", ks.maintainerOf(u.target))
	add("--allow-file", strings.Join(allow, " "))
	if recipe.JobsShape(u.source()) {
		add("parallel_jobs", strconv.Itoa(ks.confs.job(u.target, u.Kernel).Told()))
	}
	vouches := "its archive"
	if !u.vouched(ctx) {
		vouches = "nothing"
		add("what is installed under such names", strings.Join(own, " "))
	}
	add("what vouches for the source", vouches)
	brought, err := broughtInputs(u.tree)
	return slices.Concat(inputs, ks.shaping(u.name), brought), err
}

// broughtInputs are the files that an installed package has beside its source in /usr/src, and that are packed as they lie there.
// Those in /etc are packed as the package brought them.
func broughtInputs(t *sources.Tree) (inputs []store.Input, err error) {
	if t.Origin != sources.Host {
		return nil, nil
	}
	for _, name := range slices.Concat(t.Runtime.Paths, t.Runtime.Docs) {
		if strings.HasPrefix(name, "/etc/") {
			continue
		}
		disk, err := t.Runtime.OnDisk(name)
		if err != nil {
			return nil, err
		}
		info, err := os.Lstat(disk)
		if err != nil {
			return nil, err
		}
		in := store.Input{Role: asSettings, Name: name}
		if info.Mode().IsRegular() {
			in.SHA256, _, err = store.SHA256(os.Open(disk))
		} else {
			in.Version, err = os.Readlink(disk)
		}
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

// workDir is where programs of a unit's build find themselves, which a source may spell into a module; none where that is the same
// on every machine. What was built so serves in any sandbox.
func (ks *keys) workDir(ctx context.Context, u unit) []store.Input {
	chosen, err := ks.confs.sandboxOf(ctx, u.name)
	if err != nil || chosen.Shows() {
		return nil
	}
	return []store.Input{{Role: asOption, Name: workDirName, Version: chosen.Path(filepath.Join(ks.store.Work(u.id()), recipe.Tree))}}
}

const workDirName = "the build's directory"

func isWorkDir(in store.Input) bool { return in.Role == asOption && in.Name == workDirName }

// namedLike lists the installed packages that are called after a module and are none of its packages of modules.
func (pk *packages) namedLike(module string) (names []string, err error) {
	status, err := pk.installed()
	if err != nil {
		return nil, err
	}
	own := modpkg.OwnName(module)
	for p := range status.All() {
		if p.Package == own || strings.HasPrefix(p.Package, own+"-") && !strings.HasPrefix(p.Package, own+"-modules-") {
			names = append(names, p.Package)
		}
	}
	slices.Sort(names)
	return names, nil
}

// chosenAnew says which kernel, setting (dkms's or the module's own) or signing key is another than the one that a build had, "" for none,
// as far as its record tells: what is installed is not made again because a tool has a new version.
func (ks *keys) chosenAnew(u unit) string {
	built, ok := ks.store.Get(u.id())
	if !ok || built.Format < store.Keyed || u.Kernel.Headers == "" {
		return ""
	}
	var conf *dkms.Conf
	if built.Recipe == confFile {
		conf = &dkms.Conf{Name: built.RecipeName, Version: built.RecipeVersion}
	}
	headers, err := kernelInput(u.Kernel)
	settings, serr := ks.settings(conf, u.Kernel)
	signature, kerr := ks.signs.inputs(u.name, built)
	if cmp.Or(err, serr, kerr) != nil {
		return ""
	}
	had := slices.DeleteFunc(slices.Clone(built.Inputs), func(in store.Input) bool {
		return in.Role != asKernel && in.Role != asSignature && (in.Role != asSettings || !strings.HasPrefix(in.Name, "/etc/dkms/"))
	})
	return cmp.Or(changed(slices.Concat(headers, settings, signature), had), ks.configuredAnew(built))
}
