package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/apt"
	"mago/debpkg/rooted"
	"mago/debpkg/sbom"
	"mago/debpkg/word"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/sources/headers"
)

// stageBill writes down what went into a good build's package, to be kept beside its record. What the build's user,
// machine and day were is no part of that.
func (bu *builder) stageBill(u unit, r *store.Record, inputs []sbom.Input) (err error) {
	bill := sbom.Bill{
		Tool: "mago-" + bu.Version, Created: bu.buildEpoch(u.target), File: filepath.Base(r.Deb), Inputs: append(inputs, bu.own()),
		Package: sbom.Item{Name: r.Package, Version: r.Version, SHA256: r.SHA256},
	}
	if bill.Package.Architecture, err = bu.pkgs.architecture(); err != nil {
		return err
	}
	text, err := bill.JSON()
	if err != nil {
		return err
	}
	r.SBOM, r.SBOMSHA256, err = bu.stageBillText(r.ID(), text)
	return err
}

func (bu *builder) stageBillText(id store.ID, text []byte) (path, sha string, err error) {
	sum := sha256.Sum256(text)
	path, err = bu.store.StageSBOM(id, text)
	return path, hex.EncodeToString(sum[:]), err
}

// takeInputs gathers, before a build, what goes into it beside mago itself, and gives the record the unit's key.
func (bu *builder) takeInputs(ctx context.Context, u unit, conf confEvaluation, r *store.Record) ([]sbom.Input, error) {
	r.Recipe, _ = recipe.File(u.source()) // what is none of them fails when it is built
	if conf.conf != nil {
		r.RecipeName, r.RecipeVersion = conf.conf.Name, conf.conf.Version
	}
	bu.notice() // a compiler's new version, in a run of an hour
	now := bu.keys.of(ctx, u, store.Record{})
	r.Key, r.Inputs, r.Basis = now.key, now.inputs, bu.keys.basisOf(ctx, u, conf.conf, now)
	return bu.inputs(ctx, u, conf.conf, *r)
}

// checkInputs takes the key away from the record of a build whose inputs are others by its end: what compiled it is not known. Nor is
// what was compiled where others may have got at the source meanwhile.
func (bu *builder) checkInputs(ctx context.Context, u unit, r *store.Record) {
	bu.notice()
	if bu.keys.of(ctx, u, store.Record{}).key != r.Key {
		r.Key, r.Basis = "", ""
		bu.say.note("build", "%s: what compiles was changed meanwhile: the next run builds it anew", u.name)
	}
	if r.Source.Closed {
		closed, err := u.tree.IsClosed()
		r.Source.Closed = err == nil && closed
	}
}

func (bu *builder) inputs(ctx context.Context, u unit, conf *dkms.Conf, r store.Record) ([]sbom.Input, error) {
	inputs := append(neededInputs(r), sourceInput(u))
	files, err := bu.fileInputs(u, conf)
	if err != nil {
		return nil, err
	}
	packages, err := bu.packageInputs(ctx, u)
	return append(append(inputs, files...), packages...), err
}

func sourceInput(u unit) sbom.Input {
	source := sbom.Input{Role: sbom.Source, Item: sbom.Item{Name: u.name, Version: u.version, SHA256: u.sourceDigest()}}
	if u.pkg != nil {
		source.Name, source.Architecture = u.pkg.Name.String(), u.pkg.Architecture.String()
	}
	if u.digest != "" && u.tree.SHA256 != u.digest {
		source.Of = "the names, kinds, executable bits and contents of what its directory held"
	}
	return source
}

func neededInputs(r store.Record) []sbom.Input {
	var inputs []sbom.Input
	for _, n := range r.Needed {
		item := sbom.Item{Name: modpkg.Name(n.Module, r.Kernel), Version: n.Version, SHA256: n.SHA256}
		inputs = append(inputs, sbom.Input{Role: sbom.Against, Item: item})
	}
	return inputs
}

// ownInput is mago itself; in a chroot without /proc it does not know its own file.
func ownInput(version string) sbom.Input {
	own := sbom.Input{Role: sbom.Tool, Item: sbom.Item{Name: "mago", Version: version}}
	if path, err := os.Executable(); err == nil {
		own.SHA256, _, _ = store.SHA256(os.Open(path))
	}
	return own
}

// fileInputs are the kernel's symbols and configuration, and dkms's settings where they counted.
func (bu *builder) fileInputs(u unit, conf *dkms.Conf) ([]sbom.Input, error) {
	type file struct {
		role          sbom.Role
		name, version string
		open          func() (*os.File, error)
	}
	var files []file
	for _, name := range []string{".config", "Module.symvers"} {
		open := func() (*os.File, error) { return u.Kernel.Open(name) }
		files = append(files, file{sbom.Against, "linux " + u.Kernel.Release + ", " + name, u.Kernel.Version, open})
	}
	if conf != nil {
		settings, err := recipe.Settings(bu.Root, conf, u.Kernel)
		if err != nil {
			return nil, err
		}
		for _, path := range slices.Sorted(maps.Keys(settings)) {
			files = append(files, file{sbom.Settings, path, "", func() (*os.File, error) { return os.Open(settings[path]) }})
		}
	}
	var inputs []sbom.Input
	for _, f := range files {
		sum, _, err := store.SHA256(f.open())
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, sbom.Input{Role: f.role, Item: sbom.Item{Name: f.name, Version: f.version, SHA256: sum}})
	}
	return inputs, nil
}

// packageInputs are the installed packages that took part: the kernel's headers, tools, what the source asks for, and
// what all of those stand on.
func (bu *builder) packageInputs(ctx context.Context, u unit) ([]sbom.Input, error) {
	packages, err := bu.prepare.buildPackages(ctx, u)
	if err != nil {
		return nil, err
	}
	inputs, err := openedInputs(u.Kernel)
	if err != nil {
		return nil, err
	}
	opened := len(inputs)
	for _, p := range packages {
		if slices.ContainsFunc(inputs[:opened], func(in sbom.Input) bool { return in.Name == p.Package }) {
			continue // another one is shown in its place
		}
		input := sbom.Input{Role: sbom.Tool, Item: sbom.Item{Name: p.Package, Version: p.Version, Architecture: p.Architecture}}
		if p.Package == u.Kernel.Package || strings.HasPrefix(p.Package, "linux-headers-") {
			input.Role = sbom.Against
		}
		if sums := p.Sums(rooted.Root(bu.Root)); sums != "" {
			input.Of = listOfSums
			if input.SHA256, err = bu.sumOfSums(sums); err != nil {
				return nil, err
			}
		}
		inputs = append(inputs, input)
	}
	return inputs, nil
}

const listOfSums = "dpkg's list of the MD5 sums of its files"

// sumOfSums is the SHA-256 of such a list, by its path inside the root.
func (b *base) sumOfSums(path string) (string, error) {
	return b.known.sums.of(b.known.changes.Load(), path, func() (string, error) {
		sum, _, err := store.SHA256(rooted.Root(b.Root).Open(path))
		return sum, err
	})
}

// openedInputs are the packages that a kernel's headers lie opened in, with the sums that they would have installed.
func openedInputs(k kernel.Kernel) (inputs []sbom.Input, err error) {
	for _, dir := range k.Opened().Dirs {
		p, err := headers.At(dir)
		if err != nil {
			return nil, err
		}
		input := sbom.Input{Role: sbom.Tool, Item: sbom.Item{Name: p.Name, Version: p.Version, Architecture: p.Architecture, SHA256: p.SHA256}}
		if p.Name == k.Package || strings.HasPrefix(p.Name, "linux-headers-") {
			input.Role = sbom.Against
		}
		if p.Sums != "" {
			input.SHA256, input.Of = p.Sums, listOfSums
		}
		inputs = append(inputs, input)
	}
	return inputs, nil
}

// openedDepends is what those packages depend on.
func openedDepends(k kernel.Kernel) (depends []string) {
	for _, dir := range k.Opened().Dirs {
		if p, err := headers.At(dir); err == nil {
			depends = append(depends, p.Depends)
		}
	}
	return depends
}

// buildPackages are the installed ones.
func (pr *preparer) buildPackages(ctx context.Context, u unit) ([]apt.Installed, error) {
	status, err := pr.pkgs.installed()
	if err != nil {
		return nil, err
	}
	needs, err := pr.buildDepsOf(u.target)
	if err != nil {
		return nil, err
	}
	tools := kernel.ToolPackages(pr.Root, u.Kernel)
	for _, tool := range pr.recipeNeeds(ctx, u, true) {
		tools = append(tools, tool.Package)
	}
	depends := append(openedDepends(u.Kernel), word.Join(tools, ","), needs)
	if len(depends) == 2 {
		depends = append(depends, u.Kernel.Package)
	}
	return status.Closure(modpkg.Join(depends...)), nil
}
