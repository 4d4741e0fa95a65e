//go:build e2e

package e2e

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"mago/cmd/lab/internal/debian"
)

// early is a Debian with two kernels that have an initramfs each.
type early struct {
	story
	others string // the other kernel's release
}

// TestInitramfs: of two kernels' images exactly the one is made anew, once and by dpkg, whose kernel gets a module that it has or
// that is marked for early boot.
func TestInitramfs(t *testing.T) {
	e := newEarly(t)
	for _, chapter := range []struct {
		name string
		tell func(*testing.T)
	}{
		{"not concerned", e.notConcerned},
		{"marked", e.marked},
		{"in the image", e.inTheImage},
		{"listed", e.listed},
		{"two packages", e.twoPackages},
		{"no room", e.noRoom},
		{"removed", e.removed},
	} {
		if !t.Run(chapter.name, chapter.tell) {
			t.Fatalf("it ends at %q", chapter.name)
		}
	}
}

func newEarly(t *testing.T) *early {
	t.Helper()
	if err := debian.Missing(); err != nil {
		t.Skip(err)
	}
	store, err := debian.OpenStore("bookworm", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	system, err := store.Fresh(t.Context(), "initramfs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = system.Remove() })
	e := &early{story: story{System: system, store: store}}
	e.deliver(t)
	e.install(t)
	return e
}

// install brings two small kernels. Their images have the modules that a list names: all others make them large.
func (e *early) install(t *testing.T) {
	t.Helper()
	e.quietly(t, "apt-get", "update")
	e.kernel, e.others = e.smallKernels(t)
	e.write(t, "/etc/initramfs-tools/conf.d/small", "MODULES=list\n", 0o644)
	install := []string{"apt-get", "install", "--yes", "--no-install-recommends", "initramfs-tools", "zstd"}
	for _, release := range []string{e.kernel, e.others} {
		install = append(install, "linux-image-"+release, "linux-headers-"+release)
	}
	e.quietly(t, install...)
	e.mago(t, "prepare", "-l", e.kernel+","+e.others)
}

// smallKernels are the two newest of the cloud flavour.
func (e *early) smallKernels(t *testing.T) (newest, before string) {
	t.Helper()
	const flavour = "-cloud-amd64"
	var releases []string
	for line := range strings.Lines(e.quietly(t, "apt-cache", "search", "--names-only", `^linux-image-6\.1\.0-[0-9]+`+flavour+"$")) {
		name, _, _ := strings.Cut(line, " ")
		releases = append(releases, strings.TrimPrefix(name, "linux-image-"))
	}
	if len(releases) < 2 {
		t.Fatalf("apt has the kernels %q", releases)
	}
	slices.Sort(releases) // their numbers have two digits
	return releases[len(releases)-1], releases[len(releases)-2]
}

func image(release string) string { return "/boot/initrd.img-" + release }

// sums are the images' contents.
func (e *early) sums(t *testing.T) (own, other string) {
	t.Helper()
	sum := func(release string) string {
		return fmt.Sprintf("%x", sha256.Sum256([]byte(e.read(t, image(release)))))
	}
	return sum(e.kernel), sum(e.others)
}

// remakes runs mago, which is to have the one kernel's image made anew so many times, and the other's never.
func (e *early) remakes(t *testing.T, times int, args ...string) output {
	t.Helper()
	own, other := e.sums(t)
	out := run(t, signed(e.Command(t.Context(), append([]string{"mago", "-v", "-l", e.kernel}, args...)...)))
	e.madeAnew(t, out, times)
	nowOwn, nowOther := e.sums(t)
	if nowOther != other {
		t.Errorf("%s has changed", image(e.others))
	}
	if times == 0 && nowOwn != own {
		t.Errorf("%s has changed", image(e.kernel))
	}
	return out
}

// madeAnew counts how often update-initramfs has said that it makes the image.
func (e *early) madeAnew(t *testing.T, out output, times int) {
	t.Helper()
	const makes = "update-initramfs: Generating "
	own, all := strings.Count(string(out), makes+image(e.kernel)), strings.Count(string(out), makes)
	if own != times || all != times {
		t.Errorf("%d images were made, the kernel's own %d times; want %d:\n%s", all, own, times, out)
	}
}

// has reports whether the image of a kernel has one of mago's modules.
func (e *early) has(t *testing.T, release, module string) bool {
	t.Helper()
	return strings.Contains(e.quietly(t, "lsinitramfs", image(release)), "lib/modules/"+release+"/updates/mago/"+module+".ko")
}

// wants expects of the two images that only the one has the module, or none.
func (e *early) wants(t *testing.T, module string, want bool) {
	t.Helper()
	if e.has(t, e.kernel, module) != want || e.has(t, e.others, module) {
		t.Errorf("%s has %s: %t; want %t, and not %s", image(e.kernel), module, !want, want, image(e.others))
	}
}

// mark has a module's file say that it belongs in the initramfs.
func (e *early) mark(t *testing.T, modules ...string) {
	t.Helper()
	for _, module := range modules {
		e.write(t, "/etc/mago/modules/"+module+".conf", "Early-Boot: yes\n", 0o644)
	}
}

func (e *early) notConcerned(t *testing.T) {
	e.remakes(t, 0, "a-i", "./hello").lacks(t, "initrd")
	e.wants(t, "hello", false)
}

func (e *early) marked(t *testing.T) {
	e.mark(t, "hello")
	e.remakes(t, 1, "a-i", "./hello").has(t, "initrd   "+image(e.kernel)+" was made anew")
	e.wants(t, "hello", true)
	e.remakes(t, 0, "a-i", "./hello").has(t, "nothing to do")
}

// inTheImage: what an image has already counts as well as a mark. The new one is without a module that nobody wants there any more.
func (e *early) inTheImage(t *testing.T) {
	if err := os.Remove(e.Path("/etc/mago/modules/hello.conf")); err != nil {
		t.Fatal(err)
	}
	e.remakes(t, 1, "a-i", "./hello")
	e.wants(t, "hello", false)
}

func (e *early) listed(t *testing.T) {
	e.quietly(t, "dpkg", "--purge", "hello-modules-"+e.kernel)
	e.write(t, "/etc/initramfs-tools/modules", "hello\n", 0o644)
	e.remakes(t, 1, "a-i", "./hello")
	e.wants(t, "hello", true)
	e.write(t, "/etc/initramfs-tools/modules", "", 0o644)
}

// twoPackages: dpkg's trigger has the image made once for both.
func (e *early) twoPackages(t *testing.T) {
	e.mark(t, "lender", "borrower")
	e.remakes(t, 1, "a-i", "./lender-dkms", "./borrower-dkms")
	e.wants(t, "lender", true)
	e.wants(t, "borrower", true)
}

// noRoom: where /boot is full mago says so before dpkg begins.
func (e *early) noRoom(t *testing.T) {
	e.quietly(t, "dpkg", "--purge", "hello-modules-"+e.kernel)
	e.mark(t, "hello")
	e.run(t, "mago", "-l", e.kernel, "a-b", "./hello")
	before, own := e.read(t, "/var/lib/dpkg/status"), e.read(t, image(e.kernel))
	boot := e.Path("/boot")
	if err := unix.Mount("tmpfs", boot, "tmpfs", 0, fmt.Sprintf("size=%d", len(own)+len(own)/2)); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Unmount(boot, 0); err != nil {
			t.Error(err)
		}
	}()
	e.write(t, image(e.kernel), own, 0o644)
	exits(t, 15, e.Command(t.Context(), "mago", "-v", "-l", e.kernel, "a-i", "./hello")).has(t, image(e.kernel)+" is to be made anew")
	if e.read(t, "/var/lib/dpkg/status") != before {
		t.Error("dpkg has begun")
	}
}

// removed: an image lets go of the modules with their package.
func (e *early) removed(t *testing.T) {
	e.remakes(t, 1, "a-i", "./hello")
	e.wants(t, "hello", true)
	_, other := e.sums(t)
	e.madeAnew(t, e.run(t, "dpkg", "--remove", "hello-modules-"+e.kernel, "borrower-modules-"+e.kernel), 1)
	if _, now := e.sums(t); now != other {
		t.Errorf("%s has changed", image(e.others))
	}
	e.wants(t, "hello", false)
	e.wants(t, "borrower", false)
	e.wants(t, "lender", true)
}
