package recipe

import (
	"cmp"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"mago/kbuild/sandbox"
)

// TestCauseOf has first errors of real modules.
func TestCauseOf(t *testing.T) {
	for message, want := range map[string]Cause{
		"a.c:199:19: error: initialization of 'void (*)(struct platform_device *)' from incompatible pointer type 'int (*)(struct platform_device *)' [-Werror=incompatible-pointer-types]": {Kind: CauseInterface},
		"a.c:717:9: error: implicit declaration of function 'strlcpy'; did you mean 'strncpy'? [-Werror=implicit-function-declaration]":                                                     {Kind: CauseInterface},
		"d/a.c:3124:29: error: too few arguments to function 'hid_report_raw_event'":                                                                                                        {Kind: CauseInterface},
		"a.h:133:6: error: conflicting types for 'trace_hrtimer_start'; have 'void(struct hrtimer *, enum hrtimer_mode)'":                                                                   {Kind: CauseInterface},
		"d/base.c:226:27: error: macro \"DEFINE_SEMAPHORE\" requires 2 arguments, but only 1 given":                                                                                         {Kind: CauseInterface},
		"a.c:9:2: error: ‘struct file_operations’ has no member named ‘llseek2’":                                                                                                            {Kind: CauseInterface},
		"a.c:71:10: fatal error: asm/unaligned.h: No such file or directory":                                                                                                                {Kind: CauseKernelHeader, Thing: "asm/unaligned.h"},
		"a.c:3:10: fatal error: stdarg.h: No such file or directory":                                                                                                                        {Kind: CauseKernelHeader, Thing: "stdarg.h"},
		"a.c:3:10: fatal error: ../drivers/md/dm.h: No such file or directory":                                                                                                              {Kind: CauseFullSource, Thing: "../drivers/md/dm.h"},
		"make[2]: *** No rule to make target 'vmlinux', needed by 'a.ko'.  Stop.":                                                                                                           {Kind: CauseFullSource, Thing: "vmlinux"},
		"tool.c:3:10: fatal error: openssl/evp.h: No such file or directory":                                                                                                                {Kind: CauseHeader, Thing: "openssl/evp.h", Package: "libssl-dev"},
		"a.c:3:10: fatal error: config_of_mine.h: No such file or directory":                                                                                                                {Kind: CauseHeader, Thing: "config_of_mine.h"},
		"gcc-12: error: unrecognized command-line option ‘-mfoo’":                                                                                                                           {Kind: CauseCompiler, Thing: "-mfoo"},
		"cc1: error: incompatible gcc/plugin versions":                                                                                                                                      {Kind: CauseCompiler, Thing: "plugin"},
		"gcc-12: fatal error: Killed signal terminated program cc1":                                                                                                                         {Kind: CauseMemory},
		"gcc-12: internal compiler error: File size limit exceeded signal terminated program cc1":                                                                                           {Kind: CauseFileSize},
		"ld: final link failed: File too large":                                                                                                                                             {Kind: CauseFileSize},
		"a.c:1:10: fatal error: linux/module.h: Too many open files":                                                                                                                        {Kind: CauseFiles},
		"mago-sandbox: fork/exec /proc/self/exe: too many open files":                                                                                                                       {Kind: CauseFiles},
		"make: /bin/sh: Resource temporarily unavailable":                                                                                                                                   {Kind: CauseProcesses},
		"bash: fork: retry: Resource temporarily unavailable":                                                                                                                               {Kind: CauseProcesses},
		"sh: 1: Cannot fork": {Kind: CauseProcesses},
		"gcc-12: fatal error: CPU time limit exceeded signal terminated program cc1":                                                 {Kind: CauseTime},
		"make[1]: *** [Makefile:3: a.o] Killed":                                                                                      {Kind: CauseMemory},
		"cc1: out of memory allocating 65536 bytes after a total of 1 bytes":                                                         {Kind: CauseMemory},
		"bash: xmalloc: cannot allocate 32 bytes":                                                                                    {Kind: CauseMemory},
		"gcc-12: fatal error: cannot execute ‘/usr/lib/gcc/x86_64-linux-gnu/12/cc1’: posix_spawnp: Resource temporarily unavailable": {Kind: CauseProcesses},
		"make[2]: posix_spawn: Resource temporarily unavailable":                                                                     {Kind: CauseProcesses},
		"Can't fork: Resource temporarily unavailable at scripts/x.pl line 3.":                                                       {Kind: CauseProcesses},
		"BlockingIOError: [Errno 11] Resource temporarily unavailable: 'gcc'":                                                        {Kind: CauseProcesses},
		"OSError: [Errno 12] Cannot allocate memory: 'gcc'":                                                                          {Kind: CauseMemory},
		"OSError: [Errno 24] Too many open files: 'a'":                                                                               {Kind: CauseFiles},
		"cc1: out of memory": {Kind: CauseMemory},
		"virtual memory exhausted: Cannot allocate memory":                {Kind: CauseMemory},
		"bash: fork: Cannot allocate memory":                              {Kind: CauseMemory},
		"terminate called after throwing an instance of 'std::bad_alloc'": {Kind: CauseMemory},
		"gcc-12: internal compiler error: Killed (program cc1)":           {Kind: CauseMemory},
		"Killed": {Kind: CauseMemory},
		"./pre.sh: line 3:  1234 Killed                  gcc -c a.c":                                      {Kind: CauseMemory},
		"make[2]: *** [Makefile:3: a.o] Error 137":                                                        {Kind: CauseMemory},
		"make[1]: *** [Makefile:3: a.o] Terminated":                                                       {Kind: CauseEnded},
		"gcc-12: fatal error: Terminated signal terminated program cc1":                                   {Kind: CauseEnded},
		"make[2]: *** [Makefile:3: a.o] Error 143":                                                        {Kind: CauseEnded},
		"make[1]: *** [Makefile:3: a.o] Bus error (core dumped)":                                          {Kind: CauseBus},
		"gcc-12: internal compiler error: Bus error signal terminated program cc1":                        {Kind: CauseBus},
		"make[2]: *** [Makefile:3: a.o] Error 1":                                                          {},
		"ld: memory exhausted":                                                                            {Kind: CauseMemory},
		"make: error while loading shared libraries: libc.so.6: failed to map segment from shared object": {Kind: CauseMemory},
		"a.c:1:2: error: unused variable ‘x’ [-Werror=unused-variable]":                                   {Kind: CauseWarning, Thing: "-Werror=unused-variable"},
		"a.c:1:2: error: #error this kernel is too new":                                                   {Kind: CauseRefusal},
		"Makefile:4: *** \"set KDIR\".  Stop.":                                                            {Kind: CauseRefusal},
		"ERROR: modpost: \"foo\" [a.ko] undefined!":                                                       {Kind: CauseSymbol, Thing: "foo"},
		"FATAL: modpost: GPL-incompatible module a.ko uses GPL-only symbol 'foo'":                         {Kind: CauseGPLOnly, Thing: "foo"},
		"ERROR: modpost: module a uses symbol dma_buf_fd from namespace DMA_BUF, but does not import it.": {Kind: CauseNamespace, Thing: "DMA_BUF"},
		"1 out of 1 hunk FAILED -- saving rejects to file a.c.rej":                                        {Kind: CausePatch},
		"/bin/sh: 1: bison: not found":                                                                    {Kind: CauseProgram, Thing: "bison", Package: "bison"},
		"make: frobnicate: No such file or directory":                                                     {Kind: CauseProgram, Thing: "frobnicate"},
		"curl: (6) Could not resolve host: example.org":                                                   {Kind: CauseNetwork},
		"wget: unable to resolve host address ‘example.org’":                                              {Kind: CauseNetwork},
		"socket.gaierror: [Errno -3] Temporary failure in name resolution":                                {Kind: CauseNetwork},
		"build.sh: line 4: curl: command not found":                                                       {Kind: CauseNetwork},
		"make: wget: No such file or directory":                                                           {Kind: CauseNetwork},
		"[Makefile:4: gen.h] Error 4: wget -q https://example.org/x.tar":                                  {Kind: CauseNetwork},
		"mkdir: cannot create directory ‘/lib/firmware/x’: Read-only file system":                         {Kind: CauseReadOnly},
		"./obj/.vendor.o.cmd: No such file or directory":                                                  {Kind: CauseObject, Thing: "vendor.o"},
		"/bin/sh: 1: ./helper.sh: Permission denied":                                                      {Kind: CauseExecutable, Thing: "./helper.sh"},
		"gen.sh: line 3: scripts/gen: Permission denied":                                                  {Kind: CauseExecutable, Thing: "scripts/gen"},
		"make[1]: ./helper.sh: Permission denied":                                                         {Kind: CauseExecutable, Thing: "./helper.sh"},
		"cat: secret: Permission denied":                                                                  {},
		"/bin/sh: 1: cannot create /etc/x: Permission denied":                                             {},
		"please run as root":                                                 {Kind: CauseRoot},
		"You must be root to do this":                                        {Kind: CauseRoot},
		"root privileges are needed":                                         {Kind: CauseRoot},
		"it has no root directory":                                           {},
		"/usr/src/k/Makefile:150: 'SUBDIRS' was removed in Linux 5.3":        {Kind: CauseSubdirs},
		"cc1: No space left on device":                                       {Kind: CauseSpace},
		"a.c:9:1: error: expected ‘;’ before ‘}’ token":                      {},
		"make[2]: *** No rule to make target 'a.o', needed by 'b.o'.  Stop.": {},
		"": {},
	} {
		got := causeOf(message)
		var first progressWriter
		first.line([]byte(message))
		if told := cmp.Or(first.errors.message, first.words.tell(2, nil)); told != message {
			t.Errorf("%q is told as %q", message, told)
		}
		if got != want {
			t.Errorf("%s:\ngot %+v, want %+v", message, got, want)
		}
		if got.Kind != "" && (got.String() == "" || strings.Contains(got.String(), "%") || !strings.Contains(got.String(), got.Thing)) && got.Thing != "" {
			t.Errorf("%+v in words: %q", got, got)
		}
	}
}

func TestEveryCauseHasItsSentence(t *testing.T) {
	for _, s := range causes {
		s.shape() // panics if it is none
		if text := (Cause{Kind: s.kind, Thing: "x"}).String(); text == "" || strings.HasSuffix(text, ".") || strings.Contains(text, "%") {
			t.Errorf("%s: %q", s.kind, text)
		}
	}
}

func TestBTFIsNoError(t *testing.T) {
	var first firstError
	first.see("/bin/sh: 1: pahole: not found")
	first.see("Skipping BTF generation for a.ko due to unavailability of vmlinux: No such file or directory")
	if first.rank != 0 {
		t.Errorf("got %q", first.message)
	}
	first.see("a.c:3:1: error: data definition has no type or storage class: BTF_SET8_START(ids)")
	if first.rank != 1 {
		t.Error("a compiler's error that names BTF is passed over")
	}
}

// TestUnheededErrorOfAttempt is the same for a plain Makefile, each of whose attempts tells for itself.
func TestUnheededErrorOfAttempt(t *testing.T) {
	said := "a.c:1:1: error: unknown type name x\n"
	h := Host{Sandbox: sandbox.Sandbox{Kind: sandbox.Bubblewrap}, Run: func(cmd *exec.Cmd) error {
		_, err := io.WriteString(cmd.Stdout, said)
		return err
	}}
	source := tree{"Makefile": "obj-m := a.o\n"}.write(t, t.TempDir())
	w, err := Open(h, Job{Source: Source{Name: "a", Version: "1", Dir: source}, Work: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, want := range []string{"make failed: a.c:1:1: error: unknown type name x", "Kbuild: make succeeded but gave no .ko file"} {
		if _, err := (attempt{by: "Kbuild", dir: "."}).run(t.Context(), w, nil, nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		said = "CC a.o\n"
	}
}

// TestMissedProgram: a program that was missed earlier explains what has no explanation, and a source's refusal.
func TestMissedProgram(t *testing.T) {
	failed := exec.CommandContext(t.Context(), "false").Run()
	s := workspaceIn(t, tree{"b/": ""}.write(t, t.TempDir())).in("b")
	for message, want := range map[string]CauseKind{
		"a.c:2:2: error: #error no number":                                  CauseProgram,
		"a.c:9:1: error: expected ‘;’ before ‘}’ token":                     CauseProgram,
		"a.c:9:1: error: too few arguments to function 'strlcpy'":           CauseInterface,
		"a.c:1:10: fatal error: asm/unaligned.h: No such file or directory": CauseKernelHeader,
	} {
		var progress progressWriter
		progress.line([]byte("/bin/sh: 1: git: not found"))
		var compile *CompileError
		if err := s.compileError("make", "make", message, &progress, failed); !errors.As(err, &compile) || compile.Cause.Kind != want {
			t.Errorf("%s: got %v", message, err)
		}
	}
}

// TestMissingProgram has lines of steps that went on without a program, and failed later.
func TestMissingProgram(t *testing.T) {
	for line, want := range map[string]string{
		"/bin/sh: 1: bc: not found":                           "bc",
		"./configure: line 3: lsb_release: command not found": "lsb-release",
		"/bin/sh: 1: frobnicate: not found":                   "",
		"checking for bc... not found":                        "",
	} {
		if got := missingProgram(line); got.Package != want {
			t.Errorf("%s: got %+v", line, got)
		}
	}
}
