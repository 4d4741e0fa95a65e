package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"mago/debpkg"
	"mago/kbuild/sandbox"
)

// programs stand in for those of the system; each gets its arguments.
var programs map[string]func(w *world, args []string) error

func init() {
	programs = map[string]func(*world, []string) error{
		"apt-cache": aptCache, "apt-get": aptGet, "dpkg": dpkg, "useradd": useradd,
		"bwrap": bubblewrap, "setpriv": setpriv, "sudo": sudo, "chroot": chroot, "make": fakeMake, "strip": strip, "stall": strip,
	}
}

// exitStatus ends a program with a code, after it has said why.
type exitStatus int

func (e exitStatus) Error() string { return "exit status" }

func fakeMain(program func(*world, []string) error) int {
	name := filepath.Base(os.Args[0])
	line := commandLine(name, os.Args[1:])
	failing := begins(line, os.Getenv("FAIL"))
	err := note(line)
	if begins(line, os.Getenv("HANG")) {
		err = errors.Join(err, hang())
	}
	if failing && !strings.Contains(line, " download ") {
		err = errors.Join(err, errors.New(name+" is out of order"))
	}
	if err == nil {
		err = program(newWorld(os.Getenv("WORK")), os.Args[1:])
	}
	var status exitStatus
	switch {
	case errors.As(err, &status):
		return int(status)
	case err != nil:
		fmt.Fprintln(os.Stderr, "E:", err)
		return 100
	}
	return 0
}

// commandLine leaves out how bubblewrap lays out the file system.
func commandLine(name string, args []string) string {
	if i := slices.Index(args, "--"); i >= 0 && name == "bwrap" {
		args = args[i+1:]
	}
	return strings.Join(append([]string{name}, args...), " ")
}

func begins(line, prefixes string) bool {
	return slices.ContainsFunc(strings.Split(prefixes, ";"), func(p string) bool {
		return p != "" && (line == p || strings.HasPrefix(line, p+" "))
	})
}

func note(line string) error {
	file, err := os.OpenFile(filepath.Join(os.Getenv("WORK"), "calls"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, strings.ReplaceAll(line, "\n", " "))
	return errors.Join(err, file.Close())
}

// hang tells the script that this program runs and waits to be let go on. The pipe stays open as long as it lives.
func hang() error {
	begun, err := os.OpenFile(filepath.Join(os.Getenv("WORK"), "begun"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	keep, err := syscall.Dup(int(begun.Fd()))
	if err != nil {
		return err
	}
	syscall.CloseOnExec(keep)
	fmt.Fprintln(begun, os.Getpid())
	_, err = os.ReadFile(filepath.Join(os.Getenv("WORK"), "go-on"))
	return err
}

func aptCache(w *world, args []string) error {
	switch args[0] {
	case "search":
		for _, release := range w.kernels() {
			fmt.Printf("linux-headers-%s - Header files for Linux %[1]s\n", release)
		}
		return nil
	case "policy":
		lists, _ := strings.CutPrefix(args[2], "Dir::State::lists=")
		return w.printCandidates(lists, args[7:])
	}
	return fmt.Errorf("apt-cache %q", args)
}

func (w *world) kernels() []string {
	text, _ := os.ReadFile(filepath.Join(w.archive, "kernels"))
	return strings.Fields(string(text))
}

// printCandidates takes the last version listed for the candidate.
func (w *world) printCandidates(lists string, names []string) error {
	files, err := filepath.Glob(filepath.Join(w.root, lists, "*_Packages"))
	if err != nil {
		return err
	}
	candidates := map[string]string{}
	for _, file := range append(files, filepath.Join(w.root, "var/lib/dpkg/status")) {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, m := range regexp.MustCompile(`(?m)^Package: (.*)\n(?:.+\n)*?Version: (.*)\n`).FindAllStringSubmatch(string(text), -1) {
			if candidates[m[1]] == "" || strings.HasSuffix(file, "_Packages") {
				candidates[m[1]] = m[2]
			}
		}
	}
	for _, name := range names {
		if candidates[name] != "" {
			fmt.Printf("%s:\n  Installed: (none)\n  Candidate: %s\n", name, candidates[name])
		}
	}
	return nil
}

func aptGet(w *world, args []string) error {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if args[0] == "-o" {
			args = args[1:]
		}
		if args[0] == "--simulate" {
			return w.simulate(args[1:])
		}
		args = args[1:]
	}
	switch args[0] {
	case "download":
		return w.download(args[1])
	case "update":
		return os.Rename(filepath.Join(w.archive, "Packages"), filepath.Join(w.root, w.list()))
	case "install":
		for _, name := range packagesIn(args[1:]) {
			if err := w.install(name); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("apt-get %q", args)
}

func packagesIn(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return strings.HasPrefix(arg, "-") })
}

// download leaves half a file where it is told to fail, as apt-get does when the network goes.
func (w *world) download(what string) error {
	name := strings.ReplaceAll(strings.Replace(what, "=", "_", 1), ":", "%3a") + "_all.deb"
	deb, err := os.ReadFile(filepath.Join(w.archive, name))
	if err != nil {
		return fmt.Errorf("Can't find a source to download %s", what)
	}
	if begins("apt-get download "+what, os.Getenv("FAIL")) {
		err = os.WriteFile(name, deb[:len(deb)/2], 0o644)
		return errors.Join(err, errors.New("Failed to fetch "+what+": Could not resolve 'example.org'"))
	}
	if err := os.WriteFile(name, deb, 0o644); errors.Is(err, syscall.ENOSPC) {
		return errors.New("Write error - write (28: No space left on device)")
	} else if err != nil {
		return err
	}
	return nil
}

func (w *world) simulate(args []string) error {
	for _, name := range packagesIn(args[1:]) {
		if !w.has(name) {
			return errors.New("Unable to locate package " + name)
		}
	}
	return nil
}

// has: apt knows the kernels' headers, and of other packages those that no test wants missing.
func (w *world) has(name string) bool {
	release, headers := strings.CutPrefix(name, "linux-headers-")
	return headers && slices.Contains(w.kernels(), release) || !headers && !strings.HasPrefix(name, "missing-")
}

func (w *world) install(name string) error {
	if !w.has(name) {
		return errors.New("Unable to locate package " + name)
	}
	if release, ok := strings.CutPrefix(name, "linux-headers-"); ok {
		return w.addHeaders(release)
	}
	if err := w.write("usr/bin/"+name, "", 0o755); err != nil {
		return err
	}
	return w.add("var/lib/dpkg/status", fmt.Sprintf(statusFormat, name, "1.0"))
}

func dpkg(w *world, args []string) error {
	if args[0] == "--print-architecture" {
		fmt.Println("amd64")
		return nil
	}
	for _, deb := range args[1:] {
		if err := w.unpack(filepath.Join(w.root, deb)); err != nil {
			return err
		}
	}
	return nil
}

// unpack puts a package into dpkg's status, in the place of its older version.
func (w *world) unpack(deb string) error {
	r, err := debpkg.Open(deb)
	if err != nil {
		return err
	}
	defer r.Close()
	p := r.Control()
	status, err := os.ReadFile(filepath.Join(w.root, "var/lib/dpkg/status"))
	if err != nil {
		return err
	}
	paragraphs := slices.DeleteFunc(strings.SplitAfter(string(status), "\n\n"), func(text string) bool {
		return strings.HasPrefix(text, "Package: "+p.Get("Package")+"\n")
	})
	added := fmt.Sprintf(statusFormat, p.Get("Package"), p.Get("Version"))
	return w.write("var/lib/dpkg/status", strings.Join(paragraphs, "")+added, 0o644)
}

func useradd(w *world, args []string) error {
	return w.add("etc/passwd", fmt.Sprintf("%s:x:%d:%[2]d::/nonexistent:/usr/sbin/nologin\n", args[len(args)-1], max(os.Geteuid(), 1)))
}

// bubblewrap shows the programs in it the real place of the directory that it would mount.
func bubblewrap(w *world, args []string) error {
	command := slices.Index(args, "--")
	inside := args[command+1:]
	for i := range args[:command] {
		switch args[i] {
		case "--bind":
			if args[i+2] == sandbox.Mount {
				os.Setenv("MOUNTED", args[i+1])
			}
			os.Setenv("ENTERED", args[i+1])
		case "--chdir":
			if err := os.Chdir(outside(args[i+1])); err != nil {
				return err
			}
		}
	}
	return become(inside)
}

// outside is the real path of one inside bubblewrap.
func outside(path string) string {
	if mounted := os.Getenv("MOUNTED"); mounted != "" && strings.HasPrefix(path, sandbox.Mount) {
		return mounted + strings.TrimPrefix(path, sandbox.Mount)
	}
	if path == "/" {
		return path
	}
	return filepath.Join(os.Getenv("ROOT"), path)
}

func setpriv(w *world, args []string) error {
	inside := args[slices.Index(args, "--")+1:]
	for i := range inside {
		inside[i] = strings.ReplaceAll(inside[i], "/var/cache/mago", filepath.Join(w.root, "var/cache/mago"))
	}
	return become(inside)
}

// become gives this process to another program.
func become(args []string) error {
	if args[0] == "/bin/true" {
		return nil
	}
	for i := range args {
		if mounted := os.Getenv("MOUNTED"); mounted != "" {
			args[i] = strings.ReplaceAll(args[i], sandbox.Mount, mounted)
		}
	}
	os.Setenv("PATH", os.Getenv("FAKES")+":"+os.Getenv("PATH"))
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, args, os.Environ())
}

func sudo(w *world, args []string) error { return become(args) }

func chroot(w *world, args []string) error {
	if args[0] != w.root {
		return fmt.Errorf("chroot to %s", args[0])
	}
	return become(args[1:])
}

func strip(w *world, args []string) error { return nil }

var errorDirective = regexp.MustCompile(`(?m)^#error (.*)$`)

// fakeMake compiles a module of each .c file, but for those that hold #error.
func fakeMake(w *world, args []string) error {
	var headers, dir string
	for i, arg := range args {
		if arg == "-C" {
			headers = args[i+1]
		}
		if m, ok := strings.CutPrefix(arg, "M="); ok {
			dir = m
		}
	}
	text, err := os.ReadFile(filepath.Join(w.root, resolved(w.root, headers), "include/generated/utsrelease.h"))
	if err != nil {
		return err
	}
	release := strings.Split(string(text), `"`)[1]
	files, err := filepath.Glob(filepath.Join(dir, "*.c"))
	for _, file := range files {
		err = errors.Join(err, compileFile(file, release))
	}
	return err
}

// resolved follows a link such as /lib/modules/*/build inside the root.
func resolved(root, path string) string {
	if target, err := os.Readlink(filepath.Join(root, path)); err == nil {
		return target
	}
	return path
}

func compileFile(file, release string) error {
	shown := strings.Replace(file, os.Getenv("MOUNTED"), sandbox.Mount, 1)
	object := strings.TrimSuffix(file, ".c")
	fmt.Printf("  CC [M]  %s.o\n", strings.TrimSuffix(shown, ".c"))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if m := errorDirective.FindSubmatchIndex(text); m != nil {
		line := 1 + strings.Count(string(text[:m[0]]), "\n")
		fmt.Fprintf(os.Stderr, "%s:%d:2: error: #error %s\n", shown, line, text[m[2]:m[3]])
		io.WriteString(os.Stderr, "make[1]: *** [scripts/Makefile.build:250: x.o] Error 1\nmake: *** [Makefile:2012: x] Error 2\n")
		return exitStatus(2)
	}
	return os.WriteFile(object+".ko", moduleFile(release), 0o644)
}
