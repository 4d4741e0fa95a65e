package main

import (
	"context"
	"fmt"

	"mago/catalog"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// next are the steps that the user will want to take after an installation.
func (a *app) next(ctx context.Context, k kernel.Kernel, built record) []string {
	modprobe := modprobeAdvice(built)
	if k.Release == a.running() {
		return []string{modprobe}
	}
	if a.isInstalledKernel(k.Release) {
		return []string{fmt.Sprintf("boot Linux %s, then %s", k.Release, modprobe)}
	}
	install := "install Linux " + k.Release
	if image := a.imageInApt(ctx, k.Release); image != "" {
		install = a.place().apt("install", image)
	}
	return []string{install, "boot it, then " + modprobe}
}

// imageInApt is the package that has a kernel, the signed one first; "" where apt knows none.
func (a *app) imageInApt(ctx context.Context, release string) string {
	for _, name := range []string{"linux-image-" + release, "linux-image-" + release + "-unsigned"} {
		image, err := word.ParsePackage(name)
		if err != nil {
			return ""
		}
		known, err := catalog.Dependencies(ctx, a.catalogConfig(), image)
		if _, ok := known[name]; err == nil && ok {
			return name
		}
	}
	return ""
}
