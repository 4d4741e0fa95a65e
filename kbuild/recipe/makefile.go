package recipe

import (
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"

	"mago/kbuild/deep"
	"mago/kbuild/foreign"
)

// makefileMax bounds what is read of a Makefile, makefilesMax how many are.
const (
	makefileMax  = 256 << 10
	makefilesMax = 200
)

// makefile is what a look at one tells without running make. Every branch of a condition counts, includes are not followed.
type makefile struct {
	text  string // continued lines joined
	sets  bool   // it sets obj-m, or what kbuild makes it of
	tells bool   // it gives kbuild variables that a bare "make M=" would lack
	rules []rule // in their order, but for those of .PHONY and the like
}

type rule struct {
	targets, needs []string
	acts           bool // it has commands
}

var (
	setsObjects = regexp.MustCompile(`(?m)^\s*(?:(?:export|override)\s+)*obj-(?:m|y|\$[({][^)}]*[)}])\s*[:+?]?=`)
	tellsKbuild = regexp.MustCompile(`(?m)^\t.*\s-C\s.*\s["']?(?:CONFIG_\w+|\w*C(?:PP)?FLAGS\w*|ccflags-y|KBUILD_EXTRA_SYMBOLS)[+:]?=["']?[^\s"']`)
	noRule      = regexp.MustCompile(`^(?:ifn?eq|ifn?def|else|-?include|sinclude|export|unexport|override|define|\$[({](?:info|warning|error|eval|call)\b)`)
	ruleLine    = regexp.MustCompile(`^([^\s#:=.%][^#:=%]*?)\s*::?(?:[^:=]([^=]*))?$`)
)

// readMakefile gives nil for what is not a regular file or cannot be read.
func readMakefile(source *os.Root, name string) *makefile {
	file, err := foreign.OpenRegular(source, name)
	if err != nil {
		return nil
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, makefileMax))
	if err != nil {
		return nil
	}
	return parseMakefile(string(text))
}

func parseMakefile(text string) *makefile {
	text = strings.NewReplacer("\uFEFF", "", "\r\n", "\n", "\\\r\n", " ", "\\\n", " ").Replace(text)
	m := &makefile{text: text, sets: setsObjects.MatchString(text), tells: tellsKbuild.MatchString(text)}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\n")
		if strings.HasPrefix(line, "\t") && len(m.rules) > 0 {
			m.rules[len(m.rules)-1].acts = true
		}
		head, _, acts := strings.Cut(line, ";")
		found := ruleLine.FindStringSubmatch(head)
		if found == nil || noRule.MatchString(head) {
			continue
		}
		if targets := strings.Fields(found[1]); len(targets) > 0 { // a blank may be one that only Unicode knows
			m.rules = append(m.rules, rule{targets, strings.Fields(found[2]), acts})
		}
	}
	return m
}

// rule finds the rule of a target, the one with commands where there are several.
func (m *makefile) rule(target string) (found rule, ok bool) {
	for _, r := range m.rules {
		for _, t := range r.targets {
			if t == target && (!ok || !found.acts) {
				found, ok = r, true
			}
		}
	}
	return found, ok
}

// kbuildFile is the one that kbuild reads in a directory: Kbuild rather than Makefile.
func kbuildFile(source *os.Root, dir string) *makefile {
	if m := readMakefile(source, path.Join(dir, "Kbuild")); m != nil {
		return m
	}
	return readMakefile(source, path.Join(dir, "Makefile"))
}

// objectDirs lists the directories right below the top whose file for kbuild sets obj-m.
func objectDirs(source *os.Root) []string {
	entries, _ := fs.ReadDir(source.FS(), ".") // one that cannot be read fails to be copied
	var dirs []string
	for _, entry := range entries[:min(len(entries), makefilesMax)] {
		if !entry.IsDir() {
			continue
		}
		if m := kbuildFile(source, entry.Name()); m != nil && m.sets {
			dirs = append(dirs, entry.Name())
		}
	}
	return dirs
}

// makefiles reads all of a source, the topmost first by name.
func makefiles(source *os.Root) (all []*makefile) {
	eachMakefile(source, func(file string) {
		if m := readMakefile(source, file); m != nil {
			all = append(all, m)
		}
	})
	return all
}

// eachMakefile names those of a source, the topmost first by name.
func eachMakefile(source *os.Root, visit func(file string)) {
	seen := 0
	fs.WalkDir(source.FS(), ".", deep.Bounded(func(file string, entry fs.DirEntry, err error) error {
		if err != nil || seen >= makefilesMax {
			return fs.SkipAll
		}
		if strings.EqualFold(entry.Name(), "makefile") || entry.Name() == "GNUmakefile" || entry.Name() == "Kbuild" || path.Ext(file) == ".mk" {
			seen++
			visit(file)
		}
		return nil
	}))
}
