package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// order is mago's packages from top to bottom: a package may import what stands below it. A name ending in /... stands for all
// packages below it, too.
var order = []string{
	"cmd/lab/...", "cmd/mkdeb", "cmd/mago-pkcs11",
	"cmd/mago", "cmd/mago/part", "cmd/mago/internal/config", "cmd/mago/internal/engine", "cmd/mago/internal/store", "cmd/mago/internal/modpkg", "cmd/mago/internal/detached", "cmd/mago/internal/keyring",
	"catalog",
	"sources", "sources/headers", "sources/lock", "sources/way", "sources/untar",
	"kbuild", "kbuild/parts", "kbuild/elfmodule", "kbuild/kernel", "kbuild/recipe", "kbuild/proof", "kbuild/sandbox",
	"kbuild/sandbox/cgroup", "kbuild/jobs", "kbuild/dkms", "kbuild/rules", "kbuild/foreign", "kbuild/signing", "kbuild/signing/pkcs11", "kbuild/signing/coredump",
	"kbuild/firmware", "kbuild/firmware/esl", "kbuild/deep", "kbuild/initramfs",
	"debpkg/payload", "debpkg", "debpkg/apt", "debpkg/sbom",
	"debpkg/relation", "debpkg/control", "debpkg/rooted", "debpkg/codec", "debpkg/visible", "debpkg/word", "debpkg/lazy",
}

// upwards are the only imports of what stands above: a source is fetched for a module that the catalog names, a recipe is
// followed for a kernel, and apt is given a package that was read.
var upwards = []string{"sources catalog", "kbuild/recipe kbuild/kernel", "debpkg/apt debpkg"}

func TestNothingFlowsBackwards(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "mago/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	met := map[int]bool{}
	var needed []string
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		importing := strings.TrimPrefix(words[0], "mago/")
		at := placeOf(importing)
		met[at] = true
		if at < 0 {
			t.Errorf("%s has no place in the order", importing)
		}
		for _, word := range words[1:] {
			imported, ours := strings.CutPrefix(word, "mago/")
			if !ours || at < placeOf(imported) || at == 0 && placeOf(imported) == 0 {
				continue
			}
			needed = append(needed, importing+" "+imported)
			if !slices.Contains(upwards, importing+" "+imported) {
				t.Errorf("%s imports %s, which stands above it", importing, imported)
			}
		}
	}
	for i, name := range order {
		if !met[i] {
			t.Errorf("no package is %s", name)
		}
	}
	for _, up := range upwards {
		if !slices.Contains(needed, up) {
			t.Errorf("nothing needs the exception %q", up)
		}
	}
}

// placeOf is a package's place in the order, or -1.
func placeOf(name string) int {
	return slices.IndexFunc(order, func(ordered string) bool {
		above, all := strings.CutSuffix(ordered, "/...")
		return name == above || all && strings.HasPrefix(name, above+"/")
	})
}
