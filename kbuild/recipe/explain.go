package recipe

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"mago/kbuild/sandbox"
)

// Cause is what a failed step's first error usually means. The zero value is: not known.
type Cause struct {
	Kind    CauseKind    `json:"kind"`
	Thing   string       `json:"thing,omitempty"`   // the header, symbol or program that it is about
	Package string       `json:"package,omitempty"` // Debian package that has the thing, "" where none is known
	Sandbox sandbox.Kind `json:"sandbox,omitempty"` // that does not show the thing
	Limit   string       `json:"-"`                 // of whoever started mago, and the reason: "ulimit -n 100"
}

// CauseKind says what stands in the way; see sentences.
type CauseKind string

// The kinds of causes, as records keep them.
const (
	CauseInterface    CauseKind = "kernel interface"
	CauseKernelHeader CauseKind = "kernel header"
	CauseFullSource   CauseKind = "full kernel source"
	CauseHeader       CauseKind = "header"
	CauseProgram      CauseKind = "program"
	CauseCompiler     CauseKind = "compiler"
	CauseWarning      CauseKind = "warning"
	CauseRefusal      CauseKind = "refusal"
	CauseGPLOnly      CauseKind = "GPL-only symbol"
	CauseNamespace    CauseKind = "symbol namespace"
	CauseSymbol       CauseKind = "undefined symbol"
	CausePatch        CauseKind = "patch"
	CauseMemory       CauseKind = "memory"
	CauseSpace        CauseKind = "disk space"
	CauseScratch      CauseKind = "space in the sandbox"
	CauseFiles        CauseKind = "open files"
	CauseFileSize     CauseKind = "size of files"
	CauseProcesses    CauseKind = "processes"
	CauseTime         CauseKind = "processor time"
	CauseEnded        CauseKind = "ended from outside"
	CauseBus          CauseKind = "bus error"
	CauseNetwork      CauseKind = "network"
	CauseReadOnly     CauseKind = "read-only system"
	CauseUnseen       CauseKind = "unseen path"
	CauseBranch       CauseKind = "KERNELRELEASE"
	CauseSubdirs      CauseKind = "SUBDIRS"
	CauseKernelsOwn   CauseKind = "no M="
	CauseLostFlag     CauseKind = "ignored flags"
	CauseNoexec       CauseKind = "noexec"
	CauseRust         CauseKind = "Rust"
	CauseSubmodule    CauseKind = "empty submodule"
	CauseObject       CauseKind = "foreign object"
	CauseExecutable   CauseKind = "not executable"
	CauseRoot         CauseKind = "root"
)

// limits are the causes that are this machine's, or its limits', and never the source's, with the letters of ulimit that
// may have brought them about.
var limits = map[CauseKind]string{CauseMemory: "vdt", CauseSpace: "", CauseFiles: "n", CauseFileSize: "f", CauseProcesses: "u", CauseTime: "t", CauseEnded: "", CauseBus: "", CauseNoexec: ""}

// OfMachine tells what this machine is short of from what is wrong with a source.
func (c Cause) OfMachine() bool {
	_, ok := limits[c.Kind]
	return ok
}

// theories are the causes that say why a source does not fit this kernel or compiler. They come true for what was released
// once; in a source that is being written the same errors are mistakes.
var theories = []CauseKind{CauseInterface, CauseKernelHeader, CauseFullSource, CauseCompiler, CauseWarning, CauseRefusal, CauseNamespace, CauseSymbol}

// IsTheory tells a guess at the source's history from what is a fact about this machine, such as a missing program.
func (c Cause) IsTheory() bool { return slices.Contains(theories, c.Kind) }

// sentences has one line for each kind, with the thing for %.
var sentences = map[CauseKind]string{
	CauseInterface:    "the source was written for another kernel version: what it uses of the kernel has changed or is gone",
	CauseKernelHeader: "this kernel has no header %: the source was written for another kernel version",
	CauseFullSource:   "it needs %, which only the kernel's full source or build tree has, not its headers package",
	CauseHeader:       "header % is not there",
	CauseProgram:      "the build runs %, which is not there",
	CauseCompiler:     "this compiler does not accept %: the kernel or the source was set up for another one",
	CauseWarning:      "the source treats a warning of the compiler (%) as an error; it was written for another compiler or kernel version",
	CauseRefusal:      "the source itself refuses to be compiled here",
	CauseGPLOnly:      "the kernel exports symbol % to modules under the GPL only",
	CauseNamespace:    "the source does not import the symbol namespace %, as this kernel requires: it was written for another kernel version",
	CauseSymbol:       "nothing exports symbol %: the kernel no longer does, or another module that must be built first does",
	CausePatch:        "a patch of the source does not fit the source",
	CauseMemory:       "the machine, or the container that this runs in, has run out of memory",
	CauseSpace:        "the disk is full",
	CauseFiles:        "too many open files: each program of a build may have 1024, or fewer where the caller's limit is lower",
	CauseFileSize:     "a file has reached the limit on its size",
	CauseProcesses:    "the limit on processes is reached",
	CauseTime:         "a program has reached the limit on its processor time",
	CauseEnded:        "another process ended one of the build's programs (SIGTERM), as happens where memory is short",
	CauseBus:          "a program could not reach its own memory or files (SIGBUS): a disk, a file system or the memory fails or is full",
	CauseNetwork:      "builds have no network: what this one fetches has to be in its source",
	CauseReadOnly:     "builds may write to their own directory alone, and see the system read-only",
	CauseUnseen:       "builds in the sandbox @ do not see %; bubblewrap shows it",
	CauseBranch:       `as with dkms, a MAKE that begins with make hands on KERNELRELEASE, which this Makefile takes for kbuild's call; one that begins with 'make', in quotes, does not`,
	CauseSubdirs:      "kbuild takes M= in place of SUBDIRS=, in dkms.conf's MAKE as in a Makefile",
	CauseKernelsOwn:   "kbuild was called without M=, and so set out to build the kernel itself",
	CauseLostFlag:     "% is ignored since Linux 6.15: use ccflags-y",
	CauseNoexec:       "the cache's file system is mounted noexec, so that builds cannot run what lies there; -u names another cache",
	CauseRust:         "this kernel is built without Rust (CONFIG_RUST), and so takes no modules in it",
	CauseSubmodule:    "its git submodule % is empty: run \"git submodule update --init\" in the checkout, or put its files there where the source is an archive",
	CauseObject:       "% was not compiled by this build: since Linux 5.8 kbuild wants a file .%.cmd beside such a one, if an empty one",
	CauseExecutable:   "% is not executable in the source",
	CauseRoot:         "builds run as a user without root's rights",
	CauseScratch:      "/tmp or /dev/shm of the sandbox is full; each holds half of --limit memory",
}

// String is the cause in one sentence, "" where it is not known.
func (c Cause) String() string {
	sentence := strings.NewReplacer("%", c.Thing, "@", string(c.Sandbox)).Replace(sentences[c.Kind])
	if c.Limit != "" {
		sentence += "; mago's caller has set " + c.Limit
	}
	return sentence
}

// causes leads from a failed step's first error to its cause. A group is the thing.
var causes = []struct {
	kind  CauseKind
	shape func() *regexp.Regexp
}{
	{CauseSpace, pattern(`No space left on device`)},
	{CauseFiles, pattern(`(?i)too many open files|\[Errno 24\]`)},
	{CauseFileSize, pattern(`File size limit exceeded|File too large`)},
	{CauseTime, pattern(`CPU time limit exceeded`)},
	{CauseProcesses, pattern(`(?i)resource temporarily unavailable|can(?:not|'t) fork|failed to create new OS thread|\[Errno 11\]`)},
	{CauseMemory, pattern(`[Kk]illed signal terminated program|internal compiler error: Killed|\] Killed|\] Error 137$|^Killed$|: line \d+: +\d+ Killed |memory exhausted|out of memory allocating|: [Oo]ut of memory$|^Out of memory!|[Cc]annot allocate memory|cannot allocate \d+ bytes|failed to map segment|\[Errno 12\]|std::bad_alloc|^MemoryError$`)},
	{CauseEnded, pattern(`Terminated signal terminated program|\] Terminated|\] Error 143$|^Terminated$|: line \d+: +\d+ Terminated `)},
	{CauseBus, pattern(`Bus error signal terminated program|internal compiler error: Bus error|\] Bus error|\] Error 135$|^Bus error$|: line \d+: +\d+ Bus error `)},
	{CauseNetwork, offline},
	{CauseNetwork, pattern(`\] Error [467]: (?:curl|wget) |(?:^|: )(?:aria2c|curl|wget): (?:command )?not found$|^make(?:\[\d+\])?: (?:aria2c|curl|wget): No such file`)},
	{CauseSubdirs, pattern(`: 'SUBDIRS' was removed in Linux `)},
	{CauseReadOnly, pattern(`: Read-only file system$`)},
	{CauseGPLOnly, pattern(`GPL-incompatible module \S+ uses GPL-only symbol '([^']+)'`)},
	{CauseNamespace, pattern(`uses symbol \S+ from namespace (\S+), but does not import it`)},
	{CauseSymbol, pattern(`"([^"]+)" \[.*\] undefined!`)},
	{CauseFullSource, pattern(`error: (\S*(?:^|/)(?:drivers|fs|kernel|mm|block|security|virt)/\S+\.h): No such file`)},
	{CauseFullSource, pattern(`No rule to make target '(?:\S*/)?(vmlinux|System\.map)'`)},
	{CauseFullSource, pattern(`(?:^|[ /])(vmlinux|System\.map)'?: No such file`)},
	{CauseKernelHeader, pattern(`error: ((?:linux|asm|asm-generic|uapi|net|scsi|sound|drm|media|rdma|crypto|acpi|video|xen|target|trace|generated|config|pcmcia|soc|keys|clocksource|kvm|cxl|misc|vdso)/\S+|std(?:arg|bool|def)\.h): No such file`)},
	{CauseHeader, pattern(`error: (\S+\.h(?:pp)?): No such file`)},
	{CauseCompiler, pattern(`unrecognized command[- ]line option ['‘"]([^'’"]+)|unrecognized argument in option ['‘"]([^'’"]+)|bad value (\S+ for \S+)|unknown argument: '([^']+)'`)},
	{CauseCompiler, pattern(`(?:fail(?:ed)? to initialize|cannot load|incompatible gcc/)(?: )?(plugin)`)},
	{CauseInterface, pattern(`incompatible (?:pointer )?type|too (?:many|few) arguments|has no member named|implicit declaration of function|unknown type name|redefinition of|conflicting types for|redeclar|undeclared|incomplete type|macro ".*" (?:requires|passed) |unknown field|isn't known|static declaration of|void value not ignored|discards ['‘]const|read-only|storage class`)},
	{CauseWarning, pattern(`error: .*\[(-W[^\]]+)\]$`)},
	{CauseRefusal, pattern(`error: #error|\*\*\* [^\[NWm].*Stop\.$|^configure: error: `)},
	{CauseObject, pattern(`(?:^|/)\.([^/\s]+\.o)\.cmd: No such file or directory$`)},
	{CauseExecutable, pattern(`(?:sh: \d+: |: line \d+: |^make(?:\[\d+\])?: |^env: ['‘]?)((?:\.{1,2}/)*[A-Za-z0-9_+-][A-Za-z0-9_.+/-]*)['’]?: Permission denied$`)},
	{CauseRoot, pattern(`(?i)\b(?:as|be|not|need) (?:the )?(?:root|superuser)\b|\broot (?:privileges|rights|permissions?)\b`)},
	{CausePatch, pattern(`FAILED -- saving rejects|^patch: \*\*\*\* `)},
	{CauseProgram, pattern(`(?:^|: )([A-Za-z0-9_.+-]+): (?:command )?not found$|^(?:env|make(?:\[\d+\])?): ['‘]?([A-Za-z0-9_.+-]+)['’]?: No such file or directory$`)},
}

// pattern is a regular expression that is compiled when it is first asked for: mago starts several times for a build, inside
// the sandbox too, and most builds do not fail.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// causeOf tells what a failed step's first error means.
func causeOf(message string) Cause {
	for _, s := range causes {
		m := s.shape().FindStringSubmatch(message)
		if m == nil {
			continue
		}
		c := Cause{Kind: s.kind}
		for _, group := range m[1:] {
			c.Thing += group
		}
		switch c.Kind {
		case CauseHeader:
			c.Package = headerPackage(c.Thing)
		case CauseProgram:
			c.Package = programPackages[c.Thing]
		}
		return c
	}
	return Cause{}
}

// missingProgram is the cause that an earlier line of a failed step tells, where its first error tells none or the source refuses:
// a Makefile goes on without a program that it asks for a number or a name. Other errors seldom come of that.
func missingProgram(line string) (cause Cause) {
	if strings.HasSuffix(line, "not found") {
		cause = causeOf(line)
	}
	if cause.Kind != CauseProgram || cause.Package == "" {
		return Cause{}
	}
	return cause
}

// headerPackages are the Debian packages of the headers that programs in modules' sources include, by the beginning of
// the header's name.
var headerPackages = []struct{ header, pkg string }{
	{"libelf.h", "libelf-dev"}, {"gelf.h", "libelf-dev"}, {"elfutils/", "libdw-dev"}, {"dwarf.h", "libdw-dev"},
	{"openssl/", "libssl-dev"}, {"zlib.h", "zlib1g-dev"}, {"ncurses", "libncurses-dev"}, {"curses.h", "libncurses-dev"},
	{"xtables.h", "libxtables-dev"}, {"libiptc/", "libiptc-dev"}, {"libmnl/", "libmnl-dev"}, {"netlink/", "libnl-3-dev"},
	{"pci/", "libpci-dev"}, {"libudev.h", "libudev-dev"}, {"uuid/", "uuid-dev"}, {"blkid/", "libblkid-dev"},
	{"rpc/", "libtirpc-dev"}, {"gmp.h", "libgmp-dev"}, {"Python.h", "python3-dev"}, {"popt.h", "libpopt-dev"},
	{"stdio.h", "libc6-dev"}, {"stdlib.h", "libc6-dev"}, {"string.h", "libc6-dev"}, {"unistd.h", "libc6-dev"}, {"sys/", "libc6-dev"},
}

func headerPackage(header string) string {
	for _, h := range headerPackages {
		if strings.HasPrefix(header, h.header) {
			return h.pkg
		}
	}
	return ""
}

// programPackages are the Debian packages of programs that modules' recipes run.
var programPackages = map[string]string{
	"python3": "python3", "perl": "perl", "bc": "bc", "flex": "flex", "bison": "bison", "gawk": "gawk", "awk": "mawk",
	"xxd": "xxd", "git": "git", "rsync": "rsync", "file": "file", "cpio": "cpio", "bzip2": "bzip2", "unzip": "unzip",
	"autoconf": "autoconf", "autoreconf": "autoconf", "automake": "automake", "aclocal": "automake", "libtoolize": "libtool",
	"pkg-config": "pkg-config", "cmake": "cmake", "lsb_release": "lsb-release", "quilt": "quilt", "patch": "patch",
	"depmod": "kmod", "modinfo": "kmod", "objdump": "binutils", "dh": "debhelper", "dpkg-parsechangelog": "dpkg-dev",
}
