package main

import (
	"errors"
	"fmt"
	"go/ast"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// advised finds the commands in what mago has printed: those in quotes, and those that stand alone behind a label.
func advised(text string) (commands []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, m := range quotedCommand.FindAllStringSubmatch(line, -1) {
			commands = append(commands, m[1])
		}
		if m := labelled.FindStringSubmatch(line); m != nil {
			commands = append(commands, m[1])
		}
	}
	return commands
}

var (
	quotedCommand = regexp.MustCompile(`"([^"]+)"`)
	labelled      = regexp.MustCompile(`^(?:next|also|or|to keep only one|To remove|To install): +(?:boot .*, then )?(.*)`)
)

// paste [-try] PATTERN [PROGRAM…] runs, as a shell does for the user to whom mago has just said it, the first command in mago's advice that a pattern
// matches. What follows sudo root runs.
// The program then has to succeed; with -try the root is as it was afterwards.
func paste(ts *testscript.TestScript, neg bool, args []string) {
	if args[0] == "-try" {
		args = args[1:]
		root, kept := worldOf(ts).root, ts.MkAbs("kept")
		ts.Check(exec.Command("cp", "-a", root, kept).Run())
		defer func() { ts.Check(errors.Join(os.RemoveAll(root), os.Rename(kept, root))) }()
	}
	pattern := regexp.MustCompile(args[0])
	all := advised(ts.ReadFile("stderr") + "\n" + ts.ReadFile("stdout"))
	i := slices.IndexFunc(all, pattern.MatchString)
	if i < 0 {
		ts.Fatalf("no command of %q matches %s", all, pattern)
	}
	as := ts.Getenv("AS")
	if strings.Contains(all[i], "sudo ") {
		ts.Setenv("AS", "")
	}
	ts.Setenv("PASTED", "1")
	err := ts.Exec("sh", "-c", all[i])
	ts.Setenv("PASTED", "")
	ts.Setenv("AS", as)
	if (err != nil) != neg {
		ts.Fatalf("%s: %v", all[i], err)
	}
	if len(args) > 1 {
		ts.Check(ts.Exec(args[1], args[2:]...))
	}
}

// hintProofs are the stories of testdata/script and the cases of cmd/lab/internal/e2e/testdata/cases that bring about a hint, paste
// the command out of it, and go on from there.
var hintProofs = map[string]string{
	"BuildError.Hint: mago auto-install -l":                        "explained",
	"BuildError.Hint: apt-get install":                             "advice",
	"BuildDepsError.Hint: apt-get install --no-install-recommends": "rules",
	"BuildDepsError.Hint: mago prepare":                            "rules",
	"Lacking: apt-get install --no-install-recommends":             "check",
	"Checked.Takes: mago a-i -l":                                   "check",
	"Engine.Installation: mago auto-install":                       "advice",
	"Engine.Removal: apt-get remove":                               "advice",
	"ForeignFileError.Hint: chown -R":                              "cases/hints-users",
	"HowToForget: mago purge":                                      "advice",
	"HowToRemove: apt-get remove":                                  "advice",
	"HowToRemove: mago purge":                                      "advice",
	"InTheWayError.Hint: mago auto-build -l":                       "common",
	"IncompleteHeadersError.Hint: apt-get install --reinstall":     "cases/hints-headers",
	"IncompleteHeadersError.Hint: mago prepare -l":                 "cases/hints-headers",
	"KernelDirError.Hint: mago prepare -l":                         "advice",
	"UnshownHeadersError.Hint: mago prepare -l":                    "headers",
	"UnshownHeadersError.Hint: apt-get install bubblewrap":         "headers",
	"NoKernelError.Hint: apt-cache search linux-headers":           "advice",
	"NoKernelError.Hint: apt-get install":                          "running-without-headers",
	"NoKernelError.Hint: apt-get update":                           "advice",
	"NoKernelError.Hint: mago status":                              "advice",
	"NotBuiltError.Hint: mago auto-build":                          "advice",
	"NotBuiltError.Hint: mago install":                             "cases/hints-users",
	"NotFetchedError.Hint: mago auto-build":                        "advice",
	"NotFetchedError.Hint: mago get":                               "advice",
	"NothingNextError.Hint: apt-get update":                        "next-kernels",
	"SharedError.Hint: mago install MODULE -S sudo":                "cases/hints-users",
	"Steps.Of: mago log -l":                                        "status",
	"Steps.installations: mago a-i -S sudo -l":                     "cases/hints-users",
	"Steps.installations: mago a-i -l":                             "advice",
	"Steps.purges: mago purge -l":                                  "advice",
	"Steps.removals: mago clean --orphans -i -l":                   "advice",
	"System.OpenedBy: mago auto-install":                           "advice",
	"System.UnpackedBy: mago auto-install":                         "bad-tarball",
	"System.modprobe: modprobe":                                    "advice",
	"System.modprobe: modprobe -a":                                 "advice",
	"System.modprobe: modprobe MODULE":                             "advice",
	"TakenError.Hint: apt-get remove":                              "name-taken",
	"TakenError.Hint: mago purge -l":                               "name-taken",
	"adviser.afterUpdate: apt-get update":                          "advice",
	"adviser.configHint: mago config --check":                      "config-mistakes",
	"adviser.mistakeHint: chown root":                              "config-mistakes",
	"adviser.mistakeHint: chmod go-w":                              "config-mistakes",
	"adviser.dkmsHint: mago auto-install":                          "bad-install",
	"adviser.wrongFileHint: mago key import":                       "key-import",
	"adviser.explain: dmesg":                                       "short-of",
	"adviser.explain: mago clean":                                  "full-disk",
	"adviser.explainCatalog: mago auto-install":                    "advice",
	"adviser.explainCatalog: mago list":                            "advice",
	"adviser.explainCatalog: modprobe":                             "advice",
	"UnloadableError.step: mago auto-build -l":                     "sign",
	"Engine.keySteps: mago key status":                             "sign-enforced",
	"base.tellPending: systemctl reboot":                           "sign",
	"signatures.tellToSign: mago sign --requests to-sign":          "sign-enforced",
	"Detached.enrolment: mokutil --import":                         "sign-enforced",
	"EnrollSigner: mago key export --mok":                          "sign-enforced",
	"UnloadableError.step: mago sign -f --requests to-sign -l":     "sign-enforced",
	"UnloadableError.step: mago key new":                           "signed",
	"UnloadableError.step: mago key status":                        "sign",
	"UnloadableError.step: mago config":                            "sign-kept",
	"adviser.explainKey: mago sign --requests DIR":                 "sign-elsewhere",
	"signCommand.request: mago sign":                               "sign-elsewhere",
	"adviser.explainCommand: mago purge NAME":                      "advice",
	"adviser.explainCommand: mago purge all":                       "advice",
	"adviser.explainKernel: apt-get install":                       "advice",
	"adviser.explainKernel: mago prepare":                          "rules",
	"adviser.bootHint: apt-get autoremove --purge":                 "initramfs",
	"adviser.explainKernel: mago prepare -l":                       "advice",
	"adviser.explainKernel: mount -t proc proc /proc":              "cases/hints-users",
	"adviser.explainKernel: unshare --fork --pid --mount-proc":     "cases/hints-users",
	"adviser.explainPackage: dpkg --audit":                         "bad-install",
	"adviser.explainPackage: dpkg --configure -a":                  "cases/hints-dpkg",
	"adviser.explainSource: mago get -f":                           "advice",
	"adviser.explainSource: mago prepare":                          "unauthenticated",
	"adviser.hinderedHint: apt-get --fix-broken install":           "cases/hints-packages",
	"adviser.hinderedHint: apt-get install --reinstall":            "cases/hints-headers",
	"adviser.hinderedHint: apt-get remove":                         "cases/hints-packages",
	"adviser.hinderedHint: dpkg --configure":                       "cases/hints-packages",
	"adviser.leftHint: apt-get remove":                             "cases/hints-dpkg",
	"adviser.leftHint: dpkg --audit":                               "bad-install",
	"adviser.leftHint: dpkg --configure -a":                        "cases/hints-packages",
	"adviser.leftHint: dpkg -i":                                    "cases/hints-dpkg",
	"adviser.sandboxHint: mago prepare":                            "cases/hints-packages",
	"adviser.thenUpdate: apt-get update":                           "advice",
	"adviser.unfetchedHint: apt-get update":                        "advice",
	"adviser.unmetHint: apt-get update":                            "bad-install",
	"adviser.anotherKey: mago key new -f":                          "key-status",
	"adviser.keyStatus: mago key status":                           "key-status",
	"adviser.newKey: mago key new":                                 "key-status",
	"adviser.newLeaf: mago key rotate":                             "key-status",
	"System.Enrolment: apt-get install mokutil":                    "key-status",
	"System.Enrolment: mokutil":                                    "key-status",
	"System.Mounts: mount -t sysfs sysfs /sys":                     "unknown-machine",
	"signatures.unknown: mago key status":                          "unknown-machine",
	"keyTeller.moveAway: mv":                                       "key-status",
	"keyTeller.rotation: mago key rotate --root-key FILE":          "key-status",
	"keyAdviser.forKey: mago key export --mok":                     "key-status",
	"keyAdviser.forKey: systemctl reboot":                          "key-status",
	"adviser.closing: chmod 600":                                   "key-status",
	"aptTool.aptCommand: apt-get install --no-install-recommends":  "common",
	"cleaner.tellEdited: mago clean":                               "advice",
	"evictor.adviseRoot: mago clean --orphans -i":                  "orphans",
	"helpHint: mago help":                                          "advice",
	"installer.dkmsRemoval: apt-get remove":                        "common",
	"installer.dkmsRemoval: dkms remove":                           "cases/hints-dkms",
	"kernelFinder.next: apt-get install":                           "next",
	"preparer.tellCompiler: mago prepare -l":                       "cases/compilers",
	"preparer.tellUnfinished: dpkg --configure -a":                 "cases/hints-packages",

	"System.Mounts: mount -t efivarfs efivarfs /sys/firmware/efi/efivars": "unknown-machine",
}

// TestEveryHintIsRun: each command that mago advises somewhere is pasted by a story or a case.
func TestEveryHintIsRun(t *testing.T) {
	hints := advisedInSource(t)
	for hint := range maps.Keys(hints) {
		if hintProofs[hint] == "" {
			t.Errorf("no story runs %q: name one in hintProofs", hint)
		}
	}
	for hint, proof := range hintProofs {
		if !hints[hint] {
			t.Errorf("hintProofs: no hint %q", hint)
		} else if !pastes(t, proof, hint) {
			t.Errorf("%s does not paste %q", proof, hint)
		}
	}
}

// pastes reports whether a script pastes the command of a hint.
func pastes(t *testing.T, script, hint string) bool {
	dir := "testdata/script"
	if name, ok := strings.CutPrefix(script, "cases/"); ok {
		dir, script = "../lab/internal/e2e/testdata/cases", name
	}
	text, err := os.ReadFile(filepath.Join(dir, script+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	_, command, _ := strings.Cut(hint, ": ")
	for line := range strings.Lines(string(text)) {
		if pattern, ok := strings.CutPrefix(strings.TrimPrefix(line, "! "), "paste "); ok && strings.Contains(pattern, command) {
			return true
		}
	}
	return false
}

// advisedInSource lists the commands that the sources of mago make for its users, as "FUNCTION: COMMAND" with the words that are
// always the same.
func advisedInSource(t *testing.T) map[string]bool {
	hints := map[string]bool{}
	for _, dir := range []string{"cmd/mago", "cmd/mago/internal/engine"} {
		eachFile(t, dir, func(file string, parsed *ast.File) {
			if slices.Contains([]string{"targetsystem.go", "foreignhabits.go", "helptext.go"}, filepath.Base(file)) {
				return
			}
			for _, decl := range parsed.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok {
					ast.Inspect(f, func(n ast.Node) bool {
						for _, command := range commandsOf(n) {
							hints[calledIn(f)+": "+command] = true
						}
						return true
					})
				}
			}
		})
	}
	return hints
}

func calledIn(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	return fmt.Sprint(of.(*ast.Ident).Name, ".", f.Name.Name)
}

// programs of the methods of engine.System that make command lines.
var systemMethods = map[string]string{"Apt": "apt-get", "Mago": "mago", "SudoMago": "mago", "Prepare": "mago prepare", "Program": "", "ByRoot": "", "read": ""}

var literalCommand = regexp.MustCompile(`"((?:sudo |mago |mount |unshare |apt-get |dpkg )[^"%]*)`)

func commandsOf(n ast.Node) (commands []string) {
	switch n := n.(type) {
	case *ast.CallExpr:
		method, ok := n.Fun.(*ast.SelectorExpr)
		if !ok {
			return nil
		}
		if program, ok := systemMethods[method.Sel.Name]; ok {
			if words := leadingWords(n.Args); len(words) > 0 || program == "mago prepare" {
				commands = append(commands, strings.TrimSpace(program+" "+strings.Join(words, " ")))
			}
		}
	case *ast.BasicLit:
		text, _ := strconv.Unquote(n.Value)
		for _, m := range literalCommand.FindAllStringSubmatch(text, -1) {
			commands = append(commands, strings.TrimSpace(m[1]))
		}
	}
	return commands
}

// leadingWords are the arguments that are literals, up to the first that is none; of append([]string{"word"}, more...) those in it.
func leadingWords(args []ast.Expr) (words []string) {
	for _, arg := range args {
		if call, ok := arg.(*ast.CallExpr); ok && len(call.Args) > 0 {
			if list, ok := call.Args[0].(*ast.CompositeLit); ok {
				return append(words, leadingWords(list.Elts)...)
			}
		}
		literal, ok := arg.(*ast.BasicLit)
		if !ok {
			break
		}
		word, _ := strconv.Unquote(literal.Value)
		words = append(words, word)
	}
	return words
}
