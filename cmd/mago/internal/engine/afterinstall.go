package engine

import (
	"context"
	"fmt"

	"mago/catalog"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// next are the steps that the user will want to take after an installation.
func (kf *kernelFinder) next(ctx context.Context, k kernel.Kernel, built store.Record) []string {
	modprobe := kf.system().modprobe(built)
	if k.Release == kf.running() {
		return []string{modprobe}
	}
	if kf.isInstalledKernel(k.Release) {
		return []string{fmt.Sprintf("boot Linux %s, then %s", k.Release, modprobe)}
	}
	install := "install Linux " + k.Release
	if image := kf.apt.imageInApt(ctx, k.Release); image != "" {
		install = kf.system().Apt("install", image)
	}
	return []string{install, "boot it, then " + modprobe}
}

// imageInApt is the package that has a kernel, the signed one first; "" where apt knows none.
func (at *aptTool) imageInApt(ctx context.Context, release string) string {
	for _, name := range []string{"linux-image-" + release, "linux-image-" + release + "-unsigned"} {
		image, err := word.ParsePackage(name)
		if err != nil {
			return ""
		}
		known, err := catalog.Dependencies(ctx, at.catalogConfig(), image)
		if _, ok := known[name]; err == nil && ok {
			return name
		}
	}
	return ""
}
