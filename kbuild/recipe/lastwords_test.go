package recipe

import (
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// recorded are the files of one step of testdata/said.txtar, by name.
type recorded map[string]string

func recordings(t *testing.T) map[string]recorded {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/said.txtar")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]recorded{}
	for _, file := range archive.Files {
		step, name, _ := strings.Cut(file.Name, "/")
		if all[step] == nil {
			all[step] = recorded{}
		}
		all[step][name] = string(file.Data)
	}
	return all
}

// told is what mago tells of a step that has failed with that output.
func (r recorded) told(t *testing.T, output string) string {
	t.Helper()
	line, _, _ := strings.Cut(r["command"], "\n")
	status, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	w := progressWriter{}
	w.Write([]byte(output))
	w.close()
	if w.errors.message != "" {
		return within("/b", w.errors.message)
	}
	var recipes []recipeLines
	for name, text := range r {
		recipes = append(recipes, recipesOf(path.Base(name), text)...)
	}
	return within("/b", w.words.tell(status, recipes))
}

// tells has, of steps that really failed, the line that says why. Where the releases differ, "…" stands for the rest.
var tells = map[string]string{
	"GPL only":                            "ERROR: modpost: GPL-incompatible module mg.ko uses GPL-only symbol 'platform_device_unregister'",
	"UTF-8 quotes":                        "can’t use ‘config.in’: it is empty",
	"apt download":                        "E: Failed to fetch http://archive.example/debian-security/pool/updates/main/l/linux/linux-source-6.1_6.1.192-3_all.deb  Temporary failure resolving 'archive.example'",
	"apt download, make 4.4":              "E: Failed to fetch http://archive.example/debian-security/pool/updates/main/l/linux/linux-source-6.12_6.12.118-1_all.deb  Temporary failure resolving 'archive.example'",
	"assembler":                           "b.S:1: Error: no such instruction: `nonsense %eax'",
	"awk syntax":                          "awk: line 2: missing } near end of file",
	"awk to a full device":                `awk: cannot open "/nonexistent/out" for output (No such file or directory)`,
	"blob missing":                        "make[2]: *** No rule to make target 'core.o_binary', needed by 'mb.o'.  Stop.",
	"blob missing, make 4.4":              "make[3]: *** No rule to make target 'core.o_binary', needed by 'mb.o'.  Stop.",
	"carriage returns":                    "no chip was found",
	"cd":                                  "/bin/sh: 1: cd: can't cd to missing",
	"cmake":                               "CMake Error at CMakeLists.txt:3 (message): this driver needs the vendor SDK",
	"cmake package":                       `CMake Error at CMakeLists.txt:3 (find_package): By not providing "FindVendorSDK.cmake" in CMAKE_MODULE_PATH this project`,
	"colours":                             "ERROR: the vendor key has expired",
	"compiler in colours":                 "mc.c:4:32: error: ‘no_such_thing’ undeclared (first use in this function)",
	"cp":                                  "cp: cannot stat 'firmware.bin': No such file or directory",
	"curl":                                "curl: (6) Could not resolve host: cdn.example.org",
	"curl into tar":                       "curl: (6) Could not resolve host: cdn.example.org",
	"echoed":                              "needs a licence key in /etc/vendor.key",
	"error directive":                     "md.c:4:2: error: #error this driver is for arm64",
	"exit with words before":              "checking kernel... unsupported",
	"foreign program":                     "/bin/sh: 1: ./gen: Exec format error",
	"gcc library":                         "/usr/bin/ld: cannot find -lvendorsdk: No such file or directory",
	"gcc links a tool":                    "tool.c:(.text+0x5): undefined reference to `sdk_open'",
	"gcc of a tool":                       "tool.c:1:10: fatal error: vendor/sdk.h: No such file or directory",
	"generated in kbuild":                 "no table for this chip",
	"git":                                 "fatal: not a git repository: '/nonexistent'",
	"git clone":                           "fatal: unable to access 'https://git.example.org/x.git/': Could not resolve host: git.example.org",
	"grep finds nothing":                  "make: *** [Makefile:4: gen.h] Error 1",
	"gzip":                                "gzip: firmware.gz: No such file or directory",
	"include missing":                     "Makefile:1: config.mk: No such file or directory",
	"install":                             "install: cannot stat 'firmware.bin': No such file or directory",
	"interpreter missing":                 "/bin/sh: 1: ./gen.sh: not found",
	"keep going":                          "no table for chip A",
	"kernel header":                       "mh.c:4:10: fatal error: linux/nothing_like_it.h: No such file or directory",
	"linker input":                        "ld: cannot find missing.o: No such file or directory",
	"linker script":                       "ld:x.lds:0: syntax error",
	"make error function":                 "Makefile:1: *** set SDK to the directory of the vendor SDK.  Stop.",
	"missing separator":                   "Makefile:2: *** missing separator (did you mean TAB instead of 8 spaces?).  Stop.",
	"mkdir outside":                       "mkdir: cannot create directory ‘/proc/vendor’: No such file or directory",
	"jobs of its own":                     "make[1]: *** [Makefile:4: below] Error 3",
	"jobserver closed":                    "make[1]: *** [Makefile:4: below] Error 3",
	"namespace":                           "ERROR: modpost: module mn uses symbol dma_buf_put from namespace DMA_BUF, but does not import it.",
	"no licence":                          "ERROR: modpost: missing MODULE_LICENSE() in ml.o",
	"no makefile":                         "make: *** No targets specified and no makefile found.  Stop.",
	"no rule":                             "make: *** No rule to make target 'missing.c', needed by 'mod.o'.  Stop.",
	"no such directory":                   "make[1]: *** /lib/modules/none/build: No such file or directory.  Stop.",
	"objcopy":                             "objcopy: 'missing.elf': No such file",
	"object missing":                      "make[2]: *** No rule to make target 'b.o', needed by 'mo.o'.  Stop.",
	"object missing, make 4.4":            "make[3]: *** No rule to make target 'b.o', needed by 'mo.o'.  Stop.",
	"other language":                      "Fehler: Der Treiber braucht einen Kernel vor 5.15",
	"parallel":                            "no table for this chip",
	"parallel silent beside another":      "chip revision unsupported",
	"perl die":                            "cannot read config",
	"perl module":                         "Can't locate Vendor/Config.pm in @INC (you may need to install the Vendor::Config module) (@INC …",
	"perl syntax":                         `syntax error at -e line 1, near "my  ="`,
	"pip":                                 "ERROR: No matching distribution found for vendorlib",
	"pipe":                                "no table for this chip",
	"probes before":                       "Only chips of revision B are known",
	"python download":                     "urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",
	"python exit":                         "gen.py: nothing known of this board",
	"python missing file":                 "python3: can't open file 'gen.py': [Errno 2] No such file or directory",
	"python raise":                        "RuntimeError: firmware blob of revision 3 wanted",
	"python traceback":                    "KeyError: 'devices'",
	"reason several lines before":         "Error: kernel 6.1 is too new for this release.",
	"script":                              "the vendor SDK is not there; set SDK",
	"script after make":                   "no licence for this host",
	"script downloads":                    "",
	"script tests in silence":             "",
	"sed expression":                      "sed: -e expression #1, char 5: unterminated `s' command",
	"sed file":                            "sed: can't read /nonexistent/file: No such file or directory",
	"segmentation fault":                  "make: *** [Makefile:4: gen.h] Segmentation fault",
	"shell required":                      "check.sh: 1: SDK: set SDK to the directory of the vendor SDK",
	"shell set -e":                        "looking for the SDK",
	"shell set -x":                        "the SDK is not installed",
	"shell syntax":                        `check.sh: 3: Syntax error: end of file unexpected (expecting "fi")`,
	"shell unbound":                       "check.sh: line 1: VENDOR_ROOT: unbound variable",
	"silent after chat":                   "[Makefile:5: gen.h] Error 1: test -s tables.in",
	"silent false":                        "[Makefile:4: gen.h] Error 1: false",
	"silent in several lines":             "[Makefile:4: gen.h] Error 4: if ! grep -q vendor /etc/hostname; then exit 4; fi",
	"silent test":                         "[Makefile:4: gen.h] Error 1: test -e /etc/nosuchvendor.conf",
	"stderr":                              "This driver supports kernels 4.4 to 5.15 only; yours is newer.",
	"stdout":                              "Kernel 6.1 was never tried with this driver",
	"sub-make":                            "table.in has no line for this chip",
	"sub-make that may fail":              "firmware revision 2 wanted",
	"sub-make that may fail by the shell": "firmware revision 2 wanted",
	"tar":                                 "tar: firmware.tar.xz: Cannot open: No such file or directory",
	"tar after wget":                      "tar: linux.tar.xz: Cannot open: No such file or directory",
	"tool by path":                        "/bin/sh: 1: ./nosuch.sh: not found",
	"tool by path absolute":               "make: /opt/vendor/bin/cc: No such file or directory",
	"tool missing":                        "make: frobnicate: No such file or directory",
	"tool not executable":                 "/bin/sh: 1: ./gen.sh: Permission denied",
	"touch outside":                       "touch: cannot touch '/proc/gen.h': No such file or directory",
	"undeclared":                          "mu.c:4:32: error: ‘no_such_thing’ undeclared (first use in this function)",
	"undefined symbol":                    `ERROR: modpost: "no_such_symbol" [ms.ko] undefined!`,
	"warning as error":                    "mw.c:4:12: error: ‘unused_here’ defined but not used [-Werror=unused-variable]",
	"wget":                                "[Makefile:4: gen.h] Error 4: wget -q https://cdn.example.org/linux.tar.xz",
	"wget loud":                           "wget: unable to resolve host address ‘cdn.example.org’",
}

func TestTold(t *testing.T) {
	all := recordings(t)
	if len(all) < 90 {
		t.Errorf("%d recordings", len(all))
	}
	for step, r := range all {
		for _, version := range []string{"4.3", "4.4"} {
			said, ok := r["said by make "+version]
			if !ok {
				continue
			}
			want, differs := tells[step+", make "+version]
			if !differs {
				want = tells[step]
			}
			got := r.told(t, said)
			if start, ok := strings.CutSuffix(want, "…"); got != want && !(ok && strings.HasPrefix(got, start)) {
				t.Errorf("%s, make %s:\ngot  %s\nwant %s", step, version, got, want)
			}
		}
	}
}

// TestForgiven: what a make below gave up for does not count where that was forgiven, or another one failed later.
func TestForgiven(t *testing.T) {
	for output, want := range map[string]string{
		"make[1]: *** No rule to make target 'tidy'.  Stop.\nmake: [Makefile:4: x] Error 2 (ignored)\nalpha was lost\nmake: *** [Makefile:5: x] Error 2": "alpha was lost",
		"alpha was lost\nmake[1]: *** [Makefile:2: a] Error 1\nbeta was lost\nmake[1]: *** [Makefile:3: b] Error 2\nmake: *** [Makefile:5: x] Error 2":   "beta was lost",
	} {
		if got := (recorded{"command": "2\n"}).told(t, output); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
