package recipe

import (
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"mago/kbuild/kernel"
)

// TestFirstError has what real programs print.
func TestFirstError(t *testing.T) {
	for name, test := range map[string]struct{ output, want string }{
		"gcc": {
			`  CC [M]  /b/broken.o
/b/broken.c: In function ‘broken_init’:
/b/broken.c:6:16: error: ‘no_such_thing’ undeclared (first use in this function)
    6 |         return no_such_thing;
/b/broken.c:6:16: note: each undeclared identifier is reported only once for each function it appears in
/b/other.c:9:1: error: expected ‘;’ before ‘}’ token
make[1]: *** [/usr/src/linux-headers-6.1.0-56-common/scripts/Makefile.build:250: /b/broken.o] Error 1
make: *** [/usr/src/linux-headers-6.1.0-56-common/Makefile:2033: /b] Error 2`,
			"broken.c:6:16: error: ‘no_such_thing’ undeclared (first use in this function)",
		},
		"gcc, header missing": {
			"In file included from /b/a.c:1:\n/b/a.h:3:10: fatal error: asm/nothing.h: No such file or directory\ncompilation terminated.",
			"a.h:3:10: fatal error: asm/nothing.h: No such file or directory",
		},
		"gcc, option":       {"gcc-12: error: unrecognized command-line option ‘-mfoo’\nmake: *** [x] Error 1", "gcc-12: error: unrecognized command-line option ‘-mfoo’"},
		"assembler":         {"/b/a.S: Assembler messages:\n/b/a.S:12: Error: no such instruction: `foo'", "a.S:12: Error: no such instruction: `foo'"},
		"modpost":           {"WARNING: modpost: missing MODULE_DESCRIPTION()\nERROR: modpost: \"foo\" [/b/a.ko] undefined!\nmake[1]: *** [x: /b/Module.symvers] Error 1", "ERROR: modpost: \"foo\" [a.ko] undefined!"},
		"modpost of old":    {"ERROR: \"foo\" [/b/a.ko] undefined!", "ERROR: \"foo\" [a.ko] undefined!"},
		"modpost, GPL":      {"FATAL: modpost: GPL-incompatible module a.ko uses GPL-only symbol 'foo'", "FATAL: modpost: GPL-incompatible module a.ko uses GPL-only symbol 'foo'"},
		"configure":         {"checking for gcc... gcc\nconfigure: error: no kernel headers\nmake: *** No targets specified and no makefile found.  Stop.", "configure: error: no kernel headers"},
		"make, $(error)":    {"/b/Makefile:4: *** \"set KDIR\".  Stop.", "Makefile:4: *** \"set KDIR\".  Stop."},
		"make, then gcc":    {"make[2]: *** Waiting for unfinished jobs....\n/b/a.c:1:1: error: late", "a.c:1:1: error: late"},
		"linker":            {"ld: warning: a.o: missing .note.GNU-stack section implies executable stack\nld: cannot find -lfoo", "ld: cannot find -lfoo"},
		"linker, symbol":    {"/usr/bin/ld: /tmp/x.o: in function `main':\nt.c:(.text+0x5): undefined reference to `f'\ncollect2: error: ld returned 1 exit status", "t.c:(.text+0x5): undefined reference to `f'"},
		"CMake":             {"CMake Error at CMakeLists.txt:3 (message):\n  needs an SDK\n\n\n-- Configuring incomplete, errors occurred!", "CMake Error at CMakeLists.txt:3 (message): needs an SDK"},
		"patch":             {"patching file a.c\nHunk #1 FAILED at 1.\n1 out of 1 hunk FAILED -- saving rejects to file a.c.rej", "1 out of 1 hunk FAILED -- saving rejects to file a.c.rej"},
		"patch, missing":    {"patch: **** Can't open patch file patches/x : No such file or directory", "patch: **** Can't open patch file patches/x : No such file or directory"},
		"bubblewrap":        {"bwrap: Can't find source path /b: Permission denied", "bwrap: Can't find source path /b: Permission denied"},
		"files":             {"/b/a.c:1:10: fatal error: linux/module.h: Too many open files\ncompilation terminated.", "a.c:1:10: fatal error: linux/module.h: Too many open files"},
		"processes":         {"make: /bin/sh: Resource temporarily unavailable\nmake: *** [Makefile:817: x] Error 127", "make: /bin/sh: Resource temporarily unavailable"},
		"words of a source": {"/b/a.c:1:1: warning: unused\n   12 |  printk(\"too many open files\");\n/b/a.c:2:1: error: x", "a.c:2:1: error: x"},
		"escapes":           {"/b/a.c:1:1: error: \x1b]0;x\a\x7f\u009b2J\xff\tä", "a.c:1:1: error: �]0;x���2J� ä"},
		"warnings":          {"/b/a.c:1:1: warning: unused variable ‘error’\nmake[1]: Leaving directory '/b'", ""},
		"nothing":           {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var first firstError
			for line := range strings.Lines(test.output) {
				first.see(strings.TrimSuffix(line, "\n"))
			}
			if got := within("/b", first.message); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestCompileError(t *testing.T) {
	exit := exec.Command("false").Run()
	err := &CompileError{Step: "MAKE", Message: "a.c:1:1: error: x", Err: exit}
	if got := err.Error(); got != "MAKE failed (exit status 1): a.c:1:1: error: x" {
		t.Errorf("got %q", got)
	}
	if got := (&CompileError{Step: "PRE_BUILD", Err: io.EOF}).Error(); got != "PRE_BUILD failed" {
		t.Errorf("got %q", got)
	}
	if !errors.Is(err, exit) || !exited(err) || exited(io.EOF) {
		t.Error("the program's failure is lost")
	}
}

func TestErrorWords(t *testing.T) {
	for want, err := range map[string]error{
		"no headers for kernel 6.1":                               &kernel.HeadersError{Release: "6.1"},
		"headers of kernel 6.1 in /k are incomplete: no Makefile": &kernel.HeadersError{Release: "6.1", Dir: "/k", Missing: "Makefile"},
		"dkms.conf: EOF":                                          &Error{"dkms.conf", io.EOF},
		"dkms.conf: �[2J":                                         &Error{"dkms.conf", errors.New("\x1b[2J")},
		"not meant for this kernel: �]0;�":                        &NotMeantError{"\x1b]0;\a"},
		"not meant for this kernel: too new":                      &NotMeantError{"too new"},
		"no make: modules are built with it":                      kernel.NewToolError("make", "make", "modules are built with it"),
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if !errors.Is(&Error{"dkms.conf", io.EOF}, io.EOF) {
		t.Error("a recipe's error is lost")
	}
}

// FuzzFirstError: what is told of a compiler's output is one line of it that a terminal may have.
func FuzzFirstError(f *testing.F) {
	f.Add("  CC [M]  x.o\nx.c:1:2: error: 'y' undeclared\nmake[1]: *** [x.o] Error 1\n")
	f.Add("ERROR: modpost: \"y\" [x.ko] undefined!\r\nx: No such file or directory\n")
	f.Add("\x1b[31mx.c:1: error: \x9b\u0085\x07\x00\n*** \x1b]0;title\x07\n")
	f.Fuzz(func(t *testing.T, output string) {
		var first firstError
		for line := range strings.Lines(output) {
			first.see(strings.TrimSuffix(line, "\n"))
		}
		told := within("/build", first.message)
		if strings.ContainsFunc(told, unicode.IsControl) || !utf8.ValidString(told) || (first.rank == 0) != (first.message == "") {
			t.Errorf("rank %d, %q", first.rank, told)
		}
	})
}
