package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mago/cmd/mago/internal/engine"
	"mago/kbuild/elfmodule"
	"mago/kbuild/sandbox"
)

// The scripts run mago on a root of their own (world_test.go). The programs that it starts are this test binary under
// other names (programs_test.go); they note their arguments in $WORK/calls. Variables of a script:
//
//	AS=user    mago has no root's rights
//	FAIL=…     programs whose command line begins so fail; several are set apart by semicolons
//	SAYS=…     what these say besides
//	FREE=…     is so many bytes that every file system has free
//	CONF_TIMEOUT=… ends the evaluation of a dkms.conf
func TestScript(t *testing.T) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // under nohup(1) programs would start without it
	testscript.Run(t, testscript.Params{
		Files:              stories(t),
		RequireUniqueNames: true,
		Setup:              setUp,
		Condition:          condition,
		Cmds:               scriptCommands,
	})
}

// manyBuilds are the stories that take a third of the time of all. Short tests leave them out, unless -run names one.
var manyBuilds = []string{"advice", "brings", "common", "evil", "name-taken", "needed", "same-name", "status"}

func stories(t *testing.T) []string {
	all, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	named := flag.Lookup("test.run").Value.String() != ""
	for _, story := range manyBuilds {
		i := slices.Index(all, "testdata/script/"+story+".txtar")
		if i < 0 {
			t.Fatal("no story ", story)
		}
		if testing.Short() && !named {
			all = slices.Delete(all, i, i+1)
		}
	}
	return all
}

func TestMain(m *testing.M) {
	if program := programs[filepath.Base(os.Args[0])]; program != nil {
		syscall.Exit(fakeMain(program)) // os.Exit takes a second under the race detector
	}
	testscript.Main(m, map[string]func(){"mago": func() { os.Exit(runInWorld(os.Args[1:])) }})
}

// runInWorld is main with the script's machine in the place of this one.
func runInWorld(args []string) int {
	m := engine.Machine{AsRoot: os.Getenv("AS") != "user", Run: startInWorld}
	m.Tokens.Programs = []string{filepath.Join(os.Getenv("FAKES"), "mago-pkcs11")}
	os.Unsetenv("PASTED") // what mago runs nobody has pasted
	if os.Getenv("DBUS_SYSTEM_BUS_ADDRESS") != "" {
		m.Inhibit = engine.Inhibit
	}
	if free, err := strconv.ParseInt(os.Getenv("FREE"), 10, 64); err == nil {
		m.Free = func(string) (int64, error) { return free, nil }
	}
	m.ConfTimeout, _ = time.ParseDuration(os.Getenv("CONF_TIMEOUT"))
	if len(args) > 0 && args[0] != "--version" {
		args = append([]string{"--root=" + os.Getenv("ROOT")}, args...)
	}
	return runOn(context.Background(), m, args, os.Stdout, os.Stderr)
}

// startInWorld enters the root by telling the program where it is, which needs no rights.
func startInWorld(cmd *exec.Cmd) error {
	name := filepath.Base(cmd.Path)
	if kind, args, dir, ok := sandbox.Wrapped(cmd); ok {
		if !strings.Contains(os.Getenv("FAIL"), "cgroup") { // what a warden tells of first
			_, _ = cmd.ExtraFiles[0].WriteString(`{"end":true}` + "\n")
		}
		if self := sandbox.Self(); slices.Contains(args, self[0]) {
			return elfmodule.Serve(cmd.Stdin, cmd.Stdout)
		}
		if kind != sandbox.Bubblewrap && strings.HasPrefix(dir, sandbox.WorkDir) {
			return errors.New("nothing can be mounted in a script's world")
		}
		if kind != sandbox.Bubblewrap {
			args = append([]string{string(kind)}, args...)
		}
		name, cmd.Args, cmd.Dir, cmd.ExtraFiles = args[0], args, filepath.Join(os.Getenv("ROOT"), dir), nil
	}
	if attr := cmd.SysProcAttr; attr != nil {
		if attr.Chroot != "" {
			cmd.Dir = filepath.Join(attr.Chroot, cmd.Dir)
		}
		attr.Chroot, attr.Credential, attr.Cloneflags = "", nil, 0
	}
	cmd.Path = filepath.Join(os.Getenv("FAKES"), name)
	if _, err := os.Stat(cmd.Path); err != nil {
		cmd.Err = &exec.Error{Name: name, Err: exec.ErrNotFound}
		return cmd.Err
	}
	cmd.Env = cmd.Environ()
	for _, name := range []string{"PATH", "WORK", "ROOT", "FAKES", "FAIL", "HANG", "SAYS", "REFUSED", "GORACE", "GOCOVERDIR"} {
		cmd.Env = append(cmd.Env, name+"="+os.Getenv(name))
	}
	return cmd.Run()
}

func setUp(env *testscript.Env) error {
	w := newWorld(env.WorkDir)
	fakes := filepath.Join(env.WorkDir, "fakes")
	env.Setenv("FAKES", fakes)
	env.Setenv("ROOT", w.root)
	env.Setenv("CACHE", filepath.Join(w.root, "var/cache/mago"))
	env.Setenv("PATH", fakes+":"+env.Getenv("PATH"))
	env.Setenv("LC_ALL", "C.UTF-8") // of the terminal
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	env.Setenv("EVIL", evil)
	env.Setenv("LINES", "x\nspoof")
	env.Setenv("TWICE", "secret\nsecret")
	env.Setenv("TYPO", "secret\nsacred\nsecret\nsecret")
	env.Setenv("THIRD", "wrong\nsacred\nsecret")
	env.Setenv("FOURTH", "wrong\nsacred\nworse\nsecret")
	env.Values[worldKey{}] = w
	return errors.Join(linkPrograms(fakes), w.furnish())
}

func linkPrograms(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name := range programs {
		err = errors.Join(err, os.Symlink(self, filepath.Join(dir, name)))
	}
	return err
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

func condition(name string) (bool, error) {
	switch name {
	case "mount": // whether this machine lets a process mount a tmpfs in namespaces of its own
		return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt").Run() == nil, nil
	case "root":
		return os.Geteuid() == 0, nil
	}
	return false, errors.New("unknown condition " + strconv.Quote(name))
}
