package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mago/catalog"
	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/debpkg"
	"mago/debpkg/apt"
	"mago/debpkg/codec"
	"mago/debpkg/payload"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
	"mago/kbuild/proof"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
	"mago/kbuild/signing"
	"mago/sources"
	"mago/sources/lock"
	"mago/sources/way"
)

// failures has every error that mago can explain, as the rooms give it: some below others.
var failures = []struct {
	err  error
	code int
	hint string // a part of it
}{
	{errors.New("something else"), exitError, ""},
	{&engine.UsageError{Err: fmt.Errorf("purge: %w", &engine.PurgeAllError{})}, exitUsage, "mago purge all"},
	{&engine.UsageError{Err: engine.ErrNothingNamed}, exitUsage, "mago help"},
	{&engine.UnloadableError{Unit: "x for 6.1", Demand: engine.Demand{Why: "Secure Boot is on"}}, exitUnsigned, "with --unsigned mago signs nothing and goes on; the kernel refuses such modules until you have signed them"},
	{&engine.UnloadableError{Unit: "x for 6.1", Demand: engine.Demand{Copies: []string{"/x.ko"}}}, exitUnsigned, "with --unsigned mago installs its own all the same, and the kernel loads them instead of the signed ones"},
	{&engine.InTheWayError{Pkg: "x-dkms", Command: "sudo apt-get install /x.deb"}, exitPackages, "apt-get install /x.deb"},
	{&engine.InTheWayError{Pkg: "x-dkms", Command: "sudo apt-get install /x.deb", Refused: true}, exitPackages, `"sudo apt-get install /x.deb" says why`},
	{&engine.InTheWayError{Pkg: "x-dkms", Module: "x", Kernels: []string{"6.1", "6.2"}}, exitPackages, "auto-build -l 6.1,6.2 x"},
	{&engine.ClashError{Command: "sudo apt-get install /x.deb", Err: &apt.ConflictError{Clashes: []apt.Clash{{With: "old"}}}}, exitPackages, "asks before it removes old"},
	{&apt.UndoneError{Err: errors.New("x"), Left: []apt.Left{{Package: "x-modules", Deb: "/x.deb"}}}, exitPackages, "apt-get remove x-modules"},
	{&apt.UndoneError{Err: errors.New("x"), Left: []apt.Left{{Package: "x-modules", Deb: "/x.deb", Broken: true}}}, exitPackages, `"sudo dpkg -i /x.deb" installs x-modules again`},
	{&apt.UndoneError{Err: errors.New("x"), Left: []apt.Left{{Package: "more", Broken: true, Brought: true}}}, exitPackages, "dpkg --audit"},
	{&apt.UndoneError{Err: errors.New("x"), Left: []apt.Left{{Package: "more", Brought: true}}}, exitPackages, "dpkg --configure -a"},
	{&apt.UndoneError{Err: errors.New("x")}, exitPackages, "is undone"},
	{&apt.DKMSError{Packages: []string{"dkms", "x-dkms"}}, exitPackages, "mago auto-install x\""},
	{&apt.DKMSError{Packages: []string{"dkms"}}, exitPackages, "to use it, install it yourself"},
	{&catalog.NotFoundError{Name: "helo", Similar: []string{"hello", "jello"}}, exitNoModule, "hello, jello"},
	{&catalog.NotFoundError{Name: "helo"}, exitNoModule, "mago list"},
	{&engine.PinError{Module: "x", Where: "/x.conf:1", Err: &engine.NoVersionError{Package: "x-dkms", Version: "2", Has: []string{"3", "1"}}}, exitNoModule, "they have 3, 1; name another version there"},
	{&engine.PinError{Module: "x", Where: "/x.conf:1", Err: &apt.FetchError{Package: "x-dkms", Err: errors.New("x")}}, exitFetch, "apt-get update"},
	{&engine.NotBuiltError{Module: "hello", Release: "6.1"}, exitNoModule, "mago auto-build hello -l 6.1"},
	{&engine.NotBuiltError{Module: "hello", Release: "6.1", Others: []string{"5.10", "6.12"}}, exitNoModule, "built for 5.10, 6.12: choose with -l"},
	{&engine.NotBuiltError{Module: "hello", Release: "6.1", Caller: "alice"}, exitNoModule, `run "mago install hello -l 6.1 -S sudo" as alice, without sudo`},
	{&catalog.InTreeError{Name: "wireguard", Module: "wireguard"}, exitInTree, "modprobe wireguard"},
	{&engine.NoKernelError{Word: "4.19"}, exitNoKernel, "apt-get update"},
	{&engine.NoneHereError{WithHeaders: []string{"6.1", "6.2"}}, exitNoKernel, "-l all takes those whose headers are here: 6.1, 6.2"},
	{&engine.NoneHereError{}, exitNoKernel, "-l newest"},
	{&engine.NoKernelError{Word: "newset", Meant: []string{"newest"}}, exitNoKernel, "-l newest"},
	{&engine.NoKernelError{Word: "6.1", Running: true, Instead: engine.Bootable{Meta: "linux-image-amd64", Release: "6.2"}}, exitNoKernel, "apt-get install linux-image-amd64"},
	{&engine.NoKernelError{Word: "6.1", Running: true, Instead: engine.Bootable{Meta: "linux-image-amd64", Release: "6.2", Installed: true}}, exitNoKernel, "reboot into Linux 6.2"},
	{&engine.WideWordError{Word: "6.*", Fits: 2, Newest: "6.12.1"}, exitNoKernel, "-l 6.12.1"},
	{&engine.NoKernelError{Word: "4.19", Nearest: []string{"5.10"}}, exitNoKernel, "5.10"},
	{&kernel.HeadersError{Release: "6.1"}, exitNoKernel, "mago prepare -l 6.1"},
	{&kernel.HeadersError{Release: "6.1", Dir: "/usr/src/x", Missing: "Makefile"}, exitNoKernel, "name complete ones with -k"},
	{&engine.IncompleteHeadersError{Err: &kernel.HeadersError{Release: "6.1", Dir: "/usr/src/x", Missing: "Makefile"}, Package: "linux-headers-6.1", InApt: true}, exitNoKernel, `"sudo apt-get install --reinstall linux-headers-6.1"`},
	{&engine.IncompleteHeadersError{Err: &kernel.HeadersError{Release: "6.1", Dir: "/usr/src/x", Missing: "Makefile"}, Package: "linux-headers-6.1", Lacks: "linux-kbuild-6.1", InApt: true}, exitNoKernel, `needs linux-kbuild-6.1, which is not installed: run "sudo mago prepare -l 6.1"`},
	{&engine.IncompleteHeadersError{Err: &kernel.HeadersError{Release: "6.1", Dir: "/usr/src/x", Missing: "Makefile"}, Package: "linux-headers-6.1", Lacks: "linux-kbuild-6.1"}, exitNoKernel, "neither installed nor in apt: name"},
	{&sandbox.UnmappedError{Name: "mago-build"}, exitNoTool, "outside of it"},
	{&kernel.ToolError{Tool: word.Must(word.ParseProgram("gcc-12")), Package: word.Must(word.ParsePackage("gcc-12"))}, exitNoTool, "apt-get install gcc-12"},
	{built(&kernel.ArchError{Release: "6.1", Machine: "aarch64"}), exitNoKernel, "of that kind"},
	{&sandbox.UserError{Name: "mago-build"}, exitNoTool, "mago prepare"},
	{&apt.FetchError{Package: "hello-dkms", Err: errors.New("no network")}, exitFetch, "apt-get update"},
	{&apt.UnauthenticatedError{Package: "hello-dkms", Version: "1"}, exitFetch, "--allow-unauthenticated"},
	{&apt.FetchError{Output: "E: Some packages could not be authenticated\n", Err: errors.New("exit status 100")}, exitFetch, "--allow-unauthenticated"},
	{&apt.ToolError{Tool: "apt-get", Stderr: "E: There were unauthenticated packages and -y was used without --allow-unauthenticated"}, exitFetch, "--allow-unauthenticated"},
	{&apt.ToolError{Tool: "dpkg", Stderr: "E: The repository 'file:/srv ./ Release' is not signed."}, exitPackages, "dpkg --audit"},
	{&recipe.CompileError{Message: "E: The repository 'file:/srv ./ Release' is not signed."}, exitBuild, ""},
	{&apt.ToolError{Tool: "apt-get", Stderr: "E: The repository 'file:/srv ./ Release' is not signed."}, exitFetch, "--allow-unauthenticated"},
	{&engine.NotFetchedError{Module: "hello"}, exitFetch, "mago get hello"},
	{fmt.Errorf("update: %w", catalog.ErrNoLists), exitFetch, "apt-get update"},
	{&sources.UnsafeError{}, exitSource, "do not trust"},
	{&sources.LimitError{}, exitSource, "do not trust"},
	{&debpkg.FormatError{Path: "x.deb", Err: &codec.LimitError{What: "members", Max: 100}}, exitSource, "do not trust"},
	{&codec.LimitError{What: "bytes in a paragraph", Max: 1}, exitSource, "do not trust"},
	{&sources.LayoutError{Source: "x"}, exitSource, "obj-m"},
	{&debpkg.FormatError{Path: "x.deb", Err: io.ErrUnexpectedEOF}, exitSource, "fetch it again"},
	{&sources.DamagedError{Archive: "x.tar", Err: io.ErrUnexpectedEOF}, exitSource, "not a tarball, or is incomplete"},
	{&sources.DamagedError{Archive: "/x/hello.zip", Err: io.ErrUnexpectedEOF}, exitSource, "unzip"},
	{&sources.DamagedError{Archive: "/x/Makefile", Err: io.ErrUnexpectedEOF}, exitSource, "name the directory: /x"},
	{&sources.LayoutError{Source: "/x/hello.dsc"}, exitSource, "dpkg-source -x /x/hello.dsc"},
	{&sources.LayoutError{Source: "/x/y", Dirs: []string{"a b", "c"}}, exitSource, "instead: '/x/y/a b' /x/y/c"},
	{&sources.LayoutError{Source: "/x/y", First: "./configure"}, exitSource, `run "cd /x/y && ./configure", then the same command again`},
	{&sources.LayoutError{Source: "/x/y.tar", Archive: "/x/y.tar", First: "./configure"}, exitSource, `run "./configure" there, and name that directory`},
	{&sources.LayoutError{Source: "y-dkms 1", Package: "y-dkms", Dirs: []string{"opt/y"}}, exitSource, "apt-get download y-dkms && dpkg-deb -x *.deb . && sudo mago auto-install ./opt/y"},
	{&sources.SeveralError{Package: "two-dkms", Archive: "/x/two.deb", Dirs: []string{"usr/src/a-1"}}, exitSource, "mkdir two.deb.d && dpkg-deb -x /x/two.deb two.deb.d && sudo mago auto-install ./two.deb.d/usr/src/a-1"},
	{&engine.NoSourceError{Path: "./x"}, exitNoModule, "that is there"},
	{&engine.NoSourceError{Path: "hello/1.0"}, exitNoModule, "a module is named without its version: hello"},
	{&engine.KernelDirError{Dir: "/x", Err: io.EOF}, exitNoKernel, "name a directory"},
	{&engine.KernelDirError{Dir: "/x-common", Found: true, Meant: "/x/linux-headers-6.1-amd64"}, exitNoKernel, `such as /x/linux-headers-6.1-amd64, or run "sudo mago prepare -l 6.1-amd64"`},
	{&sandbox.ReachError{User: "mago-build", Path: "/root/x", Closed: "/root"}, exitError, "-u /var/tmp/mago"},
	{&sandbox.UnavailableError{Kind: sandbox.Auto, Why: "x"}, exitNoTool, "--sandbox user"},
	{&sandbox.UnavailableError{Kind: sandbox.Auto, Why: "x", Root: true}, exitNoTool, "mount -t cgroup2 none /sys/fs/cgroup lets mago end all processes of a build; --sandbox user"},
	{&sandbox.UnavailableError{Kind: sandbox.Bubblewrap, Why: "not installed"}, exitNoTool, "mago prepare"},
	{&sandbox.UnavailableError{Kind: sandbox.Namespaces, Why: "refused"}, exitNoTool, "--sandbox auto"},
	{&kernel.RefusedError{Release: "6.1", Dir: "/tmp", From: "/x/Makefile, line 1,"}, exitNoKernel, "kernel source tree that belongs to root"},
	{&kernel.HeaderFileError{Path: "/x/.config", Why: "is not a regular file"}, exitNoKernel, "plain files"},
	{&kernel.RefusedError{Release: "6.1", Dir: "/tmp"}, exitNoKernel, "a directory of their own"},
	{&sandbox.BrokenError{Kind: sandbox.Bubblewrap, Doing: "read dkms.conf"}, exitError, "this machine failed, not the source"},
	{sandbox.ErrNoProc, exitNoTool, "mount -t proc"},
	{sandbox.ErrForeignProc, exitNoTool, "--mount-proc"},
	{built(fmt.Errorf("MAKE was ended: %w", &sandbox.LimitError{Name: "memory", Value: "8G"})), exitBuild, "more than --limit memory=8G"},
	{built(&recipe.Error{Recipe: "dkms.conf", Err: errors.New("empty")}), exitRecipe, "/x/build.log"},
	{built(&recipe.CompileError{Step: "make"}), exitBuild, "/x/build.log"},
	{built(&proof.VermagicError{}), exitBuild, "/x/build.log"},
	{built(&proof.SymbolError{Module: "x", Symbol: "y", Why: "is gone"}), exitBuild, "another module may have to be built first"},
	{built(&proof.DependsError{Module: "x", Depends: "y"}), exitBuild, "another module may have to be built first"},
	{&engine.BuildError{Log: "/x/log", Local: true, Err: &proof.SymbolError{Module: "x", Symbol: "y", Why: "is gone"}}, exitBuild, "the log: /x/log"},
	{&engine.PackError{Err: &engine.TakenError{Claim: engine.Claim{Name: "nic"}, Gone: []string{"a"}, Purge: []string{"5", "6"}}}, exitSource, `run "mago purge -l 5,6 nic", then`},
	{&sources.UnnamedError{Source: "x"}, exitSource, "--name NAME"},
	{&sources.SeveralError{Package: "two-dkms", Dirs: []string{"usr/src/a-1", "usr/src/grp/b"}}, exitSource, "dpkg-deb -x *.deb . && sudo mago auto-install ./usr/src/a-1 ./usr/src/grp/b"},
	{&engine.TwiceError{Name: "nic", Local: true}, exitUsage, "--name NAME"},
	{&engine.OpenToOthersError{Name: "x", Path: "/usr/src/x-1", Shared: &way.Shared{Dir: "/usr/src/x-1", By: "alice"}}, exitError, "/usr/src/x-1"},
	{&engine.OthersError{Name: "nic"}, exitNoModule, "name nic"},
	{built(&recipe.CompileError{Cause: recipe.Cause{Kind: recipe.CauseProgram, Thing: "bison", Package: "bison"}}), exitBuild, "apt-get install bison"},
	{built(errors.New("not an ELF object")), exitBuild, "/x/build.log"},
	{built(&recipe.NotMeantError{}), exitNotMeant, "-l"},
	{built(&kernel.ToolError{Tool: word.Must(word.ParseProgram("patch")), Package: word.Must(word.ParsePackage("patch"))}), exitNoTool, "apt-get install patch"},
	{fmt.Errorf("install x: %w", &apt.ToolError{Tool: "dpkg"}), exitPackages, "dpkg --audit"},
	{&apt.UnmetError{Package: "x"}, exitPackages, "check its sources"},
	{built(&payload.RefusedError{Refused: []payload.Refusal{{Path: "/etc/it's [x]", Why: "is not wanted"}}}), exitRecipe, "--allow-file GLOB"},
	{built(&payload.RefusedError{Refused: []payload.Refusal{{Path: "/a"}, {Path: "/b", Final: true}}}), exitRecipe, "has to be changed"},
	{fmt.Errorf("install x: %w", &payload.InTheWayError{Files: []payload.Refusal{{Path: "/a", Why: "of no package"}}}), exitPackages, "aside, then run"},
	{&engine.NotRootError{What: "installing packages"}, exitNotRoot, "with -S sudo"},
	{&apt.LockedError{PID: 7}, exitBusy, "run the same command again"},
	{&apt.LockedError{PID: 7, Above: true}, exitBusy, "hooks or scripts"},
	{&lock.BusyError{What: "hello"}, exitBusy, "--wait"},
	{&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, exitNoSpace, "mago clean"},
	{built(&recipe.CompileError{Message: "cc1: No space left on device"}), exitNoSpace, "mago clean"},
	{&apt.ToolError{Tool: "apt-get", Stderr: "E: Some index files failed to download. They have been ignored, or old ones used instead."}, exitFetch, "the network"},
	{built(&recipe.CompileError{Message: "cc1: Disk quota exceeded"}), exitNoSpace, "mago clean"},
	{built(&recipe.CompileError{Message: "cc1: No space left on device", Cause: recipe.Cause{Kind: recipe.CauseScratch}}), exitBuild, "half of --limit memory"},
	{built(&recipe.CompileError{Message: "cc1: fatal error: a.c: Input/output error"}), exitError, "dmesg"},
	{&apt.FetchError{Output: "E: write (28: No space left on device)", Err: errors.New("x")}, exitNoSpace, "mago clean"},
	{&apt.ToolError{Tool: "dpkg", Stderr: "dpkg: error: No space left on device"}, exitNoSpace, "mago clean"},
	{errors.New("write package x: xz: exit status 1: xz: (stdout): Write error: No space left on device"), exitNoSpace, "mago clean"},
	{&debpkg.FormatError{Path: "x", Err: &os.PathError{Op: "read", Path: "x", Err: syscall.EIO}}, exitError, "this machine failed"},
	{&engine.BootSpaceError{Package: "x", Image: "/boot/initrd.img-6.1"}, exitNoSpace, "apt-get autoremove --purge"},
	{&os.PathError{Op: "write", Path: "x", Err: syscall.EDQUOT}, exitNoSpace, "mago clean"},
	{&apt.ToolError{Tool: "apt-get", Stderr: "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'"}, exitPackages, "dpkg --configure -a"},
	{&engine.EvictedHeadersError{Release: "6.1.0-9-amd64"}, exitNoKernel, "fetches them"},
	{&engine.SeveralError{First: &lock.BusyError{}, States: []string{engine.ResultFailed, engine.ResultFailed}, Units: 3}, exitBusy, ""},
	{errors.Join(&lock.BusyError{}, errors.New("more")), exitBusy, "wait"},
	{&recipe.CompileError{Cause: recipe.Cause{Kind: recipe.CauseMemory}}, exitError, "run out of memory"},
	{&recipe.CompileError{Cause: recipe.Cause{Kind: recipe.CauseFiles, Limit: "ulimit -n 9"}}, exitError, "ulimit -n 9"},
	{&os.PathError{Op: "write", Path: "x", Err: syscall.EFBIG}, exitError, "this machine failed"},
	{&outputError{"standard output", syscall.ENOSPC}, exitNoSpace, "is done and kept"},
	{&outputError{"standard output", syscall.EBADF}, exitError, "is done and kept"},
	{&rootOnlyError{[]string{"key", "new"}}, exitNotRoot, "sudo mago key new"},
	{&keyring.ExistsError{Path: "/k"}, exitError, "mago key rotate"},
	{&keyring.InTheWayError{Path: "/k"}, exitError, "another file"},
	{&keyring.FlatError{Path: "/k"}, exitKey, "mago key new -f"},
	{&keyring.NoRootKeyError{Root: &x509.Certificate{}}, exitKey, "--root-key FILE"},
	{&keyring.NoKeyError{}, exitKey, "mago key new"},
	{&keyring.UnwritableError{Err: &os.PathError{Op: "mkdir", Path: "/k", Err: syscall.EROFS}}, exitError, "remount,rw"},
	{&keyring.EmptyPassphraseError{Name: "/k"}, exitKey, "first line"},
	{&keyring.Error{Path: "/k", Err: &keyring.EmptyPassphraseError{Name: "/k"}}, exitKey, "first line"},
	{&keyring.UnknownError{Word: "x"}, exitKey, "mago key status"},
	{engine.ErrNoKey, exitKey, "mago key new"},
	{&engine.ElsewhereError{Dir: "to-sign"}, exitKey, "take the directory to the machine that has the key"},
	{&keyring.Error{Path: "/k", Err: &signing.PassphraseError{}}, exitKey, "--passphrase-file"},
	{&keyring.Error{Path: "/k", Err: &keyring.OpenToOthersError{Path: "/k", Mode: 0o644}}, exitKey, "chmod 600 /k"},
	{&keyring.Error{Path: "/k", Err: &keyring.RevokedError{Certificate: &x509.Certificate{}}}, exitKey, "mago key rotate"},
	{&keyring.Error{Path: keyring.Dir + "/signing.key", Err: &keyring.DateError{Certificate: &x509.Certificate{}, Now: time.Unix(0, 0)}}, exitKey, "mago key new -f"},
	{&keyring.Error{Path: "/k", Err: &keyring.DateError{Certificate: &x509.Certificate{}, Now: time.Unix(0, 0)}}, exitKey, "name another key"},
	{&keyring.Error{Path: keyring.Dir + "/signing.key", Err: &keyring.DateError{Certificate: &x509.Certificate{NotBefore: time.Unix(9, 0)}, Now: time.Unix(0, 0)}}, exitKey, "set the clock"},
	{&keyring.Error{Path: "/k", Err: io.ErrUnexpectedEOF}, exitKey, "mago key status"},
	{&signing.PassphraseError{Given: true}, exitKey, "at a terminal"},
	{&statusError{exitIncomplete}, exitIncomplete, ""},
	{&statusError{exitFailed}, exitFailed, ""},
}

// quiet is an output that nothing goes wrong with.
var quiet = newStream("standard output", io.Discard, nil)

func built(err error) error {
	return &engine.BuildError{Unit: "x for 6.1", Log: "/x/build.log", Err: err}
}

func TestReport(t *testing.T) {
	reached := []int{exitDone, exitHangup, exitInterrupted, exitQuit, exitPipe, exitTerminated} // signals: TestReportInterrupted
	for _, f := range failures {
		var stderr strings.Builder
		code := report(t.Context(), quiet, &stderr, f.err)
		if code != f.code {
			t.Errorf("%T %v: exit code %d, want %d", f.err, f.err, code, f.code)
		}
		reached = append(reached, code)
		checkMessage(t, f.err, stderr.String(), f.hint)
		checkNoWeakHint(t, f.err, stderr.String(), f.hint)
	}
	for _, c := range exitCodes {
		if !slices.Contains(reached, c.code) {
			t.Errorf("no error ends with exit code %d, %s", c.code, c.meaning)
		}
	}
}

// TestReportOutput: what could not be written is an error of its own, unless there is another one.
func TestReportOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	stdout := newStream("standard output", full, nil)
	fmt.Fprintln(stdout, "text")
	for err, want := range map[error]int{nil: exitNoSpace, &statusError{exitFailed}: exitNoSpace, &engine.NotFetchedError{Module: "x"}: exitFetch} {
		var stderr strings.Builder
		if code := report(t.Context(), stdout, &stderr, err); code != want {
			t.Errorf("%v: exit code %d, want %d", err, code, want)
		}
		if told := strings.HasPrefix(stderr.String(), "mago: write standard output: no space left on device\n"); told != (want == exitNoSpace) {
			t.Errorf("%v: %q", err, stderr.String())
		}
	}
}

func TestOneLine(t *testing.T) {
	both := errors.Join(errors.New("a"), errors.New("b\nmago: c"))
	for err, want := range map[error]string{
		errors.New("x\x1b[2J"):                 "x\ufffd[2J",
		both:                                   "a; b\ufffdmago: c",
		fmt.Errorf("d: %w (e)", both):          "d: a; b\ufffdmago: c (e)",
		built(errors.Join(both, both)):         "build x for 6.1: a; b\ufffdmago: c; a; b\ufffdmago: c",
		errors.New(strings.Repeat("/a", 5000)): strings.Repeat("/a", engine.MaxMessage/4) + " […] " + strings.Repeat("/a", engine.MaxMessage/4),
	} {
		if got := engine.OneLine(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func checkMessage(t *testing.T, err error, message, hint string) {
	t.Helper()
	first, rest, _ := strings.Cut(message, "\n")
	if text := engine.OneLine(err); text != "" && first != "mago: "+text {
		t.Errorf("%T: first line %q", err, first)
	}
	if !strings.Contains(rest, hint) || (hint == "") != (rest == "") {
		t.Errorf("%T: hint %q, want %q", err, rest, hint)
	}
	for line := range strings.Lines(rest) {
		if text, ok := strings.CutPrefix(line, "mago: hint: "); !ok || strings.HasSuffix(text, ".\n") {
			t.Errorf("%T: no hint in good style: %q", err, line)
		}
	}
}

func TestReportInterrupted(t *testing.T) {
	for s, want := range map[syscall.Signal]int{
		syscall.SIGHUP: exitHangup, syscall.SIGINT: exitInterrupted, syscall.SIGQUIT: exitQuit,
		syscall.SIGPIPE: exitPipe, syscall.SIGTERM: exitTerminated,
	} {
		ctx, end := context.WithCancelCause(t.Context())
		end(&interruption{signal: s})
		if code := report(ctx, quiet, io.Discard, context.Canceled); code != want {
			t.Errorf("%v: exit code %d, want %d", s, code, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr strings.Builder
	if code := report(ctx, quiet, &stderr, built(&recipe.CompileError{Err: context.Canceled})); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(stderr.String(), "build") {
		t.Errorf("it blames the build: %s", stderr.String())
	}
	if code := report(ctx, quiet, io.Discard, &statusError{exitFailed}); code != exitInterrupted {
		t.Errorf("a status that was broken off: exit code %d", code)
	}
	if code := report(ctx, quiet, &stderr, nil); code != exitDone {
		t.Errorf("what was done in spite of the signal ends with %d", code)
	}
}

// The table is part of mago's interface: each code once, in order, and each in the manual page.
func TestExitCodes(t *testing.T) {
	var page strings.Builder
	if err := writeMan(&page); err != nil {
		t.Fatal(err)
	}
	last := -1
	for _, c := range exitCodes {
		if c.code <= last {
			t.Errorf("%d after %d", c.code, last)
		}
		last = c.code
		if !strings.Contains(page.String(), fmt.Sprintf(".B %d\n%s\n", c.code, troff(c.meaning))) {
			t.Errorf("the manual page lacks exit code %d", c.code)
		}
	}
}

// checkNoWeakHint: only the errors that are about a check name the option that takes it away.
func checkNoWeakHint(t *testing.T, err error, said, hint string) {
	t.Helper()
	for _, name := range append(weakNames, "sandbox user") {
		if strings.Contains(said, "--"+name) && !strings.Contains(hint, "--"+name) {
			t.Errorf("%T leads to --%s: %s", err, name, said)
		}
	}
}
