package bench

import (
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestReadCompilations: what strace writes of gcc 14 for kbuild's files; what genksyms reads, kbuild asks or compiles for itself is none, nor is gcc's own start.
func TestReadCompilations(t *testing.T) {
	const trace = `11 execve("/usr/bin/gcc-14", ["gcc-14", "-DKBUILD_MODNAME=\"a\"", "-c", "-o", "a.o", "a.c"], ["PATH=/bin"]) = 0
12 execve("/usr/libexec/gcc/x86_64-linux-gnu/14/cc1", ["/usr/libexec/gcc/x86_64-linux-gnu/14/cc1", "-quiet", "-I", "/usr/src/linux-headers-6.12.118+deb13-common/include", "-D", "KBUILD_MODNAME=\"a\"", "a.c", "-quiet", "-dumpbase", "a.c", "-dumpbase-ext", ".c"], ["PATH=/bin"]) = 0
13  execve("/usr/libexec/gcc/x86_64-linux-gnu/14/cc1", ["cc1", "-I", "/usr/src/linux-headers-6.12.118+deb13-common/include", "-D", "KBUILD_MODNAME=\"a\"", "-dumpbase", "a.mod.c", "-o", "-"], ["A="] <unfinished ...>
13 <... execve resumed>) = 0
16 execve("/usr/libexec/gcc/x86_64-linux-gnu/14/cc1", ["cc1", "-E", "-I", "/usr/src/linux-headers-6.12.118+deb13-common/include", "-D", "KBUILD_MODNAME=\"a\"", "-D", "__GENKSYMS__", "a.c", "-dumpbase", "a.c"], []) = 0
14 execve("/usr/libexec/gcc/x86_64-linux-gnu/14/cc1", ["cc1", "-I", "/usr/src/linux-headers-6.12.117+deb13-common/include", "/dev/null", "-dumpbase", "null"], []) = 0
15 execve("/usr/libexec/gcc/x86_64-linux-gnu/14/cc1", ["cc1", "-I", "/usr/src/linux-headers-6.12.117+deb13-common/include", "-D", "KBUILD_MODNAME=\"b\"", "-dumpbase", "b.c"], []) = 0
17 execve("/usr/libexec/gcc/x86_64-linux-gnu/14/cc1", ["cc1", "-I", "/usr/src/linux-headers-6.12.117+deb13-common/include", "-D", "KBUILD_MODNAME=.module_common.o", "-dumpbase", ".module-common.c"], []) = 0
`
	seen, err := readCompilations(strings.NewReader(trace))
	if err != nil {
		t.Fatal(err)
	}
	one, other := "6.12.118+deb13-"+runtime.GOARCH, "6.12.117+deb13-"+runtime.GOARCH
	if got := seen.of(one, []string{"a", "b"}); !slices.Equal(got, []string{"a.c", "a.mod.c"}) || len(seen.of(other, []string{"a"})) > 0 || seen.all() != 3 {
		t.Errorf("got %v", seen)
	}
}

// TestChanged: a symbol that only one kernel exports has changed, one of the modules' own has not.
func TestChanged(t *testing.T) {
	p, one := opened{symbols: []string{"printk", "own"}}, map[string]string{"printk": "0x1", "kfree": "0x2"}
	for crcs, want := range map[string]bool{"0x1": false, "0x3": true, "": true} {
		if p.changed(one, map[string]string{"printk": crcs, "kfree": "0x9"}) != want {
			t.Errorf("%q: not %v", crcs, want)
		}
	}
}
