package kbuild

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

const named = "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\n"

// TestConfRefused has files that dkms would not take. Nothing but the file itself is left of them.
func TestConfRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ conf, want string }{
		"empty":             {"", "dkms.conf: it sets no directive at all"},
		"exits":             {named + "exit 1\n", "dkms.conf: it exits before its end"},
		"exits with a word": {named + "frobnicate || exit\n", "dkms.conf: it exits before its end (line 3: frobnicate: command not found)"},
		"exits, escapes":    {named + "$'\\e]0;x\\a' || exit\n", "dkms.conf: it exits before its end (line 3: "},
		"malformed":         {named + "if true\n", "dkms.conf: bash cannot parse it (line 4: syntax error: unexpected end of file)"},
		"no name":           {"PACKAGE_VERSION=1.0\n", "dkms.conf: no PACKAGE_NAME"},
		"climbs":            {"PACKAGE_NAME=../../etc\nPACKAGE_VERSION=1.0\n", `dkms.conf: PACKAGE_NAME: dkms name "../../etc": not letters`},
		"floods":            {named + "while :; do echo flood >&2; done\n", "dkms.conf: reading it printed more than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			job := b.job(t, with(t, tree{"dkms.conf": test.conf}))
			_, err := b.builder().Build(t.Context(), job)
			wantRecipeError(t, err, test.want)
			for _, dir := range []string{finished, recipe.Tree + "/hello/1.0/build/hello.ko"} {
				if _, err := os.Lstat(filepath.Join(job.Work, dir)); err == nil {
					t.Errorf("%s is there", dir)
				}
			}
		})
	}
}

func TestConfNeverEnds(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			builder := b.builder()
			builder.ConfTimeout = 300 * time.Millisecond
			_, err := builder.Build(t.Context(), b.job(t, with(t, tree{"dkms.conf": named + "trap '' TERM\nwhile :; do :; done\n"})))
			wantRecipeError(t, err, "dkms.conf: reading it did not end within 300ms")
		})
	}
}

// TestConfIsReadAlone: while it is evaluated a file can neither reach the host nor leave a trap for what comes later.
func TestConfIsReadAlone(t *testing.T) {
	t.Parallel()
	victim := filepath.Join(t.TempDir(), "victim")
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			conf := "here=${BASH_SOURCE[0]%/*}\n" +
				"rm -f $here/dkms.conf; ln -s " + victim + " $here/dkms.conf\n" +
				"ln -s " + filepath.Dir(victim) + " $dkms_tree/hello; ln -s " + filepath.Dir(victim) + " $here/../hello\n" + named
			// the directory is not named as the package is, so the file is read twice
			source := tree{"dkms.conf": conf, "file": "planted"}.write(t, filepath.Join(t.TempDir(), "other"))
			_, err := b.build(t, source)
			t.Logf("the build says %v", err)
			if entries, err := os.ReadDir(filepath.Dir(victim)); err != nil || len(entries) != 0 {
				t.Errorf("outside there is %v, %v", entries, err)
			}
		})
	}
}

// TestConfLink: a link in a source must not make mago read out a file that the build user may not read.
func TestConfLink(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(named+"echo secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	_, err := b.build(t, tree{"dkms.conf": "-> " + secret, "Makefile": "obj-m := hello.o\n"}.write(t, t.TempDir()))
	wantRecipeError(t, err, "dkms.conf")
	if strings.Contains(b.log.String(), "secret") {
		t.Error("the file was read")
	}
}

func TestNotMeant(t *testing.T) {
	t.Parallel()
	for directive, want := range map[string]string{
		"BUILD_EXCLUSIVE_KERNEL='^2\\.4'":               `BUILD_EXCLUSIVE_KERNEL="^2\\.4" does not match `,
		"BUILD_EXCLUSIVE_KERNEL='^6[8-1]'":              `BUILD_EXCLUSIVE_KERNEL="^6[8-1]" is not a regular expression to bash, `,
		"BUILD_EXCLUSIVE_ARCH=vax":                      `BUILD_EXCLUSIVE_ARCH="vax" does not match `,
		"BUILD_EXCLUSIVE_KERNEL_MIN=99":                 `BUILD_EXCLUSIVE_KERNEL_MIN="99" is newer than `,
		"BUILD_EXCLUSIVE_CONFIG='CONFIG_NO_SUCH_THING'": "BUILD_EXCLUSIVE_CONFIG wants CONFIG_NO_SUCH_THING",
		"BUILD_EXCLUSIVE_CONFIG='!CONFIG_MODULES'":      "BUILD_EXCLUSIVE_CONFIG wants !CONFIG_MODULES",
	} {
		t.Run(directive, func(t *testing.T) {
			b := newBench(t)
			_, err := b.build(t, with(t, tree{"dkms.conf": named + directive + "\n"}))
			var excluded *recipe.NotMeantError
			if !errors.As(err, &excluded) || !strings.HasPrefix(excluded.Reason, want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestConfFollowed uses what dkms.conf files in the wild use.
func TestConfFollowed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	source := with(t, tree{
		"dkms.conf": strings.ReplaceAll(`PACKAGE_NAME=hello
PACKAGE_VERSION=2.0
PRE_BUILD="prepare.sh
  $kernelver 'not quoted'"
POST_BUILD="notscript; unreachable"
PATCH[0]=0001-rename.patch
PATCH[1]=never.patch
PATCH_MATCH[1]=^1\.
MAKE[0]="make -C \$kernel_source_dir M=$dkms_tree/$module/$module_version/build/src"
BUILT_MODULE_NAME[0]=greeter
BUILT_MODULE_LOCATION[0]=src/
DEST_MODULE_NAME[0]=salute
DEST_MODULE_LOCATION[0]=/extra
`, "\n", "\r\n"),
		"src/hello.c":               located,
		"src/Makefile":              "obj-m := placeholder.o\n",
		"patches/0001-rename.patch": "--- a/src/Makefile\n+++ b/src/Makefile\n@@ -1 +1 @@\n-obj-m := placeholder.o\n+obj-m := greeter.o\n",
		"prepare.sh+":               "#!/bin/sh -e\nprintf 'prepared:%s\\n' \"$@\"\nsh -c 'echo \"has $kernelver $arch $module $module_version\"'\ncp src/hello.c src/greeter.c\n",
		"notscript":                 "#!/bin/sh\nexit 1\n",
	})
	m := b.mustBuild(t, source).Modules[0]
	if m.Name != "salute" || !strings.HasSuffix(m.Path, "/updates/mago/salute.ko") {
		t.Errorf("got %+v", m)
	}
	for _, want := range []string{
		"prepared:" + b.kernel.Release + "\nprepared:not quoted\n",
		"has " + b.kernel.Release + " " + b.kernel.Arch + " ",
		"warning: POST_BUILD names notscript;, which is not an executable file",
		"mago: PATCH: 0001-rename.patch\npatching file src/Makefile\n",
	} {
		if !strings.Contains(b.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, b.log.String())
		}
	}
}

func TestStepFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		changed tree
		want    string
	}{
		"PRE_BUILD":  {tree{"dkms.conf": named + "PRE_BUILD=fail.sh\n", "fail.sh+": "#!/bin/sh\nprintf 'configure: error: nothing works'\nexit 3\n"}, "PRE_BUILD failed (exit status 3): configure: error: nothing works"},
		"POST_BUILD": {tree{"dkms.conf": named + "MAKE=true\nPOST_BUILD=fail.sh\n", "fail.sh+": "#!/bin/sh\nexit 3\n"}, "POST_BUILD failed (exit status 3)"},
		"bad patch":  {tree{"dkms.conf": named + "PATCH=bad\n", "patches/bad": "--- a/hello.c\n+++ b/hello.c\n@@ -1 +1 @@\n-nothing\n+something\n"}, "PATCH failed (exit status 1): 1 out of 1 hunk FAILED -- saving rejects to file hello.c.rej"},
		"MAKE":       {tree{"dkms.conf": named + "MAKE='frobnicate --all'\n"}, "MAKE failed (exit status 127): frobnicate: command not found"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newBench(t).build(t, with(t, test.changed))
			var compile *recipe.CompileError
			if !errors.As(err, &compile) || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestPlanted has builds that leave something else than a module in its place.
func TestPlanted(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"ln -s /etc/passwd hello.ko":           "it names hello.ko, which the build did not make",
		"mkfifo hello.ko":                      "it names hello.ko, which the build did not make",
		"mkdir hello.ko":                       "it names hello.ko, which the build did not make",
		"rm -rf ../build; ln -s /etc ../build": "it names hello.ko, which the build did not make",
		"cp /etc/passwd hello.ko":              "hello.ko: file format not recognized",
		"cp /bin/true hello.ko":                "module hello: not a kernel module: no .modinfo section",
	} {
		t.Run(command, func(t *testing.T) {
			b := newBench(t)
			result, err := b.build(t, with(t, tree{"dkms.conf": named + "MAKE='" + command + "'\n"}))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %+v, %v, want %q", result, err, want)
			}
		})
	}
}

func TestTwoOfOneName(t *testing.T) {
	t.Parallel()
	conf := named + "BUILT_MODULE_NAME=(hello hello)\n"
	_, err := newBench(t).build(t, with(t, tree{"dkms.conf": conf}))
	wantRecipeError(t, err, "two modules are to be installed as hello")
}

// TestPlaceholder: the version of a source that forgot to write its own is the directory's.
func TestPlaceholder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	source := with(t, tree{"dkms.conf": "PACKAGE_NAME=hello PACKAGE_VERSION='#MODULE_VERSION#' DEST_MODULE_LOCATION=/extra\nMAKE='pwd; make -C $kernel_source_dir M=$dkms_tree/hello/$module_version/build'\n"})
	b.mustBuild(t, source)
	if want := "/hello/1.0/build\n"; !strings.Contains(b.log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, b.log.String())
	}
}

func TestModuleExcluded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	source := with(t, tree{"dkms.conf": named + "BUILT_MODULE_NAME=(hello other)\nBUILD_EXCLUSIVE_ARCH[1]=vax\nREMAKE_INITRD=no\n"})
	if got := b.mustBuild(t, source).Modules; len(got) != 1 || got[0].Name != "hello" {
		t.Errorf("got %+v", got)
	}
	for _, want := range []string{
		"mago: warning: dkms.conf: REMAKE_INITRD is deprecated and has no effect\n",
		`mago: other is not meant for this kernel: BUILD_EXCLUSIVE_ARCH[1]="vax" does not match `,
	} {
		if !strings.Contains(b.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, b.log.String())
		}
	}
}
