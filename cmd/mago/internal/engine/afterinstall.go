package engine

import (
	"context"
	"fmt"

	"mago/cmd/mago/internal/store"
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
	if image := kf.apt.imageOf(ctx, k.Release, k.Package); image != "" {
		install = kf.system().Apt("install", image)
	}
	return []string{install, "boot it, then " + modprobe}
}
