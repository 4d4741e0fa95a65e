//go:build e2e

package e2e

import (
	"cmp"
	"debug/elf"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mago/cmd/lab/internal/debian"
)

// story is the machine that the chapters happen to, one after the other, and what they know of each other.
type story struct {
	*debian.System
	store  *debian.Store
	kernel string            // the newest that apt has
	debs   map[string]string // module to the .deb's path on the system
}

// modules are what the story builds: from dkms packages, the last of which brings a udev rule; from a module-assistant
// tarball; from directories, the last of which needs the one before.
var modules = []string{"v4l2loopback", "acpi-call", "xtrx", "leds-alix", "hello", "lender", "borrower"}

// words are what the command line calls them where that is not the module's name.
var words = map[string]string{
	"leds-alix": "leds-alix-source", "hello": "./hello", "lender": "./lender-dkms", "borrower": "./borrower-dkms",
}

func TestStory(t *testing.T) {
	t.Parallel()
	s := begin(t)
	for _, chapter := range []struct {
		name string
		tell func(*testing.T)
	}{
		{"catalog", s.catalog},
		{"prepare", s.prepare},
		{"without the kernel", s.headersAlone},
		{"install", s.install},
		{"packages", s.packages},
		{"lintian", s.lintian},
		{"modules", s.modules},
		{"boot", s.boot},
		{"limits", s.limits},
		{"again", s.again},
		{"upgrade", s.upgrade},
		{"token", s.token},
		{"user", s.user},
		{"others' places", s.othersPlaces},
		{"private source", s.privateSource},
		{"chroot", s.chroot},
		{"same bytes", s.sameBytes},
		{"clean", s.clean},
		{"remove", s.remove},
	} {
		if !t.Run(chapter.name, chapter.tell) {
			t.Fatalf("the story ends at %q; its system is left in %s", chapter.name, s.Dir)
		}
	}
}

// begin makes the machine, and puts a fresh mago and the hello module on it.
func begin(t *testing.T) *story {
	needs(t, "lintian", "busybox", "qemu-system-x86_64", "dpkg-deb")
	if err := debian.Missing(); err != nil {
		t.Skip(err)
	}
	store, err := debian.OpenStore("bookworm", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	system, err := store.Fresh(t.Context(), "story")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			if err := system.Remove(); err != nil {
				t.Error(err)
			}
		}
		store.Close()
	})
	s := &story{System: system, store: store, debs: map[string]string{}}
	s.deliver(t)
	return s
}

func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
}

// deliver builds mago as "make build" does. It must run where nothing but Debian's essential packages is.
func (s *story) deliver(t *testing.T) {
	binary, err := s.Deliver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			t.Error("mago is linked dynamically")
		}
	}
	for _, dir := range []string{"hello", "lender-dkms", "borrower-dkms"} {
		if err := os.CopyFS(s.Path("/root/"+dir), os.DirFS(top+"/testdata/modules/"+dir)); err != nil {
			t.Fatal(err)
		}
	}
}

// catalog: the two commands that come first. The numbers are those of Debian 12.
func (s *story) catalog(t *testing.T) {
	s.mago(t, "update", "--apt").has(t, "40 dkms and 15 module-assistant packages")
	if err := s.store.KeepLists(t.Context(), s.System); err != nil {
		t.Fatal(err)
	}
	list := s.mago(t, "list")
	for _, name := range []string{"v4l2loopback", "acpi-call", "dahdi", "leds-alix"} {
		list.has(t, "\n"+name+" ")
	}
	var err error
	if s.kernel, err = s.NewestKernel(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *story) prepare(t *testing.T) {
	s.mago(t, "prepare", "-l", s.kernel).has(t, "linux-headers-"+s.kernel, "gcc-12", "mago-build")
	s.mago(t, "prepare", "-l", s.kernel).lacks(t, "install")
}

// headersAlone: a package is built and staged where the kernel itself is not, and leaves as it came.
func (s *story) headersAlone(t *testing.T) {
	before := s.modulesDir(t)
	run(t, signed(s.Command(t.Context(), "mago", "-v", "a-i", "./hello", "-l", s.kernel))).has(t, "mago-build in bubblewrap, no network", "dpkg: installed")
	if got := s.modulesDir(t); strings.TrimPrefix(got, before) == got {
		t.Errorf("in %s:\n%s", s.libModules(), got)
	}
	s.run(t, "dpkg", "-r", s.packageName("hello"))
	if after := s.modulesDir(t); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// maintainer is whom a local module's package names; others' sources bring one along.
var maintainer = []string{"DEBFULLNAME=A Tester", "DEBEMAIL=tester@example.org"}

func signed(cmd *exec.Cmd) *exec.Cmd {
	cmd.Env = append(cmd.Env, maintainer...)
	return cmd
}

// install: one module before the kernel, the others after it, so that depmod is run by the kernel's package and by mago's.
func (s *story) install(t *testing.T) {
	s.autoInstall(t, "v4l2loopback").has(t, s.kernel+": 1 module", "next: apt-get install linux-image-"+s.kernel, "next: boot it, then ")
	image := s.Command(t.Context(), "apt-get", "install", "--yes", "--no-install-recommends", "linux-image-"+s.kernel)
	image.Env = append(image.Env, "INITRD=No") // its hook's own switch: nobody boots this initramfs
	run(t, image)
	s.hasModule(t, "v4l2loopback.ko")
	s.autoInstall(t, "acpi-call").has(t, "next: boot Linux "+s.kernel+", then ")
	s.hasModule(t, "acpi_call.ko")
	s.autoInstall(t, "hello").has(t, "nothing to build")
	s.hasModule(t, "hello.ko")
	s.autoInstall(t, "xtrx").has(t, "xtrx-modules-common_")
	s.read(t, "/lib/udev/rules.d/50-xtrx-dkms.rules")
	s.autoInstall(t, "leds-alix")
	s.autoInstall(t, "lender")
	s.autoInstall(t, "borrower").has(t, "borrower is compiled against lender")
	s.run(t, "dpkg", "-s", s.packageName("borrower")).has(t, "Depends: "+s.packageName("lender"))
}

func (s *story) autoInstall(t *testing.T, module string, options ...string) output {
	t.Helper()
	word := cmp.Or(words[module], module)
	cmd := s.Command(t.Context(), append([]string{"mago", "a-i", word, "-l", s.kernel}, options...)...)
	if strings.HasPrefix(word, "./") {
		cmd = signed(cmd)
	}
	out := run(t, cmd)
	out.has(t, "dpkg: installed", ", then modprobe ")
	var shown []struct {
		Builds []struct {
			Deb    string
			Common struct{ Deb string }
		}
	}
	decode(t, s.quietly(t, "mago", "show", "--json", word), &shown)
	built := shown[0].Builds[0]
	s.debs[module] = built.Deb
	if built.Common.Deb != "" {
		s.debs[module+" common"] = built.Common.Deb
	}
	return out
}

// again: with everything there, mago runs no program of apt's or dpkg's and changes nothing.
func (s *story) again(t *testing.T) {
	for _, program := range []string{"apt", "apt-get", "apt-cache", "apt-config", "apt-helper", "dpkg", "dpkg-deb", "dpkg-query"} {
		s.write(t, "/srv/spy/"+program, "#!/bin/sh\necho \"$0 $*\" >>/srv/spied\nexec /usr/bin/"+program+" \"$@\"\n", 0o755)
	}
	status := s.read(t, "/var/lib/dpkg/status")
	all := []string{"mago", "-l", s.kernel, "a-i"}
	for _, module := range modules {
		all = append(all, cmp.Or(words[module], module))
	}
	spied := s.Command(t.Context(), all...)
	spied.Env = append(spied.Env, "PATH=/srv/spy:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	out := run(t, spied)
	for _, module := range modules {
		out.matches(t, `\n`+module+` +there\n`)
	}
	if s.read(t, "/var/lib/dpkg/status") != status {
		t.Error("dpkg's status has changed")
	}
	if _, err := os.Stat(s.Path("/srv/spied")); err == nil {
		t.Errorf("mago ran:\n%s", s.read(t, "/srv/spied"))
	}
}

// clean keeps what is installed, and the last packages.
func (s *story) clean(t *testing.T) {
	s.mago(t, "clean").matches(t, `freed [1-9]`)
	s.mago(t, "status").has(t, "present")
	for _, deb := range s.debs {
		s.read(t, deb)
	}
}

// remove: dpkg alone takes everything away, and depmod's tables forget it.
func (s *story) remove(t *testing.T) {
	args := []string{"dpkg", "-r", "xtrx-modules-common"}
	for _, module := range modules {
		args = append(args, s.packageName(module))
	}
	s.run(t, args...)
	if got := s.modulesDir(t); strings.Contains(got, "updates") {
		t.Errorf("left in %s:\n%s", s.libModules(), got)
	}
	if strings.Contains(s.read(t, s.libModules()+"/modules.dep"), "updates/") {
		t.Error("modules.dep still names modules in updates/")
	}
	if audit := s.run(t, "dpkg", "--audit"); audit != "" {
		t.Errorf("dpkg --audit:\n%s", audit)
	}
}
