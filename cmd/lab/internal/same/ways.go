// Package same has mago build modules in several ways that should not matter, and tells where packages differ that should
// have the same bytes.
package same

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"time"

	"mago/cmd/lab/internal/debian"
)

// Where things lie on a system; local modules are directories of Sources.
const (
	top     = "/srv/same"
	Sources = top + "/sources"
)

// Way is a way of building.
type Way struct {
	Name, What string
	Env        []string // besides the system's
	Late       bool     // whether the clocks of its programs are 400 days fast

	script string // run as root with the arguments of build
	open   bool   // whether the system is entered with chroot(2), in which bubblewrap does not work
}

// Plain is how modules are built that others are compared with.
var Plain = Way{Name: "plain", What: "as root in bubblewrap", script: "build"}

// Elsewhere and Later between them change all that a repeated build may find different; Open is a sandbox that shows the
// builds other paths.
var (
	Elsewhere = Way{Name: "elsewhere", What: "another user, cache, file system and its order of entries, dates of local files, one core, locale, time zone, umask, host name", script: "elsewhere"}
	Later     = Way{Name: "later", What: "400 days later", script: "build", Late: true}
	Open      = Way{Name: "open", What: "without bubblewrap", script: "build", open: true}
)

// scripts are programs on the system. /dev/shm is a tmpfs, which lists a directory's entries in another order than a disk.
var scripts = map[string]string{
	"build": `#!/bin/sh
# usage: build KERNEL OUT SOURCES CACHE WORD...
set -e
kernel=$1 out=$2 cache=$4
cd "$3"
shift 4
rm -rf "$cache/debs"
for word; do mago -t -f -u "$cache" -l "$kernel" get,build "$word"; done
cp "$cache"/debs/*.deb "$out"
`,
	"elsewhere": `#!/bin/sh
# usage: as build
set -e
kernel=$1 out=$2 home=/dev/shm/same
mkdir "$home"
cp -r "$3" "$home/moved"
shift 4
chown -R same: "$home"
umask 077
export HOME="$home" LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 TZ=Asia/Kathmandu
exec taskset --cpu-list 0 unshare --uts sh -c 'hostname elsewhere; exec su --shell=/bin/sh --command="HOME=$HOME exec \"\$0\" \"\$@\"" same "$@"' sh \
	/srv/same/build "$kernel" "$out" "$home/moved" "$home/cache" "$@"
`,
}

// later is the source of a library that goes before the C library of all of a system's programs, which read its name in
// preload (ld.so(8)). A faked clock that wants memory to share with others, as faketime's does, stops what asks for the time
// inside the sandbox.
//
//go:embed testdata/later.c
var later []byte

const (
	preload = "/etc/ld.so.preload"
	library = "/usr/local/lib/later.so" // which sandboxes show
)

// Prepare puts on a system what the ways need.
func Prepare(ctx context.Context, sys *debian.System) error {
	if err := os.MkdirAll(sys.Path(Sources), 0o755); err != nil {
		return err
	}
	for name, text := range scripts {
		if err := os.WriteFile(sys.Path(path.Join(top, name)), []byte(text), 0o755); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(sys.Path(preload)); err != nil { // of a killed run
		return err
	}
	if _, err := sys.Run(ctx, "sh", "-c", "id same >/dev/null 2>&1 || useradd --no-create-home same"); err != nil {
		return err
	}
	if err := os.WriteFile(sys.Path(top+"/later.c"), later, 0o644); err != nil {
		return err
	}
	if _, err := sys.Run(ctx, "apt-get", "install", "--yes", "--no-install-recommends", "gcc", "libc6-dev"); err != nil {
		return err
	}
	_, err := sys.Run(ctx, "gcc", "-Wall", "-Werror", "-O2", "-shared", "-fPIC", "-o", library, top+"/later.c")
	return err
}

// Build builds modules for a kernel and gives the directory, on this machine, that their packages are in, and what mago
// printed. Each way has a cache of its own.
func (w Way) Build(ctx context.Context, sys *debian.System, kernel string, words ...string) (dir, output string, err error) {
	out := path.Join(top, w.Name+".debs")
	dir = sys.Path(out)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755), os.Chmod(dir, 0o777)); err != nil {
		return "", "", err
	}
	args := append([]string{path.Join(top, w.script), kernel, out, Sources, path.Join(top, w.Name)}, words...)
	cmd := sys.Command(ctx, args...)
	if w.open {
		cmd = exec.CommandContext(ctx, "unshare", append([]string{"--mount", "sh", "-c", `mount -t proc proc "$0/proc" && exec chroot "$0" "$@"`, sys.Dir}, args...)...)
		cmd.Env = debian.Environment()
	}
	cmd.Env = append(cmd.Env, w.Env...)
	cmd.WaitDelay = time.Minute // what chroot leaves behind when it is ended holds the output open
	if w.Late {
		if err := os.WriteFile(sys.Path(preload), []byte(library+"\n"), 0o644); err != nil {
			return "", "", err
		}
		defer os.Remove(sys.Path(preload))
	}
	text, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build %s: %w:\n%s", w.What, err, text)
	}
	return dir, string(text), err
}
