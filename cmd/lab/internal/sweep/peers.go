package sweep

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mago/cmd/lab/internal/debian"
)

// peerPackages are what dkms and module-assistant want beside them; a developer's machine has them.
var peerPackages = []string{"dkms", "module-assistant", "build-essential", "bc", "debhelper", "dh-dkms", "dpkg-dev", "fakeroot", "file", "kmod", "quilt",
	"xz-utils", "zstd"}

// preparePeers makes the system that dkms and module-assistant work on, where no package's own scripts start dkms.
func preparePeers(ctx context.Context, sys *debian.System) error {
	return sys.RunAll(ctx,
		[]string{"apt-get", "update"},
		append([]string{"apt-get", "install", "--yes", "--no-install-recommends"}, peerPackages...),
		[]string{"m-a", "--text-mode", "update"},
		[]string{"touch", "/etc/dkms/no-autoinstall"})
}

// peer has the release's own program for this kind of package build the row.
func (s *sweep) peer(ctx context.Context, x *row, log *os.File) error {
	s.peering.Lock()
	defer s.peering.Unlock()
	needed := []string{"apt-get", "install", "--yes", "--no-install-recommends", "linux-headers-" + x.Kernel}
	if x.Kind != kindDKMS {
		needed = append(needed, x.Package)
	}
	ready, err := s.peerStep(ctx, log, needed...)
	if err != nil {
		return err
	}
	switch {
	case ready.code != 0:
		x.Peer = judgePeer(ready, "")
	case x.Kind == kindDKMS:
		x.Peer, err = s.dkms(ctx, x.choice, log)
	default:
		x.Peer, err = s.moduleAssistant(ctx, x.choice, log)
	}
	return err
}

func (s *sweep) moduleAssistant(ctx context.Context, c choice, log *os.File) (*outcome, error) {
	done, err := s.peerStep(ctx, log, "m-a", "--text-mode", "--non-inter", "--force", "-l", c.Kernel, "-k", "/usr/src/linux-headers-"+c.Kernel, "a-b", c.Package)
	if err != nil {
		return nil, err
	}
	logs, err := filepath.Glob(s.peers.Path("/var/cache/modass/" + c.Package + ".buildlog." + c.Kernel + ".*"))
	if err != nil {
		return nil, err
	}
	return judgePeer(done, newestText(logs)), nil
}

// dkms opens the package without running its scripts, installs what it depends on, and builds its trees.
func (s *sweep) dkms(ctx context.Context, c choice, log *os.File) (*outcome, error) {
	const open = `set -e; rm -rf /srv/dkms; mkdir -m 777 /srv/dkms; cd /srv/dkms; apt-get download "$1"; dpkg-deb --extract *.deb tree
apt-get satisfy --yes --no-install-recommends "$(dpkg-deb --field *.deb Depends)"
cp -a tree/usr/src/. /usr/src/`
	done, err := s.peerStep(ctx, log, "sh", "-c", open, "sh", c.Package)
	if err != nil || done.code != 0 {
		return judgePeer(done, ""), err
	}
	trees, err := filepath.Glob(s.peers.Path("/srv/dkms/tree/usr/src/*/dkms.conf"))
	if err != nil {
		return nil, err
	}
	if len(trees) == 0 {
		return &outcome{Result: failed, Why: "no dkms.conf in /usr/src"}, nil
	}
	total := &outcome{Result: built}
	for _, conf := range trees {
		one, err := s.dkmsTree(ctx, c, conf, log)
		if err != nil {
			return nil, err
		}
		total.Seconds += one.Seconds
		if one.Result != built {
			total.Result, total.Why = one.Result, one.Why
		}
	}
	return total, nil
}

func (s *sweep) dkmsTree(ctx context.Context, c choice, conf string, log *os.File) (*outcome, error) {
	text, err := os.ReadFile(conf)
	if err != nil {
		return nil, err
	}
	name, version := dkmsName(filepath.Base(filepath.Dir(conf)), string(text))
	done, err := s.peerStep(ctx, log, "dkms", "build", name+"/"+version, "-k", c.Kernel, "--force")
	if err != nil {
		return nil, err
	}
	logs, err := filepath.Glob(s.peers.Path(filepath.Join("/var/lib/dkms", name, version, "build/make.log")))
	if err != nil {
		return nil, err
	}
	return judgePeer(done, newestText(logs)), nil
}

var (
	packageNameLine = regexp.MustCompile(`(?m)^\s*PACKAGE_NAME=["']?([^"'\s$]+)["']?\s*$`)
	versionStart    = regexp.MustCompile(`-[0-9#]`)
)

// dkmsName splits the name of a directory in /usr/src, which is <name>-<version>, by what its dkms.conf says.
func dkmsName(dir, conf string) (name, version string) {
	if said := packageNameLine.FindStringSubmatch(conf); said != nil && strings.HasPrefix(dir, said[1]+"-") {
		return said[1], strings.TrimPrefix(dir, said[1]+"-")
	}
	if at := versionStart.FindStringIndex(dir); at != nil {
		return dir[:at[0]], dir[at[0]+1:]
	}
	return dir, ""
}

// judgePeer tells a build's result from the code and, where it failed, the reason from its log or from what was printed.
func judgePeer(done ran, log string) *outcome {
	o := &outcome{Result: built, Seconds: done.seconds}
	switch {
	case done.code == -1:
		o.Result = tooLong
	case strings.Contains(done.output, "BUILD_EXCLUSIVE"):
		o.Result = notMeant
	case done.code != 0:
		o.Result, o.Why = failed, cmp.Or(firstError(log), firstError(done.output))
	}
	return o
}

// newestText reads the file written last.
func newestText(files []string) string {
	age := func(file string) int64 {
		info, err := os.Stat(file)
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	if len(files) == 0 {
		return ""
	}
	text, err := os.ReadFile(slices.MaxFunc(files, func(a, b string) int { return cmp.Compare(age(a), age(b)) }))
	if err != nil {
		return ""
	}
	return string(text)
}

func (s *sweep) peerStep(ctx context.Context, log *os.File, args ...string) (ran, error) {
	fmt.Fprintf(log, "peers $ %q\n", args)
	return runLimited(ctx, s.limit, log, func(ctx context.Context) *exec.Cmd { return s.peers.Command(ctx, args...) })
}
