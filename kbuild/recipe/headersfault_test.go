package recipe

import (
	"errors"
	"testing"

	"mago/kbuild/kernel"
)

// TestHeadersFault: what a build says of programs among the headers counts where they are the headers'; a source has scripts, too.
func TestHeadersFault(t *testing.T) {
	k := kernelOf(t, tree{"k/scripts/Makefile.build": "", "k/scripts/mod/modpost": "", "k/tools/objtool/objtool": ""})
	const runs = "headers of kernel 6.16 in /k have a program that does not run here: "
	for message, want := range map[string]string{
		"/bin/sh: 1: scripts/mod/modpost: Exec format error":                                                            "itself",
		"/bin/sh: 1: ./tools/objtool/objtool: Exec format error":                                                        "itself",
		"/bin/sh: 1: /k/scripts/mod/modpost: not found":                                                                 "itself",
		"scripts/mod/modpost: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.99' not found (required by x)":          "itself",
		"/usr/lib/linux-kbuild-6.1/scripts/mod/modpost: /lib/libc.so.6: version `GLIBC_2.99' not found (required by x)": "itself",
		"/bin/sh: 1: scripts/basic/fixdep: not found":                                                                   "no scripts/basic/fixdep",
		"make[2]: *** No rule to make target 'scripts/module.lds', needed by '/b/a.ko'.  Stop.":                         "no scripts/module.lds",
		"ld: cannot open linker script file -o: No such file or directory":                                              "no scripts/module.lds",
		"/bin/sh: 1: scripts/gen.sh: not found":                                                                         "",
		"/bin/sh: 1: scripts/gen: Exec format error":                                                                    "",
		"make[2]: *** No rule to make target 'scripts/mod/modpost', needed by 'x'.  Stop.":                              "",
		"make[2]: *** No rule to make target 'scripts/table.c', needed by 'x'.  Stop.":                                  "",
		"/bin/sh: 1: ./gen: Exec format error":                                                                          "",
		"./gen: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.99' not found (required by ./gen)":                    "",
	} {
		switch want {
		case "":
		case "itself":
			want = runs + message
		default:
			want = "headers of kernel 6.16 in /k are incomplete: " + want
		}
		err := headersFault(k, message)
		got := ""
		if headers := (*kernel.HeadersError)(nil); errors.As(err, &headers) {
			got = headers.Error()
		}
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", message, got, want)
		}
	}
}
