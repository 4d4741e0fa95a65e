package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport says which rooms each room may go into, besides its own. debpkg/codec, debpkg/control, debpkg/rooted, debpkg/visible and debpkg/word are leaves
// that know nothing of packages: compressed streams, control paragraphs, paths under a root, foreign text and foreign words are in several rooms.
var mayImport = map[string][]string{
	"catalog": {"debpkg/apt", "debpkg/codec", "debpkg/control", "debpkg/rooted", "debpkg/word"},
	"sources": {"catalog", "debpkg", "debpkg/apt", "debpkg/codec", "debpkg/control", "debpkg/rooted", "debpkg/visible", "debpkg/word", "kbuild/deep", "kbuild/dkms"},
	"kbuild":  {"debpkg/codec", "debpkg/control", "debpkg/rooted", "debpkg/visible", "debpkg/word"},
	"debpkg":  {},
	"cmd":     {"catalog", "sources", "sources/lock", "sources/way", "kbuild", "kbuild/dkms", "kbuild/kernel", "kbuild/proof", "kbuild/recipe", "kbuild/sandbox", "kbuild/signed", "debpkg", "debpkg/apt", "debpkg/codec", "debpkg/payload", "debpkg/relation", "debpkg/rooted", "debpkg/sbom", "debpkg/visible", "debpkg/word", "kbuild/deep"},
}

func TestNothingFlowsBackwards(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "mago/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		room := roomOf(words[0])
		seen[room] = true
		allowed, known := mayImport[room]
		if !known {
			t.Errorf("%s belongs to no room", words[0])
		}
		for _, imported := range words[1:] {
			inside, ours := strings.CutPrefix(imported, "mago/")
			if ours && roomOf(imported) != room && !slices.Contains(allowed, inside) {
				t.Errorf("%s imports %s", words[0], imported)
			}
		}
	}
	for room := range mayImport {
		if !seen[room] {
			t.Errorf("no package in room %s", room)
		}
	}
}

// roomOf is the top-level directory of one of mago's packages.
func roomOf(path string) string {
	room, _, _ := strings.Cut(strings.TrimPrefix(path, "mago/"), "/")
	return room
}
