package apt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg"
	"mago/debpkg/control"
	"mago/debpkg/relation"
	"mago/debpkg/rooted"
)

// fakeSystem is a root in which apt-get and dpkg are functions.
type fakeSystem struct {
	root      string
	available map[string]string // package -> version that apt has
	fail      string            // the tool that fails
	ran       []string
}

func newFakeSystem(t *testing.T, available map[string]string) *fakeSystem {
	return &fakeSystem{root: testRoot(t, statusFile), available: available}
}

func (s *fakeSystem) run(cmd *exec.Cmd) error {
	line := strings.Join(cmd.Args, " ")
	if cmd.Args[0] == "apt-get" {
		said := " " + strings.Join(TrustArgs(false), " ") + " -o APT::Cmd::Pattern-Only=true --"
		if !strings.Contains(line, said) {
			return fmt.Errorf("%q checks no signatures, or takes names for patterns", cmd.Args)
		}
		line = strings.Replace(line, said, "", 1)
	}
	s.ran = append(s.ran, line)
	if cmd.Args[0] == s.fail {
		fmt.Fprint(cmd.Stderr, "reading\nE: it does not work\n")
		return exec.Command("sh", "-c", "exit 7").Run()
	}
	if cmd.Args[0] != "apt-get" {
		return nil
	}
	needs, err := s.resolve(strings.Fields(line[strings.LastIndex(line, " install ")+len(" install "):]))
	if err != nil {
		return err
	}
	for _, name := range needs {
		if strings.Contains(line, "--simulate") {
			fmt.Fprintf(cmd.Stdout, "Inst %s (%s Debian:12/stable [amd64])\n", name, s.available[name])
			continue
		}
		if err := s.has(name, s.available[name]); err != nil {
			return err
		}
	}
	return nil
}

// has puts a package into the status.
func (s *fakeSystem) has(name, version string) error {
	status, err := os.OpenFile(filepath.Join(s.root, "var/lib/dpkg/status"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer status.Close()
	_, err = fmt.Fprintf(status, "\nPackage: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n", name, version)
	return err
}

// resolve gives the packages that apt-get's words are, and that .debs among them need; it fails as apt-get does.
func (s *fakeSystem) resolve(words []string) (needs []string, err error) {
	refuse := exec.Command("sh", "-c", "exit 100").Run
	status, err := ReadStatus(rooted.Root(s.root))
	if err != nil {
		return nil, err
	}
	for _, word := range words {
		switch {
		case strings.HasPrefix(word, "-"):
		case !strings.HasSuffix(word, ".deb"):
			if name, _, _ := strings.Cut(word, ":"); s.available[name] == "" {
				return nil, refuse()
			}
			needs = append(needs, word)
		default:
			deb, err := debpkg.Open(filepath.Join(s.root, word))
			if err != nil {
				return nil, err
			}
			deb.Close()
			relations, err := relation.Parse(deb.Control().Get("Depends"))
			if err != nil || len(status.clashes([]control.Paragraph{deb.Control()})) > 0 {
				return nil, errors.Join(err, refuse())
			}
			for _, r := range relations {
				i := slices.IndexFunc(r.Alternatives, func(a relation.Alternative) bool { return s.available[a.Name] != "" && a.Accepts(s.available[a.Name]) })
				if i < 0 && !status.satisfies(r) {
					return nil, refuse()
				}
				if i >= 0 {
					needs = append(needs, r.Alternatives[i].Name)
				}
			}
		}
	}
	return needs, nil
}

// deb writes a package into the root.
func (s *fakeSystem) deb(t *testing.T, name, depends string) string {
	t.Helper()
	return mustWrite(t, s.root, testPackage("Package", name, "Depends", depends))
}

const (
	aptInstalls  = "apt-get -o DPkg::Lock::Timeout=0 -o Dpkg::Options::=--force-confdef,confold -q install --yes --no-install-recommends --no-remove "
	aptSimulates = "apt-get --simulate -o Debug::NoLocking=true -o DPkg::Lock::Timeout=0 -o Dpkg::Options::=--force-confdef,confold -q install --yes --no-install-recommends --no-remove "
	dpkgInstalls = "dpkg -i --force-confdef,confold -- "
	oneDeb       = "/one_2.0-3+6.1.55-1_amd64.deb"
)

// TestInstall: where something is needed apt-get gets the .deb too, so that it sees what that provides.
func TestInstall(t *testing.T) {
	withApt := []string{aptSimulates + oneDeb, aptInstalls + oneDeb}
	for _, test := range []struct {
		name, depends string
		available     map[string]string
		ran           []string
	}{
		{"nothing missing", "libc6 (>= 2.36)", nil, []string{dpkgInstalls + oneDeb}},
		{"one missing", "libc6, more (>= 2)", map[string]string{"more": "2"}, withApt},
		{"second alternative", "other | more", map[string]string{"more": "2"}, withApt},
		{"names that apt has another meaning for", "more- | x_y | more", map[string]string{"more": "1"}, withApt},
		{"architecture", "more:amd64 | more:any", map[string]string{"more": "1"}, withApt},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newFakeSystem(t, test.available)
			in := &Installer{Root: rooted.Root(s.root), Run: s.run, DryRun: test.name == "architecture"}
			if err := in.Install(context.Background(), s.deb(t, "one", test.depends)); err != nil {
				t.Error(err)
			}
			if !slices.Equal(s.ran, test.ran) {
				t.Errorf("ran %q, want %q", s.ran, test.ran)
			}
		})
	}
}

// TestInstallAgain: apt-get is told where the same version, or an older one, is to be installed.
func TestInstallAgain(t *testing.T) {
	for version, option := range map[string]string{"1:2.0-3+6.1.55-1": "--reinstall ", "1:2.1": "--allow-downgrades ", "1:1.0": ""} {
		s := newFakeSystem(t, map[string]string{"more": "1"})
		if err := s.has("one", version); err != nil {
			t.Fatal(err)
		}
		in := &Installer{Root: rooted.Root(s.root), Run: s.run}
		err := in.Install(context.Background(), s.deb(t, "one", "more"))
		if want := aptInstalls + option + oneDeb; err != nil || s.ran[len(s.ran)-1] != want {
			t.Errorf("over %s: ran %q, want %q, %v", version, s.ran, want, err)
		}
	}
}

func TestInstallOfPackagesThatNeedEachOther(t *testing.T) {
	s := newFakeSystem(t, nil)
	in := &Installer{Root: rooted.Root(s.root), Run: s.run}
	one, two := s.deb(t, "one", "two (= 1:2.0-3+6.1.55-1)"), s.deb(t, "two", "example-api")
	if err := in.Install(context.Background(), one, two); err != nil {
		t.Error(err)
	}
	if want := []string{"dpkg -i --force-confdef,confold -- /one_2.0-3+6.1.55-1_amd64.deb /two_2.0-3+6.1.55-1_amd64.deb"}; !slices.Equal(s.ran, want) {
		t.Errorf("ran %q, want %q", s.ran, want)
	}
}

// TestUnmetLeavesDpkgAlone: dpkg must not see a package that it could not configure.
func TestUnmetLeavesDpkgAlone(t *testing.T) {
	for _, test := range []struct {
		name, depends string
		want          []string
	}{
		{"apt has none", "libc6, other, more", []string{"other"}},
		{"apt has an older one", "more (>= 3)", []string{"more (>= 3)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newFakeSystem(t, map[string]string{"more": "2"})
			in := &Installer{Root: rooted.Root(s.root), Run: s.run}
			err := in.Install(context.Background(), s.deb(t, "one", test.depends))
			var unmet *UnmetError
			if !errors.As(err, &unmet) || unmet.Package != "one" || !slices.Equal(unmet.Relations, test.want) {
				t.Errorf("err = %v", err)
			}
			if slices.ContainsFunc(s.ran, func(argv string) bool { return strings.HasPrefix(argv, "dpkg") }) {
				t.Errorf("ran %q", s.ran)
			}
		})
	}
}

func TestToolErrors(t *testing.T) {
	s := newFakeSystem(t, nil)
	s.fail = "dpkg"
	var stderr bytes.Buffer
	in := &Installer{Root: rooted.Root(s.root), Run: s.run, Stderr: &stderr}
	err := in.Install(context.Background(), s.deb(t, "one", ""))
	var tool *ToolError
	if !errors.As(err, &tool) || tool.Tool != "dpkg" || tool.ExitCode != 7 || tool.Stderr != "reading\nE: it does not work" {
		t.Fatalf("err = %#v", err)
	}
	if want := "run dpkg -i --force-confdef,confold -- /one_2.0-3+6.1.55-1_amd64.deb: exit status 7: E: it does not work"; err.Error() != want {
		t.Errorf("err = %v, want %s", err, want)
	}
	if stderr.String() != "reading\nE: it does not work\n" {
		t.Errorf("stderr = %q", stderr.String())
	}
}

func TestToolErrorShowsTheComplaint(t *testing.T) {
	for _, test := range []struct{ stderr, want string }{
		{"", ""},
		{"reading\nno more\n", "no more"},
		{"dpkg: error: dpkg frontend lock was locked by another process with pid 7\n" +
			"Note: removing the lock file is always wrong, can damage the locked area\n" +
			"and the entire system. See <https://wiki.debian.org/Teams/Dpkg/FAQ#db-lock>.",
			"dpkg: error: dpkg frontend lock was locked by another process with pid 7"},
		{"dpkg: warning: files list file missing\ndpkg: error processing archive /x.deb (--install):\n" +
			" trying to overwrite '/y', which is also in package z 1\nErrors were encountered while processing:\n /x.deb",
			"dpkg: error processing archive /x.deb (--install): trying to overwrite '/y', which is also in package z 1"},
		{"dpkg: Fehler: Platte voll\nUnd mehr", "dpkg: Fehler: Platte voll"},
		{"W: old\nE: Unable to locate package x\nE: and y", "E: Unable to locate package x"},
		{"E: ends so:", "E: ends so:"},
		{"dpkg: warning: old\ndpkg: dependency problems prevent configuration of x-modules:\n x-modules depends on x-common (>= 1); however:\n" +
			"  Package x-common is not configured yet.\n\ndpkg: error processing package x-modules (--install):\n dependency problems - leaving unconfigured\n" +
			"dpkg: error processing package x-common (--install):\n end of file on stdin at conffile prompt\nErrors were encountered while processing:\n x-modules",
			"dpkg: error processing package x-common (--install): end of file on stdin at conffile prompt"},
		{"dpkg: error processing package x (--configure):\n dependency problems - leaving unconfigured\nErrors", "dpkg: error processing package x (--configure): dependency problems - leaving unconfigured"},
		{"E: Sub-process /usr/bin/dpkg returned an error code (1)\nE: Write error", "E: Write error"},
	} {
		want := "run dpkg -i: exit status 1"
		if test.want != "" {
			want += ": " + test.want
		}
		if got := toolError("dpkg", []string{"-i"}, test.stderr, errors.New("exit status 1")).Error(); got != want {
			t.Errorf("%q:\n got %s\nwant %s", test.stderr, got, want)
		}
	}
}

func TestMissingToolIsAToolError(t *testing.T) {
	t.Setenv("PATH", "")
	s := newFakeSystem(t, nil)
	err := (&Installer{Root: rooted.Root(s.root)}).Install(context.Background(), s.deb(t, "one", ""))
	var tool *ToolError
	if !errors.As(err, &tool) || tool.ExitCode != -1 || !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("err = %#v", err)
	}
}

func TestInstallRefuses(t *testing.T) {
	s := newFakeSystem(t, nil)
	in := &Installer{Root: rooted.Root(s.root), Run: s.run}
	outside := mustWrite(t, t.TempDir(), testPackage())
	if err := in.Install(context.Background(), outside); err == nil || !strings.Contains(err.Error(), "is not inside the root "+s.root) {
		t.Errorf("outside: err = %v", err)
	}
	broken := filepath.Join(s.root, "broken.deb")
	writeFile(t, broken, "no archive")
	var format *debpkg.FormatError
	if err := in.Install(context.Background(), broken); !errors.As(err, &format) {
		t.Errorf("broken: err = %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := in.Install(ctx, s.deb(t, "one", "")); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: err = %v", err)
	}
	if len(s.ran) > 0 {
		t.Errorf("ran %q", s.ran)
	}
}

func TestInstallEnvironment(t *testing.T) {
	s := newFakeSystem(t, nil)
	deb := s.deb(t, "one", "")
	for _, quiet := range []bool{false, true} {
		var seen *exec.Cmd
		in := &Installer{Root: rooted.Root(s.root), NonInteractive: quiet, Run: func(cmd *exec.Cmd) error { seen = cmd; return nil }}
		if err := in.Install(context.Background(), deb); err != nil {
			t.Fatal(err)
		}
		if seen.Stdin != nil {
			t.Error("dpkg has an input")
		}
		if slices.Contains(seen.Env, "DEBIAN_FRONTEND=noninteractive") != quiet {
			t.Errorf("NonInteractive %v: environment %q", quiet, seen.Env)
		}
	}
}

// TestToolWritesToNoPipe has the tool go on where mago is killed, which would break a pipe.
func TestToolWritesToNoPipe(t *testing.T) {
	s := newFakeSystem(t, nil)
	deb := s.deb(t, "plain", "")
	var shown strings.Builder
	in := Installer{Root: rooted.Root(s.root), Stderr: &shown, Run: func(cmd *exec.Cmd) error {
		if _, isFile := cmd.Stderr.(*os.File); !isFile {
			t.Errorf("%s writes its errors to a %T", cmd.Args[0], cmd.Stderr)
		}
		fmt.Fprint(cmd.Stderr, strings.Repeat("x", 4<<10), "the end")
		return errors.New("it fails")
	}}
	err := in.Install(t.Context(), deb)
	var tool *ToolError
	if !errors.As(err, &tool) || len(tool.Stderr) != 2<<10 || !strings.HasSuffix(tool.Stderr, "xthe end") {
		t.Errorf("error %v", err)
	}
	if len(shown.String()) != 4<<10+len("the end") {
		t.Errorf("%d bytes are shown", len(shown.String()))
	}
}

// TestBefore: what a caller looks for last keeps dpkg and apt-get from running.
func TestBefore(t *testing.T) {
	s := newFakeSystem(t, map[string]string{"more": "1"})
	refused := errors.New("in the way")
	in := &Installer{Root: rooted.Root(s.root), Run: s.run}
	in.Before = func() error {
		if last := s.ran[len(s.ran)-1]; !strings.HasPrefix(last, "apt-get --simulate ") {
			t.Errorf("called after %q", last)
		}
		return refused
	}
	err := in.Install(context.Background(), s.deb(t, "one", "more"))
	if !errors.Is(err, refused) || !strings.HasPrefix(s.ran[len(s.ran)-1], "apt-get --simulate ") {
		t.Errorf("%v, after %q", err, s.ran)
	}
}
