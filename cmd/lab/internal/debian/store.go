package debian

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Store keeps what one run of the tests can take over from another: a fresh system, apt's lists, downloaded packages.
type Store struct {
	Release string
	Mirror  Mirror
	Log     io.Writer // what slow programs print

	dir  string
	lock *os.File
}

// OpenStore takes the store of a release under MAGO_TEST_CACHE, or else /var/cache/mago-test. One process has it at a
// time; others wait. It needs root, and debootstrap and bwrap on the PATH.
func OpenStore(release string, log io.Writer) (*Store, error) {
	return OpenNamedStore("", release, log)
}

// OpenNamedStore takes another store than the one that all tests share, for what has it for hours.
func OpenNamedStore(name, release string, log io.Writer) (*Store, error) {
	if err := Missing(); err != nil {
		return nil, err
	}
	mirror, err := FindMirror("/etc/apt")
	if err != nil {
		return nil, err
	}
	key := fnv.New32a()
	fmt.Fprintln(key, mirror, components)
	top := cmp.Or(os.Getenv("MAGO_TEST_CACHE"), "/var/cache/mago-test")
	s := &Store{Release: release, Mirror: mirror, Log: log, dir: filepath.Join(top, fmt.Sprintf("%s%s-%08x", name, release, key.Sum32()))}
	if err := os.MkdirAll(s.archives(), 0o755); err != nil {
		return nil, err
	}
	if s.lock, err = os.Create(filepath.Join(s.dir, "lock")); err != nil {
		return nil, err
	}
	return s, syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX)
}

// Close lets others have the store.
func (s *Store) Close() error { return s.lock.Close() }

// Missing says what keeps a test system from being made here; nil where nothing does.
func Missing() error {
	if os.Geteuid() != 0 {
		return errors.New("only root can make a Debian system")
	}
	for _, program := range []string{"debootstrap", "bwrap", "tar"} {
		if _, err := exec.LookPath(program); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) archives() string { return filepath.Join(s.dir, "archives") }
func (s *Store) base() string     { return filepath.Join(s.dir, "base.tar") }
func (s *Store) lists() string    { return filepath.Join(s.dir, "lists") }

// Fresh gives a system that nothing has happened to since debootstrap, in place of the one that a killed run of that
// name may have left. It has the lists that an earlier apt-get update brought, so that the next need fetch little.
func (s *Store) Fresh(ctx context.Context, name string) (*System, error) {
	if err := s.haveBase(ctx); err != nil {
		return nil, fmt.Errorf("bootstrap %s: %w", s.Release, err)
	}
	sys := s.system(name)
	if err := sys.Remove(); err != nil {
		return nil, err
	}
	if err := os.Mkdir(sys.Dir, 0o755); err != nil {
		return nil, err
	}
	if err := s.run(ctx, "tar", "--numeric-owner", "-xpf", s.base(), "-C", sys.Dir); err != nil {
		return nil, err
	}
	if _, err := os.Stat(s.lists()); err == nil {
		if err := s.run(ctx, "cp", "-a", s.lists()+"/.", sys.Path("/var/lib/apt/lists")); err != nil {
			return nil, err
		}
	}
	return sys, s.connect(ctx, sys)
}

func (s *Store) system(name string) *System {
	return &System{Dir: filepath.Join(s.dir, name), archives: s.archives()}
}

// KeepLists has later systems start with the lists of this one.
func (s *Store) KeepLists(ctx context.Context, sys *System) error {
	fresh := s.lists() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := s.run(ctx, "cp", "-a", sys.Path("/var/lib/apt/lists"), fresh); err != nil {
		return err
	}
	if err := os.RemoveAll(s.lists()); err != nil {
		return err
	}
	return os.Rename(fresh, s.lists())
}

// haveBase makes the archive that fresh systems come from, where there is none by the same programs.
func (s *Store) haveBase(ctx context.Context) error {
	stamp, err := s.stamp("base")
	if err != nil {
		return err
	}
	if _, ok := stamp.holds(); ok {
		return nil
	}
	if err := errors.Join(stamp.clear(), s.bootstrap(ctx)); err != nil {
		return err
	}
	return stamp.set()
}

func (s *Store) bootstrap(ctx context.Context) error {
	sys := s.system("bootstrap")
	if err := sys.Remove(); err != nil {
		return err
	}
	args := []string{"--variant=minbase", "--cache-dir=" + s.archives()}
	script, err := s.script()
	if err != nil {
		return err
	}
	if strings.HasPrefix(s.Mirror.Archive, "https:") {
		args = append(args, "--include=ca-certificates")
	}
	if err := s.run(ctx, "debootstrap", append(args, s.Release, sys.Dir, s.Mirror.Archive, script)...); err != nil {
		return err
	}
	if err := s.configure(sys); err != nil {
		return err
	}
	if err := s.run(ctx, "tar", "--numeric-owner", "-C", sys.Dir, "-cf", s.base()+".new", "."); err != nil {
		return err
	}
	return errors.Join(os.Rename(s.base()+".new", s.base()), sys.Remove())
}

// script is debootstrap's for the release; for one that is newer than debootstrap it is that of sid, which all are
// links to.
func (s *Store) script() (string, error) {
	const dir = "/usr/share/debootstrap/scripts"
	for _, name := range []string{s.Release, "sid"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return filepath.Join(dir, name), nil
		}
	}
	return "", fmt.Errorf("debootstrap has no script for %s in %s", s.Release, dir)
}

// components are all of Debian's; releases before 12 have no non-free-firmware, and apt only notes that.
const components = "main contrib non-free non-free-firmware"

// configure gives a system Debian's usual sources, and settings that only save time.
func (s *Store) configure(sys *System) error {
	sources := fmt.Sprintf("deb %[1]s %[2]s %[3]s\ndeb %[1]s %[2]s-updates %[3]s\n", s.Mirror.Archive, s.Release, components)
	if s.Mirror.Security != "" {
		sources += fmt.Sprintf("deb %s %s-security %s\n", s.Mirror.Security, s.Release, components)
	}
	for path, text := range map[string]string{
		"/etc/apt/sources.list":         sources,
		"/etc/apt/apt.conf.d/90quick":   "Acquire::Languages \"none\";\n",
		"/etc/dpkg/dpkg.cfg.d/90unsafe": "force-unsafe-io\n",
	} {
		if err := os.WriteFile(sys.Path(path), []byte(text), 0o644); err != nil {
			return err
		}
	}
	lists := sys.Path("/var/lib/apt/lists")
	if err := os.RemoveAll(lists); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(lists, "partial"), 0o755)
}

// connect gives a system this machine's way to the network.
func (s *Store) connect(ctx context.Context, sys *System) error {
	for _, name := range []string{"/etc/resolv.conf", "/etc/hosts"} {
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(sys.Path(name), text, 0o644)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	settings, err := exec.CommandContext(ctx, "apt-config", "dump", "--no-empty", "Acquire").Output()
	if err != nil {
		return fmt.Errorf("apt-config: %w", err)
	}
	var proxies strings.Builder
	for line := range strings.Lines(string(settings)) {
		if name, _, _ := strings.Cut(line, " "); strings.Contains(strings.ToLower(name), "::proxy") {
			proxies.WriteString(line)
		}
	}
	return os.WriteFile(sys.Path("/etc/apt/apt.conf.d/90host"), []byte(proxies.String()), 0o600)
}

func (s *Store) run(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = io.MultiWriter(s.Log, &output), io.MultiWriter(s.Log, &output)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, lastLine(output.String()))
	}
	return nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
