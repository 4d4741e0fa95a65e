package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/word"

	"github.com/alecthomas/kong"
)

// advice is all that mago says of a command line, "" where it understands it.
func advice(model *kong.Application, args ...string) string {
	err := understand(model, args)
	if err == nil {
		return ""
	}
	code, hint := explain(err)
	if code != exitUsage {
		return "code " + err.Error()
	}
	return err.Error() + "\n" + hint
}

// spoilt are the ways to mistype a word by a letter, and all that it begins with.
func spoilt(word string) []string {
	var all []string
	for i := range word {
		all = append(all, word[:i], word[:i]+word[i+1:])
		if i > 0 {
			all = append(all, word[:i-1]+word[i:i+1]+word[i-1:i]+word[i+1:])
		}
		for _, letter := range "aelnsux-" {
			all = append(all, word[:i]+string(letter)+word[i+1:], word[:i]+string(letter)+word[i:])
		}
	}
	return all
}

var weakNames = []string{"allow-unauthenticated", "allow-file", "unsigned"}

// What takes a check away is known to be such, so that nothing leads to it.
func TestWeakOptionsAreMarked(t *testing.T) {
	all := everyFlag(grammar())
	for _, name := range weakNames {
		if flag := flagCalled(all, "--"+name); flag != nil && !weakens(flag) {
			t.Errorf(`--%s lacks the tag weakens:""`, name)
		}
	}
}

// No option, mistyped or cut short, is accepted, or leads to one that takes a check away.
func TestNothingLeadsToWeakOptions(t *testing.T) {
	model := grammar()
	all := everyFlag(model)
	leads := func(text string) bool {
		return slices.ContainsFunc(weakNames, func(name string) bool {
			return strings.Contains(text, "--"+name+"?") || strings.Contains(text, "--"+name+`"`)
		})
	}
	for _, flag := range all {
		for _, name := range spoilt(flag.Name) {
			if flagCalled(all, "--"+name) != nil || name == "" || strings.HasPrefix(name, "-") {
				continue
			}
			for _, args := range [][]string{{"--" + name, "list"}, {"update", "--" + name}, {"a-i", "hello", "--" + name + "=x"}} {
				if got := advice(model, args...); got == "" || leads(got) {
					t.Errorf("%q: %q", args, got)
				}
			}
		}
	}
	for _, value := range append(spoilt("user"), "no", "none", "off") {
		if got := advice(model, "list", "--sandbox="+value); strings.Contains(got, "user") && !strings.Contains(value, "user") {
			t.Errorf("--sandbox=%s: %q", value, got)
		}
	}
}

// A word that asks for the opposite of a command, mistyped or not, never leads to that command.
func TestNoWordLeadsToItsContrary(t *testing.T) {
	model := grammar()
	for _, node := range offered(model) {
		for _, prefix := range []string{"un", "de", "dis", "no", "not-"} {
			opposite := prefix + node.Name
			if commandCalled(model, opposite) != nil {
				continue
			}
			for i, typed := range append([]string{opposite}, spoilt(opposite)...) {
				if testing.Short() && i%7 > 0 {
					continue
				}
				got := advice(model, typed, "hello")
				if word.Distance(typed, node.Name) > 1 && strings.HasPrefix(typed, prefix) && strings.Contains(got, "mean "+node.Name+"?") {
					t.Errorf("%s: %q", typed, got)
				}
			}
		}
	}
	for word, contrary := range map[string]string{"uninstall": "install", "uinstall": "install", "deinstal": "install", "remove": "install", "unbuild": "build", "set": "get", "hide": "show", "unpack": "pack"} {
		if got := advice(model, word, "hello"); strings.Contains(got, "mago "+contrary) || strings.Contains(got, "mean "+contrary+"?") {
			t.Errorf("%s: %q", word, got)
		}
	}
}

// Every command line that is wrong says in words what is, and what to do.
func TestAdvice(t *testing.T) {
	model := grammar()
	for line, want := range map[string]string{
		"isntall x":                              "no such command: isntall; did you mean install?\nrun \"mago help\"",
		"frobnicate":                             "no such command: frobnicate\nrun \"mago help\"",
		"list,frobnicate":                        "no such command: frobnicate\nrun \"mago help\"",
		"a-i":                                    "auto-install needs a module: its name, its directory or its tarball\nrun \"mago help auto-install\"",
		"search":                                 "search needs a text to look for\nrun \"mago help search\"",
		"update hello":                           "update takes no module: hello\nrun \"mago help update\"",
		"-f":                                     "no command is named\nrun \"mago help\"",
		"-- list":                                "no command is named\nrun \"mago help\"",
		"list -l":                                "-l needs a value: KERNELS\nrun \"mago help list\"",
		"list -l -f":                             "-l needs a value (KERNELS), and -f is an option\nrun \"mago help list\"",
		"list --jsn":                             "no such option: --jsn; did you mean --json?\nrun \"mago help list\"",
		"list --verb":                            "no such option: --verb; did you mean --verbose?\nrun \"mago help list\"",
		"list --all":                             "no such option: --all, which is dkms's\n-l all is every kernel; the word all is every module",
		"-version":                               "no such option: -version; did you mean --version?\nrun \"mago help\"",
		"list -fx":                               "no such option: -x\nrun \"mago help list\"",
		"install --apt x":                        "install has no option --apt, which is for update\nrun \"mago help install\"",
		"-j 2 a-b x":                             "",
		"-j2 a-b x":                              "",
		"-V":                                     "no such option: -V, which is dkms's\nrun \"mago --version\"",
		"list -s video":                          "no such option: -s, which is module-assistant's\nrun \"mago search TEXT\"",
		"status -m hello":                        "no such option: -m, which is dkms's\na module is a plain word: \"mago status hello\"",
		"-m hello install":                       "no such option: -m, which is dkms's\na module is a plain word: \"mago COMMAND MODULE\"",
		"remove -m hello -v 1.0 --root /nowhere": "no such command: remove, which is dkms's\nnothing of hello is installed, nor built in /nowhere/var/cache/mago; nor is any other module",
		"uninstall hello/1.0 --root=/nowhere":    "no such command: uninstall, which is dkms's\nnothing of hello is installed, nor built in /nowhere/var/cache/mago; nor is any other module",
		"unistall $(x)":                          "no such command: unistall, nor uninstall, which is dkms's\nrun \"sudo apt-get remove '^MODULE-modules-.'\"; dpkg has the packages",
		"build -k 6.1.0-9-amd64 x":               "-k names directories of kernel headers, and 6.1.0-9-amd64 is not one\na kernel is chosen with -l: -l 6.1.0-9-amd64",
		"build -k6.1.0-9/x86_64 x":               "-k names directories of kernel headers, and 6.1.0-9/x86_64 is not one\na kernel is chosen with -l: -l 6.1.0-9",
		"build -k 6.1.0-9-amd64,6.1.0-8-amd64 x": "-k names directories of kernel headers, and 6.1.0-9-amd64,6.1.0-8-amd64 is not one\na kernel is chosen with -l: -l 6.1.0-9-amd64,6.1.0-8-amd64",
		"remove hello-dkms --root=/nowhere":      "no such command: remove, which is dkms's\nnothing of hello is installed, nor built in /nowhere/var/cache/mago; nor is any other module",
		"autoinstall":                            "no such command: autoinstall, which is dkms's\nrun \"sudo mago auto-install MODULE\"; alli is all installed",
		"build --sandbox=bubble x":               "there is no sandbox \"bubble\": --sandbox takes auto, bubblewrap, namespaces\nrun \"mago help build\"",
		"build --sandbox user x":                 "",
		"get --allow-unauthenticat":              "no such option: --allow-unauthenticat\nrun \"mago help get\"",
		"-fl running,x get,build x":              "",
		"a-i -h":                                 "",
		"--version":                              "",
		"":                                       "",
	} {
		if got := advice(model, strings.Fields(line)...); got != want {
			t.Errorf("mago %s: %q, want %q", line, got, want)
		}
	}
}

// A hint's command is for whoever has the cache that the hint is of.
func TestAdviceOfSudo(t *testing.T) {
	cache, bin := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(cache, "builds/hello"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "sudo"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	for caller, sudo := range map[string]string{"": "", "bob": "sudo "} {
		t.Setenv("SUDO_USER", caller)
		if os.Geteuid() != 0 {
			sudo = ""
		}
		want := "no such command: unbuild, which is dkms's\n\"" + sudo + "mago purge hello -u " + cache + "\" forgets builds; what is installed stays"
		if got := advice(grammar(), "unbuild", "hello", "-u", cache); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What mago says to users of other programs fits a line, and mago does not have those words itself.
func TestHabits(t *testing.T) {
	model := grammar()
	const columns = 80 - len("mago: hint: ")
	for _, all := range foreignHabits {
		for _, h := range all.commands {
			for _, word := range h.words {
				if commandCalled(model, word) != nil {
					t.Errorf("mago has %s", word)
				}
			}
		}
		for _, h := range all.options {
			for _, name := range h.words {
				if flagCalled(everyFlag(model), name) != nil {
					t.Errorf("mago has %s", name)
				}
			}
		}
		for _, h := range slices.Concat(all.commands, all.options) {
			if len(h.way) > columns {
				t.Errorf("%d columns: %s", len(h.way), h.way)
			}
		}
	}
}
