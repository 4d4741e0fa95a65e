package engine

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/modpkg"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// imagePackage is a package of one kernel itself: Debian's and Ubuntu's, signed or not, and Proxmox's.
var imagePackage = regexp.MustCompile(`^(?:linux-image|linux-image-unsigned|proxmox-kernel|pve-kernel)-([0-9]+\.\S+?)(?:-unsigned|-signed)?$`)

// imageRelease is the release of the kernel that a package holds, "" where it holds none: meta packages do not.
func imageRelease(name string) string {
	m := imagePackage.FindStringSubmatch(name)
	if m == nil || strings.HasSuffix(m[1], "-dbg") || strings.HasSuffix(m[1], "-dbgsym") || !kernel.ValidRelease(m[1]) {
		return ""
	}
	return m[1]
}

// imageNames are what the package of a kernel itself may be called: as that of its headers is, where there is one, and as others
// call theirs, the signed ones first.
func imageNames(release, headers string) (names []word.Package) {
	maker, _, _ := strings.Cut(headers, "-headers-")
	for _, form := range []string{maker + "-image-K", "linux-image-K", "linux-image-K-unsigned", "linux-image-unsigned-K", maker + "-kernel-K-signed", maker + "-kernel-K"} {
		name, err := word.ParsePackage(strings.ReplaceAll(form, "K", modpkg.Spell(release)))
		if err == nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// imageOf is the package of a kernel itself, one that is installed first; "" where neither dpkg nor apt knows one. headers is
// the package of its headers, "" where there is none.
func (at *aptTool) imageOf(ctx context.Context, release, headers string) string {
	names := imageNames(release, headers)
	for _, name := range names {
		if at.pkgs.packageVersion(name.String()) != "" {
			return name.String()
		}
	}
	known, err := catalog.Dependencies(ctx, at.catalogConfig(), names...)
	if err != nil {
		return ""
	}
	for _, name := range names {
		if _, ok := known[name.String()]; ok {
			return name.String()
		}
	}
	image, err := word.ParsePackage("linux-image-" + modpkg.Spell(release))
	if err != nil {
		return ""
	}
	provider, _ := catalog.Provider(ctx, at.catalogConfig(), image)
	return provider.String()
}

// recommendedImage is what a package of modules recommends. Whoever has Debian's headers, or others' that are called so, can
// have the image of that name, from wherever the headers came; of others it has to be known.
func (at *aptTool) recommendedImage(ctx context.Context, k kernel.Kernel) string {
	if image := modpkg.Spell("linux-image", k.Release); k.Package == modpkg.Spell("linux-headers", k.Release) {
		return image
	}
	return at.imageOf(ctx, k.Release, k.Package)
}

// isInstalledKernel reports whether a kernel can be booted here: one that packages, or somebody's own hands, installed.
func (kf *kernelFinder) isInstalledKernel(release string) bool {
	here := func(p kernel.Package) bool { return imageRelease(p.Name) == release }
	return slices.ContainsFunc(kf.pkgs.ofRelease(release), here) || slices.Contains(kf.finder().Installed(), release)
}
