//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mago/cmd/lab/internal/debian"
)

// enter makes a copy of a system that vanishes with its mount namespace, and runs a program of $place there.
// usage: enter STORE SYSTEM SCRATCH MAGO SOURCE KERNEL
const enter = `set -e
store=$1 system=$2 scratch=$3 mago=$4 source=$5 kernel=$6
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/up" "$scratch/work" "$scratch/store"
mount -t overlay overlay -o "lowerdir=$store,upperdir=$scratch/up,workdir=$scratch/work" "$scratch/store"
root=$scratch/store/$system
cp "$mago" "$root/usr/local/bin/mago"
cp -r "$source" "$root/srv/hello-dkms"
useradd --root "$root" --create-home tester
case $place in plain) ;; *) mount --bind "$root" "$root" ;; esac
mount -t proc proc "$root/proc"
cd "$root"
set -- mago -v --allow-unauthenticated a-i -l "$kernel" /srv/hello-dkms
case $place in
plain | mounted) exec chroot . "$@" ;;
user) set -- setpriv --reuid=tester --regid=tester --init-groups env HOME=/home/tester mago -v a-b -l "$kernel" /srv/hello-dkms ;;
none) set -- sh -c "$none" sh "$@" ;;
esac
pivot_root . mnt
exec sh -c 'umount -l /mnt; cd /; exec "$@"' sh "$@"
`

// none runs a program as the root of a user namespace in which no further ones can be made.
const none = `mkfifo -m 666 /tmp/unshared /tmp/mapped
unshare --user --mount sh -c 'echo >/tmp/unshared; read x </tmp/mapped; exec sh -c "echo 0 >/proc/sys/user/max_user_namespaces && exec \"\$@\"" sh "$@"' sh "$@" &
read x </tmp/unshared
for map in uid_map gid_map; do echo 0 0 65536 >/proc/$!/$map; done
echo >/tmp/mapped
wait $!`

// TestPlaces does mago's main job wherever a Debian may be entered: as a machine is, by a user too, by chroot(2) into a mount
// point (an installer's) and into a plain directory, and where users may make no namespaces.
func TestPlaces(t *testing.T) {
	if err := debian.Missing(); err != nil {
		t.Skip(err)
	}
	for release, places := range map[string]map[string]string{
		"bookworm": {
			"machine": "sandbox  mago-build in bubblewrap, no network", "user": "sandbox  tester in bubblewrap, no network",
			"mounted": "sandbox  mago-build in bubblewrap, no network", "none": "sandbox  mago-build in bubblewrap, no network",
			"plain": "sandbox  mago-build, no network",
		},
		"trixie": {"mounted": "sandbox  mago-build in bubblewrap, no network", "plain": "sandbox  mago-build, no network"},
	} {
		t.Run(release, func(t *testing.T) {
			store, err := debian.OpenStore(release, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			dir, err := store.Prepared(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			binary := filepath.Join(t.TempDir(), "mago")
			if err := debian.BuildMago(t.Context(), binary); err != nil {
				t.Fatal(err)
			}
			for place, want := range places {
				t.Run(place, func(t *testing.T) {
					cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--propagation=private", "sh", "-c", enter, "enter",
						filepath.Dir(dir), filepath.Base(dir), t.TempDir(), binary, top+"/testdata/modules/hello-dkms", kernelIn(t, dir))
					cmd.Env = append(debian.Environment(), "place="+place, "none="+none)
					run(t, cmd).has(t, want)
				})
			}
		})
	}
}

// kernelIn is the release whose headers a system has.
func kernelIn(t *testing.T, dir string) string {
	t.Helper()
	const prefix = "usr/src/linux-headers-"
	all, err := filepath.Glob(filepath.Join(dir, prefix+"*[^n]")) // but -common
	if err != nil || len(all) != 1 {
		t.Fatalf("%s has the headers %q, %v", dir, all, err)
	}
	return strings.TrimPrefix(all[0], filepath.Join(dir, prefix))
}
