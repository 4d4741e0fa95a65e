package recipe

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mago/kbuild/foreign"
	"mago/kbuild/kernel"
)

// lostFlag is a flag that a source gives kbuild in a variable that this kernel's takes no notice of.
type lostFlag struct {
	variable string // such as EXTRA_CFLAGS
	flag     string // as the makefile has it: "-I$(src)/include"
	dir      string // the makefile's, below the build directory; "." where it is included from anywhere
}

func (l lostFlag) String() string { return l.variable + " (" + l.flag + ")" }

// losesFlags reports whether a kernel's kbuild does without these variables: until Linux 6.15 it adds them to ccflags-y.
func losesFlags(k kernel.Kernel) bool {
	for _, name := range []string{"scripts/Makefile.lib", "scripts/Makefile.build"} {
		file, err := k.OpenSource(name)
		if err != nil {
			return false
		}
		text, err := foreign.TextIn(file, makefileMax)
		file.Close()
		if err != nil || strings.Contains(string(text), "EXTRA_CFLAGS") {
			return false
		}
	}
	return true
}

var (
	extraSet   = pattern(`^ *(?:(?:export|override)\s+)*(EXTRA_(?:C|A|CPP|LD)FLAGS)\s*[:+?]?=\s*([^#]*)`)
	extraGiven = pattern(`\b(EXTRA_(?:C|A|CPP|LD)FLAGS)\+?=("[^"]*"|'[^']*'|\S*)`)
	extraRead  = pattern(`\$[({](EXTRA_(?:C|A|CPP|LD)FLAGS)[)}]`)
	conditions = pattern(`^\s*(ifn?eq|ifn?def|endif)\b(.*)`)
	ofSource   = pattern(`\$[({](?:src|obj|M|PWD|CURDIR|KBUILD_EXTMOD|shell pwd)[)}]`)
	harmless   = pattern(`^-(?:W|g|O|I)`)
)

// extra gives the variable that a line sets, and to what, "" where none: in a makefile or on make's command line.
func extra(line string, command bool) (variable, value string) {
	shape := extraSet()
	if command || strings.HasPrefix(line, "\t") {
		shape = extraGiven()
	}
	if m := shape.FindStringSubmatch(line); m != nil {
		return m[1], strings.Trim(m[2], "'\"\n")
	}
	return "", ""
}

// lostIn lists the flags that a makefile, its continued lines joined, sets so. What is in a condition may not be set at all; that
// it is kbuild that reads the file is no such condition.
func lostIn(text, dir string) (lost []lostFlag) {
	var open []bool
	for line := range strings.Lines(text) {
		if c := conditions().FindStringSubmatch(line); c != nil && c[1] != "endif" {
			open = append(open, !strings.Contains(c[2], "KERNELRELEASE"))
		} else if c != nil && len(open) > 0 {
			open = open[:len(open)-1]
		}
		if variable, value := extra(line, false); !slices.Contains(open, true) {
			lost = append(lost, flagsIn(variable, value, dir)...)
		}
	}
	return lost
}

// flagsIn parts flags, and leaves "-I dir" together.
func flagsIn(variable, value, dir string) (flags []lostFlag) {
	for _, word := range strings.Fields(value) {
		switch n := len(flags); {
		case strings.HasPrefix(word, "-"):
			flags = append(flags, lostFlag{variable, word, dir})
		case n > 0 && slices.Contains([]string{"-I", "-D", "-U", "-include", "-isystem"}, flags[n-1].flag):
			flags[n-1].flag += " " + word
		}
	}
	return flags
}

// isTaken reports whether a line of a makefile gives kbuild the flag, or the variable, in another way.
func (l lostFlag) isTaken(line string) bool {
	if variable, _ := extra(line, false); variable == l.variable || strings.HasPrefix(strings.TrimSpace(line), "#") {
		return false
	}
	read := extraRead().FindStringSubmatch(line)
	return read != nil && read[1] == l.variable || strings.Contains(line, l.flag)
}

// lostFlags lists what the source in the build directory, and the command that builds it, set in vain for this kernel.
func (s *steps) lostFlags(command string) (lost []lostFlag) {
	source, err := s.files.OpenRoot(s.build)
	if err != nil || !losesFlags(s.Job.Kernel) {
		return nil
	}
	defer source.Close()
	variable, value := extra(command, true)
	lost = flagsIn(variable, value, ".")
	var texts []string
	eachMakefile(source, func(file string) {
		m, dir := readMakefile(source, file), path.Dir(file)
		if path.Ext(file) == ".mk" {
			dir = "."
		}
		if m != nil {
			texts = append(texts, m.text)
			lost = append(lost, lostIn(m.text, dir)...)
		}
	})
	for _, text := range texts {
		for line := range strings.Lines(text) {
			lost = slices.DeleteFunc(lost, func(l lostFlag) bool { return l.isTaken(line) })
		}
	}
	return lost
}

// lossBehind is the lost flag that a compiler's error comes of: one that leads to the header that is not there, or that defines
// what the error names, or what the file of an #error names.
func (s *steps) lossBehind(message, command string) (lostFlag, bool) {
	header := missingHeader().FindStringSubmatch(message)
	asked := message
	if file, rest, _ := strings.Cut(message, ":"); strings.Contains(rest, "#error") {
		text, _ := foreign.ReadText(s.files, filepath.Join(s.build, file), makefileMax)
		asked += "\n" + string(text)
	}
	for _, l := range s.lostFlags(command) {
		if header != nil && strings.HasPrefix(l.flag, "-I") && s.holds(l, header[1]) || header == nil && l.defines(asked) {
			return l, true
		}
	}
	return lostFlag{}, false
}

var missingHeader = pattern(`error: (\S+): No such file`)

// defines reports whether the flag defines a macro that a text names.
func (l lostFlag) defines(text string) bool {
	definition, ok := strings.CutPrefix(l.flag, "-D")
	name, _, _ := strings.Cut(strings.TrimSpace(definition), "=")
	return ok && name != "" && regexp.MustCompile(`(?:^|\W)`+regexp.QuoteMeta(name)+`(?:\W|$)`).MatchString(text)
}

// holds reports whether the directory of an -I has a header.
func (s *steps) holds(l lostFlag, header string) bool {
	dir := ofSource().ReplaceAllString(strings.TrimSpace(strings.TrimPrefix(l.flag, "-I")), ".")
	dir = strings.TrimPrefix(dir, s.Inside(s.build)+"/")
	return slices.ContainsFunc([]string{l.dir, "."}, func(above string) bool {
		_, err := s.files.Stat(filepath.Join(s.build, above, dir, header))
		return err == nil && filepath.IsLocal(filepath.Join(above, dir))
	})
}

// warnOfLostFlags tells of what a build has gone through without: definitions and the like that a makefile sets and that no
// command of kbuild's had.
func (s *steps) warnOfLostFlags(ctx context.Context, command string) {
	lost := slices.DeleteFunc(s.lostFlags(command), func(l lostFlag) bool { return harmless().MatchString(l.flag) })
	if len(lost) > 0 {
		lost = s.withoutUse(ctx, lost)
	}
	for _, variable := range slices.Sorted(maps.Keys(replacements)) {
		var flags []string
		for _, l := range lost {
			if l.variable == variable {
				flags = append(flags, l.flag)
			}
		}
		if len(flags) > 0 {
			s.Warn("%s (%s) is ignored since Linux 6.15, and the build went through without: use %s", variable, strings.Join(flags, " "), replacements[variable])
		}
	}
}

// withoutUse are the flags that are in none of the commands which kbuild keeps beside what they have made, although it has
// compiled something below the directories of the makefiles that set them.
func (s *steps) withoutUse(ctx context.Context, lost []lostFlag) []lostFlag {
	compiled := map[string]bool{}                                                    // directories, with those above them
	_ = s.Walk(ctx, s.build, func(file string, entry fs.DirEntry, err error) error { // what cannot be read tells nothing
		if err != nil || path.Ext(file) != ".cmd" {
			return nil
		}
		rel, _ := filepath.Rel(s.build, file)
		for dir := path.Dir(rel); !compiled[dir]; dir = path.Dir(dir) {
			compiled[dir] = true
		}
		text, _ := foreign.ReadText(s.files, file, makefileMax)
		lost = slices.DeleteFunc(lost, func(l lostFlag) bool { return l.isIn(string(text)) })
		return nil
	})
	return slices.DeleteFunc(lost, func(l lostFlag) bool { return !compiled[l.dir] })
}

// isIn reports whether a command has the flag, whatever the value of a variable in it.
func (l lostFlag) isIn(command string) bool {
	return slices.ContainsFunc(flagsIn("", command, ""), func(f lostFlag) bool { return isShown(l.flag, f.flag) })
}

// replacements are the variables that kbuild reads in the place of those.
var replacements = map[string]string{"EXTRA_CFLAGS": "ccflags-y", "EXTRA_AFLAGS": "asflags-y", "EXTRA_CPPFLAGS": "ccflags-y", "EXTRA_LDFLAGS": "ldflags-y"}
