package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// module is a part of the program: a Go module, Go's own library, or mago.
type module struct {
	Name, Version string
	Dir           string   // its files
	Packages      []string // the directories below Dir of the packages that are linked
}

// linked lists the modules that programs are linked from, as the programs themselves name them: mago first, then Go's own library.
func (r request) linked(ctx context.Context, programs ...string) ([]module, error) {
	goVersion, deps, err := linkedIn(programs)
	if err != nil {
		return nil, err
	}
	source, err := filepath.Abs(r.Source)
	if err != nil {
		return nil, err
	}
	goroot, err := r.goroot(ctx)
	if err != nil {
		return nil, err
	}
	all := []module{{Name: "mago", Dir: source}, {Name: "Go", Version: strings.TrimPrefix(goVersion, "go"), Dir: goroot}}
	packages, err := r.packages(ctx)
	if err != nil {
		return nil, err
	}
	for _, dep := range deps {
		m, ok := packages[dep.Path]
		if !ok || dep.Replace != nil {
			return nil, fmt.Errorf("%s is linked, but its source is not among Go's modules", dep.Path)
		}
		all = append(all, m)
	}
	return all, nil
}

// linkedIn are the modules that programs are linked from, each once, and the Go that has linked them.
func linkedIn(programs []string) (goVersion string, deps []*debug.Module, err error) {
	had := map[string]bool{}
	for _, program := range programs {
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return "", nil, err
		}
		goVersion = info.GoVersion
		for _, dep := range info.Deps {
			if !had[dep.Path] {
				had[dep.Path] = true
				deps = append(deps, dep)
			}
		}
	}
	slices.SortFunc(deps, func(a, b *debug.Module) int { return strings.Compare(a.Path, b.Path) })
	return goVersion, deps, nil
}

// goroot is the directory of Go's own library.
func (r request) goroot(ctx context.Context) (string, error) {
	dir, err := output(r.golang(ctx, r.Arch, "env", "GOROOT"))
	return strings.TrimSpace(string(dir)), err
}

// packages maps all packages that mago imports to their modules.
func (r request) packages(ctx context.Context) (map[string]module, error) {
	const format = "{{$p := .Dir}}{{with .Module}}{{.Path}}\t{{.Version}}\t{{.Dir}}\t{{$p}}{{end}}"
	out, err := output(r.golang(ctx, r.Arch, "list", "-deps", "-f", format, own, ofTokens))
	if err != nil {
		return nil, err
	}
	modules := map[string]module{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 4 {
			continue // of Go's own library
		}
		m := modules[fields[0]]
		m.Name, m.Version, m.Dir = fields[0], fields[1], fields[2]
		m.Packages = append(m.Packages, fields[3])
		modules[fields[0]] = m
	}
	return modules, nil
}

var (
	// licenceFile matches the names of files with the licence of code.
	licenceFile = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying)(\.(md|txt|code))?$`)
	// noticeFile matches those that section 4 of the Apache License requires to be passed on.
	noticeFile = regexp.MustCompile(`(?i)^notice(\.(md|txt))?$`)
)

// texts reads such files of a module's linked packages, in their own directories and those above.
func (m module) texts(name *regexp.Regexp) (texts []string, err error) {
	dirs := []string{m.Dir}
	for _, dir := range m.Packages {
		for ; strings.HasPrefix(dir, m.Dir+"/"); dir = filepath.Dir(dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range unique(dirs) {
		entries, rerr := os.ReadDir(dir)
		err = errors.Join(err, rerr)
		for _, entry := range entries {
			if entry.IsDir() || !name.MatchString(entry.Name()) {
				continue
			}
			text, rerr := os.ReadFile(filepath.Join(dir, entry.Name()))
			err = errors.Join(err, rerr)
			if !slices.Contains(texts, string(text)) {
				texts = append(texts, string(text))
			}
		}
	}
	return texts, err
}

// holder matches a line that names the copyright's holder, of code and not of a licence's own text.
var holder = regexp.MustCompile(`(?m)^[\s/*#-]*(?i:copyright|spdx-filecopyrighttext:)\s+(?:(?:\([Cc]\)|©)\s*,?\s*)?((?:[0-9]{4}|[A-Z]\w+ [A-Z]).*?)(?i:\s*[,.]?\s*all rights reserved\.?)?\s*$`)

// holders are the copyright's holders that the licences name or, where they name none, the linked files.
func (m module) holders(licences []string) ([]string, error) {
	var all []string
	for _, text := range licences {
		all = append(all, holdersIn(text)...)
	}
	if len(all) > 0 {
		return unique(all), nil
	}
	for _, dir := range m.Packages {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			head, _, _ := strings.Cut(string(text), "\npackage ")
			all = append(all, holdersIn(head)...)
		}
	}
	if len(all) == 0 {
		all = []string{"the authors of " + m.Name}
	}
	return unique(all), nil
}

func holdersIn(text string) (all []string) {
	for _, match := range holder.FindAllStringSubmatch(text, -1) {
		if !strings.Contains(match[1], "Free Software Foundation") { // whose licence it is
			all = append(all, strings.TrimRight(match[1], " ."))
		}
	}
	return all
}

func unique(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}
