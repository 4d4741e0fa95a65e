package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mago/debpkg"
	"mago/debpkg/apt"
	"mago/debpkg/relation"
	"mago/debpkg/rooted"
)

// simulate prints what installing packages would do, or takes: 1 kB and a megabyte for each.
func (w *world) simulate(mode string, packages []string) error {
	coming, err := w.coming(packages)
	if err != nil {
		return err
	}
	if mode == "--print-uris" {
		fmt.Printf("After this operation, %d MB of additional disk space will be used.\n", len(coming))
	}
	for _, name := range coming {
		if mode == "--print-uris" {
			fmt.Printf("'http://example.org/pool/%s.deb' %[1]s.deb 1000 MD5Sum:00\n", name)
			continue
		}
		fmt.Printf("Inst %s (1.0 Debian:12/stable [all])\n", name)
	}
	return nil
}

// simulateUpgrade prints the archive's file "upgrade", which has the lines that apt-get does; without lists apt knows of nothing.
func (w *world) simulateUpgrade() error {
	if _, err := os.Stat(filepath.Join(w.root, w.list())); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(w.archive, "upgrade"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	fmt.Printf("%s", text)
	return err
}

// coming are packages and those that they bring, but for what is to be left out, as NAME-; of a .deb what it needs.
func (w *world) coming(packages []string) (coming []string, err error) {
	for _, name := range packages {
		switch {
		case strings.HasSuffix(name, "-"):
			continue
		case strings.HasSuffix(name, ".deb"):
			needs, err := w.needsOf(name, packages)
			if err != nil {
				return nil, err
			}
			more, err := w.coming(append(needs, leftOut(packages)...))
			if err != nil {
				return nil, err
			}
			coming = append(coming, more...)
			continue
		case !w.has(name):
			return nil, errors.New("Unable to locate package " + name)
		}
		coming = append(coming, name)
		for need := range strings.FieldsSeq(w.brings(name)) {
			one, err := choice(need, packages)
			if err != nil {
				return nil, err
			}
			coming = append(coming, one)
		}
	}
	return coming, nil
}

// leftOut are the names that end in a hyphen.
func leftOut(packages []string) []string {
	return slices.DeleteFunc(slices.Clone(packages), func(name string) bool { return !strings.HasSuffix(name, "-") })
}

// needsOf are the packages that a .deb needs beside what is installed and the others.
func (w *world) needsOf(name string, packages []string) (needs []string, err error) {
	status, err := apt.ReadStatus(rooted.Root(w.root))
	if err != nil {
		return nil, err
	}
	var depends string
	for _, other := range packages {
		if !strings.HasSuffix(other, ".deb") {
			continue
		}
		r, err := debpkg.Open(filepath.Join(w.root, other))
		if err != nil {
			return nil, err
		}
		r.Close()
		if len(status.Matching(r.Control().Get("Breaks"))) > 0 {
			return nil, errors.New("Packages need to be removed but remove is disabled.")
		}
		status = status.With(r.Control())
		if other == name {
			depends = r.Control().Get("Depends")
		}
	}
	unmet, err := status.Unmet(depends)
	for _, unmet := range unmet {
		needs = append(needs, relation.Names(unmet)[0])
	}
	return needs, err
}

// brings are a package's needs by a line "PACKAGE: NEED…" of a file of the archive's.
func (w *world) brings(name string) string {
	text, _ := os.ReadFile(filepath.Join(w.archive, "brings"))
	if m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `: (.*)$`).FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

// choice is the first of several alternatives, "one|other", that may be installed.
func choice(need string, packages []string) (string, error) {
	one := strings.Split(need, "|")
	i := slices.IndexFunc(one, func(name string) bool { return !slices.Contains(packages, name+"-") })
	if i < 0 {
		return "", errors.New("Unable to correct problems, you have held broken packages.")
	}
	return one[i], nil
}
