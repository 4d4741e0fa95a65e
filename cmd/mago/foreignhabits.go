package main

import (
	"slices"
	"strings"

	"mago/cmd/mago/internal/engine"
)

// habit is a command or option of other programs that mago lacks, with mago's way. MODULE in it stands for the module that was
// named.
type habit struct {
	words []string
	way   string
}

// habits are the words of one program's users.
type habits struct {
	program   string // as users call it
	commands  []habit
	options   []habit
	variables []variable
}

const (
	removeWay  = `run "sudo apt-get remove '^MODULE-modules-.'"; dpkg has the packages`
	forgetWay  = `"mago purge MODULE" forgets builds; what is installed stays`
	packageWay = `"mago auto-build MODULE" writes packages; --dest DIR copies them`
	tarballWay = "mago writes packages, and no tarballs"
	kernelWay  = "a kernel is chosen with -l RELEASE"
	debugWay   = "-v prints what make, apt and dpkg print"
	treesWay   = "-u DIR keeps all that mago has below DIR"
	forceWay   = "-f does again what is done already"
	askWay     = "mago asks nothing, but for clean --orphans (-i)"
	initrdWay  = "mago changes no kernel tree, and no initrd without the module"
	loadWay    = `mago loads nothing: run "sudo modprobe MODULE" afterwards`
)

var foreignHabits = []habits{
	{"dkms", []habit{
		{[]string{"add"}, `"mago auto-install DIR" takes a directory or tarball where it lies`},
		{[]string{"remove", "uninstall"}, removeWay},
		{[]string{"unbuild"}, forgetWay},
		{[]string{"match"}, `run "sudo mago auto-install -l KERNEL alli"`},
		{[]string{"mktarball", "mkdeb", "mkbmdeb", "mkdsc", "mkrpm", "mkkmp"}, packageWay},
		{[]string{"ldtarball"}, `run "mago auto-build ./FILE"; dpkg installs a .deb`},
		{[]string{"autoinstall"}, `run "sudo mago auto-install MODULE"; alli is all installed`},
		{[]string{"generate_mok"}, `run "sudo mago key new"; dkms's, once enrolled, serves, too`},
	}, []habit{
		{[]string{"MODULE/VERSION", "-v VERSION"}, "a module is named without its version"},
		{[]string{"-k KERNEL/ARCH"}, kernelWay},
		{[]string{"-m", "--module"}, `a module is a plain word: "mago COMMAND MODULE"`},
		{[]string{"--kernelver", "--kernel"}, kernelWay},
		{[]string{"-a", "--arch"}, "mago builds for this machine's architecture"},
		{[]string{"--all"}, "-l all is every kernel; the word all is every module"},
		{[]string{"-V"}, `run "mago --version"`},
		{[]string{"-c"}, "mago reads the dkms.conf that lies in the source"},
		{[]string{"--config"}, "mago takes the .config of the kernel's headers, which -k DIR names"},
		{[]string{"--kernelsourcedir"}, "-k DIR names a directory of kernel headers"},
		{[]string{"--directive"}, "/etc/dkms/MODULE.conf overrides directives, as it does for dkms"},
		{[]string{"--templatekernel"}, kernelWay + "; alli is all modules installed"},
		{[]string{"--archive"}, `a tarball is named as a module is: "mago auto-build ./FILE"`},
		{[]string{"--binaries-only", "--source-only"}, tarballWay},
		{[]string{"--no-depmod"}, "the packages call depmod where their kernel is installed"},
		{[]string{"--modprobe-on-install"}, loadWay},
		{[]string{"--no-initrd", "--no-clean-kernel", "--no-prepare-kernel"}, initrdWay},
		{[]string{"--force-version-override"}, "depmod prefers mago's modules, whatever version the others have"},
		{[]string{"--symlink-modules"}, "modules lie in packages, as files"},
		{[]string{"--rpm_safe_upgrade"}, "mago's packages are dpkg's"},
		{[]string{"--dkmstree", "--sourcetree"}, treesWay},
		{[]string{"--installtree"}, "--dest DIR copies packages to DIR"},
		{[]string{"--debug"}, debugWay},
	}, nil},
	{"module-assistant", []habit{
		{[]string{"fakesource", "fakersource", "fakersrc"}, `mago builds with headers: "sudo mago prepare" installs them`},
		{[]string{"auto-unpacked"}, `run "sudo mago auto-install allu"`},
		{[]string{"build-install", "b-i"}, `run "sudo mago build,install MODULE"`},
	}, []habit{
		{[]string{"update PACKAGE"}, "update rebuilds the whole catalog, and takes no module"},
		{[]string{"-s", "--apt-search"}, `run "mago search TEXT"`},
		{[]string{"-d"}, debugWay},
	}, assistantVariables},
	{"apt", []habit{
		{[]string{"autoremove", "deinstall", "delete", "erase"}, removeWay},
		{[]string{"reinstall"}, `run "sudo mago install -f MODULE"`},
		{[]string{"rebuild"}, `run "mago build -f MODULE"`},
		{[]string{"upgrade", "full-upgrade", "dist-upgrade"}, `run "sudo mago auto-install alli"`},
		{[]string{"download", "fetch"}, `run "mago get MODULE"`},
		{[]string{"info", "policy"}, `run "mago show MODULE"`},
	}, []habit{
		{[]string{"-y", "--yes", "--assume-yes"}, askWay},
		{[]string{"--installed"}, `run "mago list-installed"`},
		{[]string{"--reinstall"}, forceWay},
	}, nil},
}

// commandHabit and optionHabit find the program that a word belongs to.
func commandHabit(word string) (h habit, program string, ok bool) {
	return findHabit(word, func(h habits) []habit { return h.commands })
}

func optionHabit(name string) (h habit, program string, ok bool) {
	return findHabit(name, func(h habits) []habit { return h.options })
}

func findHabit(word string, of func(habits) []habit) (h habit, program string, ok bool) {
	for _, all := range foreignHabits {
		for _, h := range of(all) {
			if slices.Contains(h.words, word) {
				return h, all.program, true
			}
		}
	}
	return habit{}, "", false
}

// forModule is the way with the named module in it, on the system and with the cache that options name.
func (h habit) forModule(given []typedOption, name string) string {
	on, cache := systemOf(given)
	switch {
	case name == "":
		return h.way
	case h.way == removeWay:
		return engine.HowToRemove(on, cache, name)
	case h.way == forgetWay:
		return engine.HowToForget(on, cache, name)
	}
	return strings.ReplaceAll(h.way, "MODULE", name)
}

// commandHabitWords are all names of commands of other programs.
func commandHabitWords() []string {
	var words []string
	for _, all := range foreignHabits {
		for _, h := range all.commands {
			words = append(words, h.words...)
		}
	}
	return words
}
