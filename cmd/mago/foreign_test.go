package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mago/cmd/mago/internal/engine"
	"mago/kbuild/sandbox"
)

// entrances are the places where strangers' words come in, each with what puts one there.
var entrances = []struct {
	name string
	put  func(w *world, text string) error
}{
	{"a package's name in a list", func(w *world, text string) error {
		return w.addListed("Package: " + text + "\nVersion: 1.0-1\nDepends: dkms")
	}},
	{"a version in a list", func(w *world, text string) error { return w.addListed("Package: good-dkms\nVersion: " + text) }},
	{"an architecture in a list", func(w *world, text string) error {
		return w.addListed("Package: good-dkms\nVersion: 1\nArchitecture: " + text)
	}},
	{"a source's name in a list", func(w *world, text string) error {
		return w.addListed("Package: good-dkms\nVersion: 1\nSource: " + text)
	}},
	{"a relation in a list", func(w *world, text string) error {
		return w.addListed("Package: hello-source\nVersion: 1\nSection: kernel\nDepends: debhelper, make, gcc, " + text + ", " + text + "-dev")
	}},
	{"a package's name in dpkg's status", func(w *world, text string) error {
		return w.add("var/lib/dpkg/status", fmt.Sprintf(statusFormat, text, "1")+fmt.Sprintf(statusFormat, text+"-dkms", "1")+fmt.Sprintf(statusFormat, text+"-modules-6.1.0-9-amd64", "1"))
	}},
	{"broken headers in dpkg's status", func(w *world, text string) error {
		broken := strings.Replace(fmt.Sprintf(statusFormat, "linux-headers-"+text, "1"), "install ok installed", "install reinstreq half-installed", 1)
		return errors.Join(os.Remove(filepath.Join(w.root, w.headers("Module.symvers"))), w.add("var/lib/dpkg/status", broken))
	}},
	{"a version in dpkg's status", func(w *world, text string) error {
		return w.add("var/lib/dpkg/status", fmt.Sprintf(statusFormat, "hello-dkms", text))
	}},
	{"the compiler in .config", func(w *world, text string) error {
		return w.write(w.headers(".config"), "CONFIG_X86_64=y\nCONFIG_CC_VERSION_TEXT=\""+text+" 12\"\n", 0o644)
	}},
	{"the compiler of clang's in .config", func(w *world, text string) error {
		return w.write(w.headers(".config"), "CONFIG_X86_64=y\nCONFIG_CC_IS_CLANG=y\nCONFIG_LD_IS_LLD=y\nCONFIG_CLANG_VERSION="+text+"\nCONFIG_LLD_VERSION="+text+"\n", 0o644)
	}},
	{"CC in .kernelvariables", func(w *world, text string) error {
		return w.write(w.headers(".kernelvariables"), "override CC = "+text+"\n", 0o644)
	}},
	{"clang in .kernelvariables", func(w *world, text string) error {
		return errors.Join(w.write(w.headers(".config"), "CONFIG_X86_64=y\nCONFIG_CC_IS_CLANG=y\nCONFIG_LD_IS_LLD=y\n", 0o644),
			w.write(w.headers(".kernelvariables"), "CC = clang"+text+"\n", 0o644))
	}},
	{"the release in utsrelease.h", func(w *world, text string) error {
		return w.write(w.headers("include/generated/utsrelease.h"), "#define UTS_RELEASE \""+text+"\"\n", 0o644)
	}},
	{"the release in kernel.release", func(w *world, text string) error {
		return errors.Join(os.Remove(filepath.Join(w.root, w.headers("include/generated/utsrelease.h"))), w.write(w.headers("include/config/kernel.release"), text+"\n", 0o644))
	}},
	{"the running release", func(w *world, text string) error { return w.write("proc/sys/kernel/osrelease", text+"\n", 0o644) }},
	{"a directory in /lib/modules", func(w *world, text string) error {
		return w.write("lib/modules/"+fileName(text)+"/modules.builtin", "", 0o644)
	}},
	{"a directory in /usr/src", func(w *world, text string) error {
		return errors.Join(w.write("usr/src/linux-headers-"+fileName(text)+"/.config", "", 0o644), w.write("usr/src/"+fileName(text)+"-1.0/dkms.conf", "PACKAGE_NAME=x\nPACKAGE_VERSION=1\n", 0o644))
	}},
	{"PACKAGE_NAME", func(w *world, text string) error {
		return w.local("dkms.conf", "PACKAGE_NAME=\""+text+"\"\nPACKAGE_VERSION=1\n")
	}},
	{"PACKAGE_VERSION", func(w *world, text string) error {
		return w.local("dkms.conf", "PACKAGE_NAME=x\nPACKAGE_VERSION='"+text+"'\n")
	}},
	{"names in dkms.conf", func(w *world, text string) error {
		return w.local("dkms.conf", strings.ReplaceAll("PACKAGE_NAME=x\nPACKAGE_VERSION=1\nBUILT_MODULE_NAME[0]='%'\nDEST_MODULE_NAME[0]='%'\nDEST_MODULE_LOCATION[0]='/%'\n", "%", text))
	}},
	{"BUILD_DEPENDS", func(w *world, text string) error {
		return w.local("dkms.conf", strings.ReplaceAll("PACKAGE_NAME=x\nPACKAGE_VERSION=1\nBUILD_DEPENDS[0]='%'\nPATCH[0]='%'\nMAKE[0]='make %'\n", "%", text))
	}},
	{"Build-Depends", func(w *world, text string) error {
		return errors.Join(w.local("debian/control", "Source: x\nBuild-Depends: debhelper, "+text+"\n\nPackage: x\n"), w.local("debian/rules", "include /usr/share/modass/include/common-rules.make\nkdist_image:\n"))
	}},
	{"a changelog", func(w *world, text string) error {
		return errors.Join(w.local("Makefile", "obj-m := x.o\n"), w.local("debian/changelog", text+" ("+text+") unstable; urgency=low\n\n  * x\n\n -- A <a@b>  Mon, 06 May 2024 07:08:09 +0000\n"))
	}},
	{"the objects of a Makefile", func(w *world, text string) error {
		return w.local("Makefile", "obj-m := "+text+".o\nall: "+text+"\n\tmake -C "+text+"\n")
	}},
	{"a record", func(w *world, text string) error {
		record := strings.ReplaceAll(`{"format":1,"module":%,"kernel":%,"result":"built","package":%,"version":%,"deb":%,"recipe":"dkms.conf","recipe_name":%,"recipe_version":%,"source":{"package":%,"version":%,"path":%}}`, "%", quotedJSON(text))
		return errors.Join(w.write("var/cache/mago/builds/hello/6.1.0-9-amd64/record.json", record, 0o644), w.write("var/cache/mago/builds/"+fileName(text)+"/"+fileName(text)+"/record.json", record, 0o644))
	}},
	{"an opened source", func(w *world, text string) error {
		tree := strings.ReplaceAll(`{"Format":3,"Name":%,"Version":%,"Origin":"archive","Dir":%}`, "%", quotedJSON(text))
		return errors.Join(w.write("var/cache/mago/trees/hello-dkms/1.0-1/tree.json", tree, 0o644), w.write("var/cache/mago/trees/"+fileName(text)+"/1/tree.json", tree, 0o644))
	}},
	{"the index", func(w *world, text string) error {
		return w.write("var/cache/mago/index.json", strings.ReplaceAll(`{"Format":3,"Modules":[{"Name":"x","Packages":[{"name":"x-dkms","kind":"dkms","version":%,"architecture":%,"source":%}]}]}`, "%", quotedJSON(text)), 0o644)
	}},
	{"what apt-cache says", func(w *world, text string) error {
		return os.WriteFile(filepath.Join(w.archive, "kernels"), []byte(text), 0o644)
	}},
}

// addListed adds a package to apt's list, with what every paragraph has unless it is there.
func (w *world) addListed(paragraph string) error {
	if !strings.Contains(paragraph, "Architecture:") {
		paragraph += "\nArchitecture: all"
	}
	return w.add(w.list(), paragraph+"\nMaintainer: A <a@b.c>\nFilename: ./x.deb\nSize: 1\nSHA256: 00\nDescription: x\n\n")
}

func (w *world) headers(name string) string {
	return "usr/src/linux-headers-" + runningKernel + "/" + name
}

// local adds a file to the directory that the commands name.
func (w *world) local(name, text string) error { return w.write("../local/"+name, text, 0o644) }

// fileName is a text as a file's name, as near to it as may be.
func fileName(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == '/' || r == 0 {
			return '_'
		}
		return r
	}, text)
	if text = text[:min(len(text), 100)]; text == "" || text == "." || text == ".." {
		return "_"
	}
	return text
}

func quotedJSON(text string) string {
	quoted := fmt.Sprintf("%q", strings.ToValidUTF8(text, ""))
	return regexp.MustCompile(`\\(?:x[0-9a-f]{2}|a|v|U[0-9a-f]{8})`).ReplaceAllString(quoted, `\u0001`)
}

// roads are the command lines that strangers' words may travel.
var roads = [][]string{
	{"update", "-f"}, {"list"}, {"show", "hello"}, {"status"}, {"prepare", "hello", "hello-source"}, {"-l", "all", "-i", "prepare"}, {"-l", "newest", "prepare"}, {"-l", "6.*", "prepare"},
	{"-i", "a-i", "all"}, {"-i", "a-i", "LOCAL"}, {"prepare", "LOCAL"}, {"-k", "/" + "usr/src/linux-headers-" + runningKernel, "prepare"}, {"-i", "a-i", "alli"}, {"-i", "install", "hello"}, {"clean"}, {"purge", "all"},
}

// witness stands in for this machine: it notes what it is to run, and runs nothing.
type witness struct {
	w      *world
	mu     sync.Mutex
	errors []string
}

func (s *witness) run(cmd *exec.Cmd) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, args, _, ok := sandbox.Wrapped(cmd); ok {
		s.inside(args)
		return nil
	}
	args := slices.Clone(cmd.Args)
	if why := unfitFor(args); why != "" {
		s.errors = append(s.errors, fmt.Sprintf("%q: %s", args, why))
	}
	return s.answer(cmd)
}

// ownWords are all that mago says to programs outside of a sandbox.
var ownWords = regexp.MustCompile(`^(?:-q|-o|-i|install|dist-upgrade|download|update|policy|madison|search|--names-only|--yes|--no-install-recommends|--no-remove|--mark-auto|--reinstall|--allow-downgrades|--simulate|show|--no-all-versions|--print-architecture|indextargets|--format|\$\(FILENAME\)|` +
	`--force-confdef,confold|Dir::State::lists=/var/cache/mago/\.lists-[0-9]+|Dir::Cache::(?:src)?pkgcache=|APT::Cmd::Pattern-Only=true|DPkg::Lock::Timeout=0|Debug::NoLocking=true|APT::Status-Fd=1|--print-uris|Dpkg::Options::=--force-confdef,confold|` +
	`APT::Update::Error-Mode=any|(?:APT::Get|Acquire)::[A-Za-z-]+=false)$`)

// operands are what may stand behind "--".
var operands = map[string]*regexp.Regexp{
	"apt-get":   regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*[a-z0-9+.](?::[a-z0-9][a-z0-9-]*)?(?:=[0-9][A-Za-z0-9.+~:-]*)?$|^/var/cache/mago/debs/[a-z0-9][A-Za-z0-9+.~_%-]*\.deb$`),
	"apt-cache": regexp.MustCompile(`^(?:[a-z0-9][a-z0-9+.-]*[a-z0-9+.]|\(\^\|-\)headers-\[0-9\]|\^\(gcc\|clang\)\(-\[0-9\.\]\+\)\?\$|\^linux-headers-(?:[A-Za-z0-9_~-]|\\[.+])+\$)$`),
	"dpkg":      regexp.MustCompile(`^/var/cache/mago/debs/[a-z0-9][A-Za-z0-9+.~_%-]*\.deb$`),
}

// unfitFor says what is wrong with a command line of a program that runs with mago's own rights.
func unfitFor(args []string) string {
	known, ok := operands[args[0]]
	if !ok {
		return "not a program that mago runs"
	}
	said, named := args[1:], []string(nil)
	if i := slices.Index(said, "--"); i >= 0 {
		said, named = said[:i], said[i+1:]
	}
	for _, word := range said {
		if !ownWords.MatchString(word) {
			return fmt.Sprintf("%q is not mago's", word)
		}
	}
	for _, word := range named {
		if !known.MatchString(word) {
			return fmt.Sprintf("%q leaves its grammar", word)
		}
	}
	return ""
}

var plainProgram = regexp.MustCompile(`^/?[A-Za-z0-9][A-Za-z0-9._+/-]*$`)

// settings are the options of programs in a sandbox.
var settings = regexp.MustCompile(`^-(?:[cCsdpfkB]|j[0-9]+|-version|-input|p1|-contents|-no-print-directory|print-file-name=plugin|dumpversion)$|^-[A-Za-z-]+$`)

// inside looks at a program in a sandbox: bash gets recipes' own commands, everything else words.
func (s *witness) inside(args []string) {
	if !plainProgram.MatchString(args[0]) {
		s.errors = append(s.errors, fmt.Sprintf("%q: not a program's name", args))
	}
	if args[0] == "bash" {
		return
	}
	for _, word := range args[1:] {
		if strings.HasPrefix(word, "-") && !settings.MatchString(word) {
			s.errors = append(s.errors, fmt.Sprintf("in a sandbox, %q: option %q", args, word))
		}
	}
}

// answer says what apt would.
func (s *witness) answer(cmd *exec.Cmd) error {
	said := cmd.Stdout
	if said == nil {
		said = io.Discard
	}
	kernels, err := os.ReadFile(filepath.Join(s.w.archive, "kernels"))
	switch strings.Join(cmd.Args[:2], " ") {
	case "dpkg --print-architecture":
		fmt.Fprintln(said, "amd64")
	case "apt-cache policy":
		for _, name := range cmd.Args[slices.Index(cmd.Args, "--")+1:] {
			fmt.Fprintf(said, "%s:\n  Candidate: 1.0-1\n", name)
		}
		fmt.Fprintf(said, "%s:\n  Candidate: %s\n", kernels, kernels)
	case "apt-cache search":
		for release := range strings.Lines(string(kernels)) {
			fmt.Fprintf(said, "linux-headers-%s - x\n", strings.TrimSpace(release))
		}
		fmt.Fprintf(said, "linux-headers-6.1.0%s - x\n", kernels)
	case "apt-cache show":
		fmt.Fprintf(said, "Package: %s\nDepends: linux-image-%[1]s\n", cmd.Args[len(cmd.Args)-1])
		fmt.Fprintf(said, "\nPackage: linux-image-amd64\nDepends: %s\n", kernels)
	case "apt-cache madison":
		fmt.Fprintf(said, "hello-dkms | 9%s | http://x %s/main amd64 Packages\n%[1]s | %[1]s | x %[1]s/main amd64 Packages\n", kernels, kernels)
	case "apt-get download":
		err = s.download(cmd)
	}
	return err
}

func (s *witness) download(cmd *exec.Cmd) error {
	deb, err := os.ReadFile(filepath.Join(s.w.archive, "hello-dkms_1.0-1_all.deb"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.w.root, cmd.Dir, "hello-dkms_1.0-1_all.deb"), deb, 0o644)
}

// travel puts a text at an entrance and goes roads with it.
func travel(ctx context.Context, t *testing.T, entrance int, text string, roads ...[]string) {
	t.Helper()
	at := entrances[entrance]
	w := newWorld(t.TempDir())
	if err := errors.Join(w.furnish(), w.local("hello.c", "int hello;\n")); err != nil {
		t.Fatal(err)
	}
	if err := at.put(w, text); err != nil {
		t.Skip(err) // no file can be called so
	}
	s := &witness{w: w}
	for _, road := range roads {
		args := []string{"--root=" + w.root, "--sandbox=bubblewrap"}
		for _, word := range road {
			args = append(args, strings.ReplaceAll(word, "LOCAL", filepath.Join(w.root, "../local")))
		}
		runOn(ctx, engine.Machine{AsRoot: true, Run: s.run}, args, io.Discard, io.Discard)
		if len(s.errors) > 0 {
			t.Errorf("%s: %q: mago %q runs %s", at.name, text, road, strings.Join(s.errors, "\n"))
			return
		}
	}
}

// hostileWords each mean something to a program that gets them.
var hostileWords = []string{"-oDir::Bin::dpkg=/bin/sh", "--simulate", "-i", "tzdata-", "x[z-a]", "$(touch x)", "../../x", "6.1.0-9-amd64' -oX=y", "a.*", "/bin/sh", "a=1", "x -oX=y", "good;id"}

// No word from a file of others becomes an option, and none that a program gets leaves its grammar.
func TestForeignWords(t *testing.T) {
	words := 2 // FuzzForeignWords tries what else there is
	if testing.Short() {
		words = 1
	}
	for i, at := range entrances {
		t.Run(at.name, func(t *testing.T) {
			for j := range words {
				travel(t.Context(), t, i, hostileWords[(i+5*j)%len(hostileWords)], roads...)
			}
		})
	}
}

func FuzzForeignWords(f *testing.F) {
	for i := range entrances {
		f.Add(uint8(i), uint8(i), "-oDir::Bin::dpkg=/bin/sh")
		f.Add(uint8(i), uint8(i+4), "good-1.0")
	}
	f.Fuzz(func(t *testing.T, entrance, road uint8, text string) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // on a busy machine; after ten an input counts as one that hangs
		defer cancel()
		travel(ctx, t, int(entrance)%len(entrances), text, roads[int(road)%len(roads)])
	})
}
