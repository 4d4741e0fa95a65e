package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg/word"
	"mago/kbuild"
)

// mostModprobed is how many modules a line of advice names one by one.
const mostModprobed = 4

// modprobeAdvice is what to type to have a build's modules loaded: the one called like the source, else those that no other
// one of them needs, which bring the rest along.
func modprobeAdvice(r record) string {
	all := moduleNames(r.Modules)
	called := slices.IndexFunc(all, func(name string) bool {
		return slices.Contains([]string{kernelName(r.Module), kernelName(r.RecipeName)}, kernelName(name))
	})
	names := moduleNames(r.Modprobe)
	switch {
	case called >= 0:
		names = all[called : called+1]
	case len(names) == 0:
		names = all
	}
	switch {
	case len(names) == 1:
		return "sudo modprobe " + names[0]
	case len(names) <= mostModprobed:
		return "sudo modprobe -a " + strings.Join(names, " ")
	}
	return fmt.Sprintf("sudo modprobe MODULE, one of %s", inWords(names, mostModprobed))
}

// kernelName is a module's name as the kernel has it, where the two characters for a gap are one.
func kernelName(name string) string { return strings.ReplaceAll(name, "-", "_") }

// moduleNames are the names of modules by their files; one that no module can have is left out.
func moduleNames(files []string) (names []string) {
	for _, file := range files {
		text, _, _ := strings.Cut(filepath.Base(file), ".ko")
		if name, err := word.ParseModule(text); err == nil {
			names = append(names, name.String())
		}
	}
	return names
}

// unneeded are the names of the modules that no other one of the same build depends on.
func unneeded(modules []kbuild.Module) (names []string) {
	needed := map[string]bool{}
	for _, m := range modules {
		for _, name := range m.Depends {
			needed[kernelName(name)] = true
		}
	}
	for _, m := range modules {
		if !needed[kernelName(m.Name)] {
			names = append(names, m.Name)
		}
	}
	return names
}
