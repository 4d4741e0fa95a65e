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

	"mago/kbuild/sandbox"
)

// bubblewrap shows the programs in it the real place of the directory that it would mount.
func bubblewrap(w *world, args []string) error {
	command := slices.Index(args, "--")
	inside, shown := args[command+1:], map[string]string{}
	for i := range args[:command] {
		switch args[i] {
		case "--bind":
			if args[i+2] == sandbox.WorkDir {
				os.Setenv("MOUNTED", args[i+1])
			}
			os.Setenv("ENTERED", args[i+1])
		case "--ro-bind":
			if strings.HasPrefix(args[i+2], "/usr/src/") && !strings.HasPrefix(args[i+1], w.root+"/usr/src/") {
				shown[args[i+2]] = args[i+1]
			}
		case "--symlink":
			if host := shown[args[i+1]]; host != "" {
				shown[args[i+2]] = host
			}
		case "--chdir":
			if err := linkShown(shown, inside); err != nil {
				return err
			}
			if err := os.Chdir(outside(args[i+1])); err != nil {
				return err
			}
		}
	}
	return become(inside)
}

// linkShown has links in the mounted directory, and the program's arguments, name sources where they really lie.
func linkShown(shown map[string]string, inside []string) error {
	links, err := filepath.Glob(filepath.Join(os.Getenv("MOUNTED"), "*/*/source"))
	for _, link := range links {
		if target, _ := os.Readlink(link); shown[target] != "" {
			err = errors.Join(err, os.Remove(link), os.Symlink(shown[target], link))
		}
	}
	var pairs []string
	for path, host := range shown {
		pairs = append(pairs, path, host)
	}
	once := strings.NewReplacer(pairs...) // a host's path may end as one inside does
	for i := range inside {
		inside[i] = once.Replace(inside[i])
	}
	return err
}

// outside is the real path of one inside bubblewrap.
func outside(path string) string {
	if mounted := os.Getenv("MOUNTED"); mounted != "" && strings.HasPrefix(path, sandbox.WorkDir) {
		return mounted + strings.TrimPrefix(path, sandbox.WorkDir)
	}
	if path == "/" {
		return path
	}
	return filepath.Join(os.Getenv("ROOT"), path)
}

// limitedSandbox is one without bubblewrap; a script's world has no other paths inside than outside.
func limitedSandbox(w *world, inside []string) error {
	for i := range inside {
		inside[i] = strings.ReplaceAll(inside[i], "/var/cache/mago", filepath.Join(w.root, "var/cache/mago"))
	}
	return become(inside)
}

// become gives this process to another program.
func become(args []string) error {
	if filepath.Base(args[0]) == "mago-probe" {
		return nil
	}
	for i := range args {
		if mounted := os.Getenv("MOUNTED"); mounted != "" {
			args[i] = strings.ReplaceAll(args[i], sandbox.WorkDir, mounted)
		}
	}
	os.Setenv("PATH", os.Getenv("FAKES")+":"+os.Getenv("PATH"))
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	if os.Getenv("HANG") != "" {
		if _, err := holdPipe(); err != nil {
			return err
		}
	}
	return syscall.Exec(path, args, os.Environ())
}

// env leaves signals as they are where mago wants some ignored; what else calls it gets the system's.
func env(_ *world, args []string) error {
	if strings.HasPrefix(args[0], "--ignore-signal=") {
		return become(args[1:])
	}
	return syscall.Exec("/usr/bin/env", append([]string{"env"}, args...), os.Environ())
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
	if slices.Contains(args, "kdist_image") {
		return makePackage(args)
	}
	var headers, dir string
	for i, arg := range args {
		if arg == "-C" {
			headers = args[i+1]
		}
		if m, ok := strings.CutPrefix(arg, "M="); ok {
			dir = m
		}
	}
	if !strings.HasPrefix(headers, w.root) {
		headers = filepath.Join(w.root, resolved(w.root, headers))
	}
	text, err := os.ReadFile(filepath.Join(headers, "include/generated/utsrelease.h"))
	if err != nil {
		return err
	}
	release := strings.Split(string(text), `"`)[1]
	symvers, _ := os.ReadFile(filepath.Join(headers, "Module.symvers"))
	files, err := filepath.Glob(filepath.Join(dir, "*.c"))
	for _, file := range files {
		err = errors.Join(err, compileFile(file, release, versionsOf(string(symvers))))
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

func compileFile(file, release string, versions []byte) error {
	shown := strings.Replace(file, os.Getenv("MOUNTED"), sandbox.WorkDir, 1)
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
	return os.WriteFile(object+".ko", moduleFile(release, versions), 0o644)
}
