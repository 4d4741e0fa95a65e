package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/payload"
	"mago/kbuild/signing/pkcs11"
)

func ownCommand() string {
	line := strings.Join(append([]string{filepath.Base(os.Args[0])}, os.Args[1:]...), " ")
	if utf8.RuneCountInString(line) > maxCommandLine {
		line = string([]rune(line)[:maxCommandLine-1]) + "…"
	}
	return line
}

// maxCommandLine is, in characters, where others' messages cut this process's command line.
const maxCommandLine = 100

// userName is who runs this, also through sudo.
func userName() string {
	name := strconv.Itoa(os.Geteuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := os.Getenv("SUDO_USER"); by != "" && by != name {
		return by + " as " + name
	}
	return name
}

// newPaths puts root's things under /var/cache/mago, a user's where XDG has caches, and both below -u.
func newPaths(o options, asRoot bool) (engine.Paths, error) {
	cache := filepath.Join(o.Root, "/var/cache/mago")
	switch {
	case o.UserDir != "":
		dir, err := filepath.Abs(o.UserDir)
		if err != nil {
			return engine.Paths{}, err
		}
		cache = dir
	case !asRoot && o.Root == "/":
		dir, err := os.UserCacheDir()
		if err != nil {
			return engine.Paths{}, err
		}
		cache = filepath.Join(dir, "mago")
	}
	if o.Root != "/" && !strings.HasPrefix(cache+"/", o.Root+"/") {
		return engine.Paths{}, &engine.UsageError{Err: fmt.Errorf("-u %s is outside of --root %s, where its apt could not write", cache, o.Root)}
	}
	return engine.Paths{Cache: cache}, nil
}

// globs reads the patterns of --allow-file.
func globs(texts []string) (all []payload.Glob, err error) {
	for _, text := range texts {
		glob, err := payload.ParseGlob(text)
		if err != nil {
			return nil, &engine.UsageError{Err: fmt.Errorf("--allow-file: %w", err)}
		}
		all = append(all, glob)
	}
	return all, nil
}

func thisMachine() engine.Machine {
	return engine.Machine{AsRoot: os.Geteuid() == 0, Run: (*exec.Cmd).Run, Inhibit: engine.Inhibit, Tokens: pkcs11.Helper{Programs: tokenPrograms()}}
}

// tokenPrograms are the places of mago-pkcs11: beside mago, as "make build" puts it, and in libexec, as an installation does.
func tokenPrograms() (all []string) {
	const name, inLibexec = "mago-pkcs11", "libexec/mago/mago-pkcs11"
	if self, err := os.Executable(); err == nil {
		dir := filepath.Dir(self)
		all = append(all, filepath.Join(dir, name), filepath.Join(filepath.Dir(dir), inLibexec))
	}
	return append(all, "/usr/local/"+inLibexec, "/usr/"+inLibexec)
}

// headerDirs are the directories of -k and KERNELDIRS, inside the root. One that exists may have blanks in its name.
func headerDirs(root string, values []string) (dirs []string) {
	for _, value := range values {
		for _, dir := range engine.ListOrPath(value) {
			if root == "/" {
				dir, _ = filepath.Abs(dir) // fails only without a working directory
			}
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
