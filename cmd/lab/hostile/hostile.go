// Package hostile has module sources that try to get out of the sandbox they are built in, by every door that a source has,
// and a victim on the host to tell by whether one has.
package hostile

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed attacks
var attacks embed.FS

// Attack is one thing to try.
type Attack struct {
	Name   string
	Limit  string // the limit that ends it, or several of which one does; "" where it ends by itself
	Real   bool   // whether it can be shown to work outside of a sandbox, on a victim alone
	Module bool   // whether it gives something else for hello.ko
}

// Attacks are all of them; a script of the same name does each.
var Attacks = []Attack{
	{Name: "read", Real: true}, {Name: "write", Real: true}, {Name: "network", Real: true}, {Name: "kill", Real: true}, {Name: "ptrace", Real: true},
	{Name: "secrets", Real: true}, {Name: "keys", Real: true}, {Name: "passphrases", Real: true}, {Name: "token", Real: true}, {Name: "outlive", Real: true}, {Name: "outputs", Real: true}, {Name: "place"}, {Name: "killall"}, {Name: "records"}, {Name: "terminal"}, {Name: "nested"},
	{Name: "forks", Limit: "processes"}, {Name: "memory", Limit: "memory"}, {Name: "loop", Limit: "time"}, {Name: "disk", Limit: "output"},
	{Name: "chatter", Limit: "output"}, {Name: "comets", Limit: "time or processes"}, {Name: "shared", Limit: "memory"}, {Name: "deep", Limit: "output"},
	{Name: "module-link", Module: true}, {Name: "module-hardlink", Module: true}, {Name: "module-pipe", Module: true},
	{Name: "module-device", Module: true}, {Name: "module-directory", Module: true}, {Name: "module-sparse", Module: true},
}

// Doors are the places in a source that its builder follows.
var Doors = []string{"dkms.conf", "PRE_BUILD", "MAKE", "POST_BUILD", "PRE_BUILD and MAKE", "Kbuild", "Makefile", "debian/rules"}

// Script is an attack as a program for bash, on a victim.
func Script(a Attack, v *Victim) string {
	text, err := attacks.ReadFile("attacks/" + a.Name + ".sh")
	if err != nil {
		panic(err)
	}
	return "#!/bin/bash\n" + v.variables() + string(text)
}

// Write makes a source in a new directory that does one attack by one door.
func Write(dir, door string, a Attack, v *Victim) error {
	files := map[string]string{"attack.sh": Script(a, v)}
	const named = "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME=hello\nDEST_MODULE_LOCATION=/extra\n"
	switch door {
	case "dkms.conf":
		files["dkms.conf"] = named + "( " + strings.TrimPrefix(files["attack.sh"], "#!/bin/bash\n") + " )\nMAKE=true\n"
	case "PRE_BUILD", "POST_BUILD":
		files["dkms.conf"] = named + "MAKE=true\n" + door + "=attack.sh\n"
	case "PRE_BUILD and MAKE":
		files["dkms.conf"] = named + "PRE_BUILD=attack.sh\nMAKE='bash attack.sh'\n"
	case "MAKE":
		files["dkms.conf"] = named + "MAKE='bash attack.sh'\n"
	case "Kbuild":
		files["Kbuild"] = "obj-m := hello.o\n$(info $(shell cd $(src); bash attack.sh 2>&1))\n"
	case "Makefile":
		files["Makefile"] = "all:\n\tbash attack.sh\n"
	case "debian/rules":
		files["debian/rules"] = "#!/usr/bin/make -f\n-include $(MA_DIR)/include/generic.make\n-include $(MA_DIR)/include/common-rules.make\nkdist_clean kdist_config:\nbinary-modules kdist_image:\n\tbash attack.sh\n"
		files["debian/control"] = "Source: hello\nSection: kernel\nPriority: optional\nMaintainer: A Person <person@example.org>\n\nPackage: hello-modules-_KVERS_\nArchitecture: any\nDescription: hello\n"
		files["debian/changelog"] = "hello (1.0-1) unstable; urgency=low\n\n  * First.\n\n -- A Person <person@example.org>  Mon, 06 May 2024 07:08:09 +0000\n"
	default:
		return fmt.Errorf("no door %s", door)
	}
	return writeAll(dir, files)
}

func writeAll(dir string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			return err
		}
	}
	return nil
}
