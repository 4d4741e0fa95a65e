//go:build e2e

package e2e

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mago/cmd/lab/internal/debian"
)

// TestCases tries small inputs of kinds that mago once got wrong, one kind a file, on a Debian 12 with a kernel's real headers,
// gcc, make, patch, bubblewrap, debhelper and dpkg-dev, which each script has for itself. The script's files lie there in
// /srv/NAME, where its programs start. Its commands, beside testscript's own:
//
//	mago ARG…              runs mago; "! mago" expects it to fail
//	in PROGRAM ARG…        runs a program
//	fails CODE PROGRAM …   runs a program, mago too, that has to end with that code
//	paste PATTERN [BEFORE AFTER]
//	                       runs the command out of the advice that mago has just given, between what stands before and
//	                       after it, and succeeds ("!": fails); what follows sudo root runs, and apt-get's questions are answered with yes
//	kernel RELEASE         adds the headers of another release, made of $K's; they belong to no package
//
// Its variables: K is the release of the headers; PLACE=chroot enters by chroot(2), not as a machine is; AS=tester runs
// programs as that user, who has a home.
func TestCases(t *testing.T) {
	if err := debian.Missing(); err != nil {
		t.Skip(err)
	}
	store, err := debian.OpenStore("bookworm", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	dir, err := store.Prepared(t.Context())
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "mago")
	if err := debian.BuildMago(t.Context(), binary); err != nil {
		t.Fatal(err)
	}
	kernel := kernelIn(t, dir)
	t.Parallel() // with the story, which waits for programs most of the time
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/cases",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("K", kernel)
			c, err := furnish(env, dir, binary)
			env.Values[caseKey{}] = c
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"mago": func(ts *testscript.TestScript, neg bool, args []string) {
				inCase(ts, neg, append([]string{"mago"}, args...))
			},
			"in":     inCase,
			"fails":  failsInCase,
			"paste":  pasteInCase,
			"kernel": addKernel,
		},
	})
}

// aCase is a copy of a system that vanishes with the mount namespace of one process.
type aCase struct {
	holder string // the process
	root   string // the system's directory there
	work   string // the script's directory on the system
}

type caseKey struct{}

// hold makes the copy, says so, and holds it until its input ends.
// usage: hold SYSTEM SCRATCH MAGO FILES WORK
const hold = `set -e
system=$1 scratch=$2 mago=$3 files=$4 work=$5
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/up" "$scratch/work" "$scratch/root"
mount -t overlay overlay -o "lowerdir=$system,upperdir=$scratch/up,workdir=$scratch/work" "$scratch/root"
root=$scratch/root
cp "$mago" "$root/usr/local/bin/mago"
cp -r "$files" "$root$work"
useradd --root "$root" --create-home tester
mount -t proc proc "$root/proc"
echo ready
exec cat
`

func furnish(env *testscript.Env, system, binary string) (*aCase, error) {
	scratch, err := os.MkdirTemp("", "case")
	if err != nil {
		return nil, err
	}
	c := &aCase{root: filepath.Join(scratch, "root"), work: "/srv/" + strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")}
	cmd := exec.Command("unshare", "--mount", "--propagation=private", "sh", "-c", hold, "hold", system, scratch, binary, env.WorkDir, c.work)
	cmd.Stderr = os.Stderr
	input, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		return nil, err
	}
	env.Defer(func() {
		input.Close()
		_ = cmd.Wait()
		os.RemoveAll(scratch)
	})
	c.holder = strconv.Itoa(cmd.Process.Pid)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		return nil, errors.Join(errors.New("the case's system was not made"), err)
	}
	return c, nil
}

// likeMachine enters a system as a machine is: it is the root of its mount namespace.
const likeMachine = `cd "$0" && mount --rbind . . && cd "$0" && pivot_root . mnt && umount -l /mnt && exec "$@"`

// command is a program on the case's system, without the first word of env(1).
func (c *aCase) command(ts *testscript.TestScript, args []string) []string {
	enter := []string{"nsenter", "--target=" + c.holder, "--mount", "--"}
	if ts.Getenv("PLACE") == "chroot" {
		enter = append(enter, "chroot", c.root)
	} else {
		enter = append(enter, "unshare", "--mount", "--propagation=private", "sh", "-c", likeMachine, c.root)
	}
	environment := debian.Environment()
	if user := ts.Getenv("AS"); user != "" {
		enter = append(enter, "setpriv", "--reuid="+user, "--regid="+user, "--init-groups")
		environment = append(environment, "USER="+user, "HOME=/home/"+user)
	}
	enter = append(enter, "env", "--ignore-environment", "--chdir="+c.work)
	return append(append(enter, environment...), args...)
}

func inCase(ts *testscript.TestScript, neg bool, args []string) {
	err := runInCase(ts, args)
	if neg && err == nil {
		ts.Fatalf("unexpected success")
	}
	if !neg {
		ts.Check(err)
	}
}

func runInCase(ts *testscript.TestScript, args []string) error {
	words := ts.Value(caseKey{}).(*aCase).command(ts, args)
	return ts.Exec(words[0], words[1:]...)
}

func failsInCase(ts *testscript.TestScript, _ bool, args []string) {
	words := args[1:]
	if words[0] == "in" {
		words = words[1:]
	}
	err := runInCase(ts, words)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("got %v, want exit status %s", err, args[0])
	}
}

// otherKernel makes the headers of another release.
// usage: otherKernel FROM TO
const otherKernel = `set -e
from=/usr/src/linux-headers-$1 to=/usr/src/linux-headers-$2
cp -a "$from" "$to"
rm -f "$to/include/generated/utsrelease.h" "$to/include/config/kernel.release"
sed "s/$1/$2/" "$from/include/generated/utsrelease.h" >"$to/include/generated/utsrelease.h"
echo "$2" >"$to/include/config/kernel.release"
mkdir -p "/lib/modules/$2"
ln -s "$to" "/lib/modules/$2/build"`

func addKernel(ts *testscript.TestScript, _ bool, args []string) {
	inCase(ts, false, []string{"sh", "-c", otherKernel, "kernel", ts.Getenv("K"), args[0]})
}
