package dkms

import (
	"strings"
	"testing"
)

// makeLists tells of MAKE directives, real ones first, whether they are nothing but makes of one target.
var makeLists = map[string]bool{
	"(make modules KVERS=6.1 MODULES_EXTRA='dahdi_dummy dahdi_echocan_oslec'; make KVERS=6.1)":                                  true,
	"make -C /lib/modules/6.1/build M=/a+b/1.0~x/common modules && make -C /lib/modules/6.1/build M=/a/nat64 modules":           false, // a tilde
	"make -C /lib/modules/6.1/build M=/a+b/1.0/common modules       && make -C /lib/modules/6.1/build M=/a/nat64 modules":       true,
	"KERNELDIR=/lib/modules/6.1/build make driver":                                                                              true,
	"(./configure --with-linux-kernel-packaging && make && mv src/libafs/MODLOAD-*/openafs.ko .)":                               false,
	"cd /a && touch drivers/.amrlibs.o.cmd && make -C drivers USB=1 && make -C ungrab-winmodem":                                 false,
	"make -C /lib/modules/6.1/build M=/a/extensions V=1 modules ; find /a -name '*.ko' -exec mv -v {} /a \\;":                   false,
	"ln -s -f /a/compat_xtables.c /b; make -C /lib/modules/6.1/build M=/b modules ; find /b -name 'xt_*.ko' -exec mv {} /c \\;": false,
	"env NV_VERBOSE=1 make -j2 modules KERNEL_UNAME=6.1":                                                                        false,
	"'make' -j2 KVER=6.1 IGNORE_CC_MISMATCH='1'":                                                                                false,

	"make":                                        true,
	" make\nmake all\n":                           true,
	"{ make a; make b; }":                         true,
	"((make a) && (make b; make c))":              true,
	"A= B='c d' make A=\"b; make c d\" e":         true,
	"make --directory a -f b -I c -o d -W e -k f": true,
	"make make":                                   true,
	"make modules modules_install":                false,
	"make a; make -k b c":                         false,
	"make -C a b c":                               false,
	"make 'a' b":                                  false,
	"make -j 4 a":                                 false,
	"make a &":                                    false,
	"make a || make b":                            false,
	"make a | tee b":                              false,
	"make a > b":                                  false,
	"make $a":                                     false,
	"make \"$a\"":                                 false,
	"make `a`":                                    false,
	"make *":                                      false,
	"make {a,b}":                                  false,
	"make a\\ b":                                  false,
	"make a # b":                                  false,
	"sudo make a":                                 false,
	"bash -c 'make a'":                            false,
	"if make a; then make b; fi":                  false,
	"makes a":                                     false,
	"'make a":                                     false,
	"":                                            false,
}

func TestOnlyMakes(t *testing.T) {
	for command, want := range makeLists {
		if got := OnlyMakes(command); got != want {
			t.Errorf("%q: got %v, want %v", command, got, want)
		}
	}
}

// FuzzOnlyMakes has bash run what is taken for a list of makes: it calls nothing else, and no make for two targets.
func FuzzOnlyMakes(f *testing.F) {
	for command := range makeLists {
		f.Add(command)
	}
	const program = `PATH=/nonexistent
command_not_found_handle() { echo "other: $*"; }
make() {
	local targets=0 word
	for word; do
		if [[ $skip ]]; then skip=; continue; fi
		case $word in
		-[CfIoW] | --directory | --file | --makefile | --include-dir | --old-file | --what-if) skip=1 ;;
		-* | *=*) ;;
		*) ((++targets)) ;;
		esac
	done
	skip=
	if ((targets > 1)); then echo "targets: $*"; fi
}
eval "$1"`
	f.Fuzz(func(t *testing.T, command string) {
		if !OnlyMakes(command) || strings.Contains(command, "\x00") {
			return
		}
		if out, _ := run(t, t.TempDir(), program, command); out != "" {
			t.Errorf("%q: %s", command, out)
		}
	})
}
