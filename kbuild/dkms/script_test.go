package dkms

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func run(t *testing.T, dir, program string, args ...string) (string, error) {
	t.Helper()
	var stdout bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "bash", append([]string{"-c", program, "bash"}, args...)...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	cmd.Stdout, cmd.Stderr = &stdout, t.Output()
	err := cmd.Run()
	return stdout.String(), err
}

// place writes a dkms.conf to an empty directory.
func place(t *testing.T, text string) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	path = filepath.Join(dir, "dkms.conf")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir, path
}

var given = []string{
	"kernelver=6.1.0-56-amd64", "arch=x86_64", "kernel_source_dir=/lib/modules/6.1.0-56-amd64/build",
	"dkms_tree=/var/lib/dkms", "module=hello", "module_version=1.0", "parallel_jobs=3",
}

func evaluate(t *testing.T, text string) (*Conf, error) {
	t.Helper()
	dir, path := place(t, text)
	out, err := run(t, dir, Script, append([]string{path}, given...)...)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return Parse([]byte(out))
}

const named = "PACKAGE_NAME=hello PACKAGE_VERSION=1.0\n"

func TestScript(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want map[string]string // directive, or directive[index], to value; "-" where it is to be unset
	}{
		"variables":             {`MAKE="make -C $kernel_source_dir M=$dkms_tree/$module/$module_version $arch $kernelver"`, map[string]string{"MAKE": "make -C /lib/modules/6.1.0-56-amd64/build M=/var/lib/dkms/hello/1.0 x86_64 6.1.0-56-amd64"}},
		"sparse array":          {"PATCH[2]=two\nPATCH[17]=x", map[string]string{"PATCH[2]": "two", "PATCH[17]": "x", "PATCH[0]": "-"}},
		"array at once":         {`PATCH=(a "b c")`, map[string]string{"PATCH[0]": "a", "PATCH[1]": "b c"}},
		"scalar":                {`STRIP=no`, map[string]string{"STRIP[0]": "no", "STRIP[1]": "-"}},
		"empty is set":          {`PRE_BUILD=""`, map[string]string{"PRE_BUILD": ""}},
		"single quotes stay":    {`MAKE="'make' all FLAGS='-a -b'"`, map[string]string{"MAKE": "'make' all FLAGS='-a -b'"}},
		"newlines are blanks":   {"PRE_BUILD=\"configure\n  --a\n\t--b\"", map[string]string{"PRE_BUILD": "configure --a --b"}},
		"a blank leads":         {`MAKE="  make"`, map[string]string{"MAKE": " make"}},
		"read twice":            {`PRE_BUILD='configure --with-linux=$kernel_source_dir'`, map[string]string{"PRE_BUILD": "configure --with-linux=/lib/modules/6.1.0-56-amd64/build"}},
		"quotes go":             {`PRE_BUILD="configure --host=\"\" --x"`, map[string]string{"PRE_BUILD": "configure --host= --x"}},
		"quotes around blanks":  {`MAKE="make F=\"-a -b\""`, map[string]string{"MAKE": `make F="-a -b"`}},
		"odd quotes":            {`MAKE='make "x'`, map[string]string{"MAKE": `make "x`}},
		"no file names":         {`PATCH='*' MAKE='d"*"'`, map[string]string{"PATCH": "*", "MAKE": "d*"}},
		"extended patterns":     {"case $arch in @(x86_64|i686)) STRIP=no;; esac", map[string]string{"STRIP": "no"}},
		"prints":                {"echo hello; echo hello >&2; STRIP=no", map[string]string{"STRIP": "no"}},
		"carriage returns":      {"STRIP=no\r\nMAKE='make all\r'", map[string]string{"STRIP": "no", "MAKE": "make all"}},
		"every directive":       {"POST_INSTALL=a REMAKE_INITRD=no BUILD_EXCLUSIVE_ARCH[4]=x IFS=_", map[string]string{"POST_INSTALL": "a", "REMAKE_INITRD": "no", "BUILD_EXCLUSIVE_ARCH[4]": "x"}},
		"last command fails":    {"STRIP=no\n[ -f /nonexistent ] && STRIP=yes", map[string]string{"STRIP": "no"}},
		"unknown command":       {"no_such_command_anywhere\nSTRIP=no", map[string]string{"STRIP": "no"}},
		"strict":                {"set -eu\nSTRIP=no PRE_BUILD='x $no_such_variable'", map[string]string{"STRIP": "no", "PRE_BUILD": "x "}},
		"own loop variables":    {"for name in a b; do PATCH+=(\"$name\"); done; index=9 value=x override=y conf=z", map[string]string{"PATCH[0]": "a", "PATCH[1]": "b"}},
		"variables changed":     {"kernelver=5.0\nMAKE='make $kernelver'", map[string]string{"MAKE": "make 6.1.0-56-amd64"}},
		"arguments":             {"PRE_BUILD=\"$#$1\"", map[string]string{"PRE_BUILD": "0"}},
		"returns":               {"STRIP=no\nreturn 3\nSTRIP=yes", map[string]string{"STRIP": "no"}},
		"a blank trails":        {"MAKE='make  '", map[string]string{"MAKE": "make "}},
		"nothing but blanks":    {"MAKE=$' \n\t '", map[string]string{"MAKE": " "}},
		"other blanks stay":     {"MAKE=$'a\v b\fc'", map[string]string{"MAKE": "a\v b\fc"}},
		"other letters":         {"MAKE='ä  ö'", map[string]string{"MAKE": "ä ö"}},
		"local":                 {"local d=x\nlocal -r STRIP=no\nMAKE=\"$d\"", map[string]string{"MAKE": "x", "STRIP": "no"}},
		"declared":              {"declare -a PATCH=(a b)\ndeclare -r STRIP=no MAKE_MATCH=^6\ntypeset PRE_BUILD=x", map[string]string{"PATCH[1]": "b", "STRIP": "no", "PRE_BUILD": "x", "MAKE_MATCH": "^6"}},
		"variables read-only":   {"readonly kernelver=5.0 arch\nlocal module=other\nMAKE='make $arch $module'", map[string]string{"MAKE": "make x86_64 hello"}},
		"function":              {"set_it() { STRIP=no; local MAKE=y; }\nset_it", map[string]string{"STRIP": "no", "MAKE": "-"}},
		"here-document":         {"read -r MAKE <<X\nmake  all\nX", map[string]string{"MAKE": "make all"}},
		"another directory":     {"cd / && STRIP=no", map[string]string{"STRIP": "no"}},
		"index before the end":  {"PATCH=(a b)\nPATCH[-1]=c\nSTRIP[-1]=no\nPATCH[1000000000000]=d", map[string]string{"PATCH[1]": "c", "STRIP": "-", "PATCH[1000000000000]": "d"}},
		"blanks set otherwise":  {"IFS=:\nMAKE='a:b  c'", map[string]string{"MAKE": "a:b c"}},
		"backslash in brackets": {`BUILD_EXCLUSIVE_KERNEL='^6\.1'`, map[string]string{"BUILD_EXCLUSIVE_KERNEL": `^6\.1`}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := evaluate(t, named+test.text+"\n")
			if err != nil {
				t.Fatal(err)
			}
			for directive, want := range test.want {
				if got := lookup(c, directive); got != want {
					t.Errorf("%s is %q, want %q", directive, got, want)
				}
			}
		})
	}
}

// TestScriptVariables: what is given counts more than what the file says, and the file can read it.
func TestScriptVariables(t *testing.T) {
	dir, path := place(t, named+"MAKE=make\nPATCH=(a b)\nSTRIP=${WISH:-no}\nlocal PRE_BUILD=x\n")
	out, err := run(t, dir, Script, slices.Concat([]string{path}, given, []string{"WISH=yes", "MAKE[0]=make all in $kernelver", "PATCH[1]=c", "PRE_BUILD=y"})...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	for directive, want := range map[string]string{"MAKE": "make all in 6.1.0-56-amd64", "PATCH[0]": "a", "PATCH[1]": "c", "STRIP": "yes", "PRE_BUILD": "y"} {
		if got := lookup(c, directive); got != want {
			t.Errorf("%s is %q, want %q", directive, got, want)
		}
	}
}

// TestScriptLong: what a directive costs does not grow with its square, let alone cube.
func TestScriptLong(t *testing.T) {
	word, list := "", "PATCH=("
	for i := range 4000 {
		word += fmt.Sprintf("X%d=yyy  ", i)
		list += fmt.Sprintf("%d.patch ", i)
	}
	c, err := evaluate(t, named+"yes hello | head -c 2000000\nPRE_BUILD='a \\  "+word+"'\nMAKE=\"make "+word+"\"\n"+list+")\n")
	if err != nil {
		t.Fatal(err)
	}
	squeezed := strings.ReplaceAll(word, "  ", " ")
	if got := c.Value("MAKE"); got != "make "+squeezed {
		t.Errorf("MAKE has %d bytes", len(got))
	}
	if got := c.Value("PRE_BUILD"); got != `a \ `+squeezed {
		t.Errorf("PRE_BUILD has %d bytes", len(got))
	}
	if got := len(c.Indexes("PATCH")); got != 4000 {
		t.Errorf("PATCH has %d entries", got)
	}
}

// TestScriptMatches takes bash's =~ for the truth.
func TestScriptMatches(t *testing.T) {
	for _, expression := range []string{
		"^(4|5|6)", "^6\\.1\\.", ".*-amd64$", "([[:digit:]]+\\.){2}0", "\\<amd64\\>", "\\b56\\b", "6\\.1\\.0\\-56", "REQUIRES CONFIG_X", "x{2}", "[.]1[.]",
		"*", "*6", "^6\\.{,1}1", "^6{,1}", "^([1-9]+)\\.\\1", "^(.)\\.1\\.0", "(?i)AMD64", "^6\\d", "[\\d]", "\\w", "\\s", "^6\\.1)", "^(6", "6.1|", " ", "a**|6", "+6", "6\\.1++",
		"[8-1]", "[", "(6.1", "6{2,1}", "[[:nosuch:]]", "[^\\.]6", "^6.1.0-56-amd64\\n", "X86_64|AMD64",
	} {
		c, err := evaluate(t, named+"shopt -s nocasematch\n"+fmt.Sprintf("MAKE_MATCH[2]='%[1]s' PATCH_MATCH='%[1]s' BUILD_EXCLUSIVE_KERNEL='%[1]s' BUILD_EXCLUSIVE_ARCH='%[1]s'\n", expression))
		if err != nil {
			t.Fatal(err)
		}
		for directive, index := range map[string]int{"MAKE_MATCH": 2, "PATCH_MATCH": 0, "BUILD_EXCLUSIVE_KERNEL": 0, "BUILD_EXCLUSIVE_ARCH": 0} {
			want := says(directive, lookup(c, fmt.Sprintf("%s[%d]", directive, index)))
			if got := strconv.Itoa(int(c.verdict(directive, index))); got != want {
				t.Errorf("%s %q: got %s, bash says %s", directive, expression, got, want)
			}
		}
	}
}

// lookup is the value of NAME or NAME[index], "-" where it is unset.
func lookup(c *Conf, directive string) string {
	name, index, _ := strings.Cut(strings.TrimSuffix(directive, "]"), "[")
	i, _ := strconv.Atoi(index) // none means 0
	if value, set := c.values[name][i]; set {
		return value
	}
	return "-"
}

func TestScriptRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":              {"", "it sets no directive at all"},
		"only comments":      {"# nothing\n", "it sets no directive at all"},
		"exits":              {named + "exit 0\n", "it exits before its end"},
		"exits in the end":   {named + "STRIP=no; exit", "it exits before its end"},
		"kills its shell":    {named + "kill -9 $$\n", "it exits before its end"},
		"becomes another":    {named + "exec true\n", "it exits before its end"},
		"syntax":             {named + "if true; then\n", "bash cannot parse it"},
		"syntax at the end":  {named + "STRIP=no\nfi\n", "bash cannot parse it"},
		"open quote":         {named + "MAKE=\"make\n", "bash cannot parse it"},
		"not bash":           {"<xml>\n", "bash cannot parse it"},
		"prints a directive": {"printf 'PACKAGE_NAME\\0000\\000x\\000'\n", "it sets no directive at all"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := evaluate(t, test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %+v, %v, want %q", c, err, test.want)
			}
		})
	}
}

// TestScriptUnread: what bash cannot open, or has no process to parse with, it has not judged.
func TestScriptUnread(t *testing.T) {
	_, path := place(t, named)
	for name, program := range map[string]string{
		"not there":  "rm " + path + "\n" + Script,
		"no process": "bash() { return 254; }\n" + Script,
		"no bash":    "false",
	} {
		out, err := run(t, t.TempDir(), program, append([]string{path}, given...)...)
		if _, parsed := Parse([]byte(out)); !errors.Is(parsed, ErrUnread) || err == nil {
			t.Errorf("%s: got %q, %v, %v", name, out, parsed, err)
		}
		_ = os.WriteFile(path, []byte(named), 0o644)
	}
}

func TestMakeScript(t *testing.T) {
	for name, test := range map[string]struct{ conf, directive, want string }{
		"make gets more":        {"", "make all", "-j2 -o 50,51 KERNELRELEASE=6.1.0-56-amd64 all\n"},
		"a blank leads":         {"", " make all", "-j2 -o 50,51 all\n"},
		"not in quotes":         {"", "'make' all", "all\n"},
		"only the first":        {"", "make a; true; make b", "-j2 -o 50,51 KERNELRELEASE=6.1.0-56-amd64 a\nb\n"},
		"variables":             {"", "make M=$dkms_tree/$module/$module_version", "-j2 -o 50,51 KERNELRELEASE=6.1.0-56-amd64 M=/var/lib/dkms/hello/1.0\n"},
		"what the file sets":    {"extra='a b'", "'make' $extra", "a b\n"},
		"what the file defines": {"build() { make from function; }", "build", "from function\n"},
		"variables changed":     {"kernelver=5.0 parallel_jobs=99 directive=x conf=y", "make", "-j2 -o 50,51 KERNELRELEASE=6.1.0-56-amd64\n"},
		"directory changed":     {"cd /", "echo * >&2; test -f dkms.conf && 'make' here", "here\n"},
		"local":                 {"local extra=x", "'make' $extra", "x\n"},
		"strict":                {"set -e", "false; 'make' on", "on\n"},
		"no arguments":          {"", "'make' $#", "0\n"},
		"file prints":           {"echo noise", "'make' x", "x\n"},
		"nothing but makes":     {"", "(make a D='e f'; A=1 make) && make b", "-j2 -o 50,51 a D=e f\n-j2 -o 50,51\n-j2 -o 50,51 b\n"},
		"makes after the first": {"", "make a && make b", "-j2 -o 50,51 KERNELRELEASE=6.1.0-56-amd64 a\n-j2 -o 50,51 b\n"},
		"two targets":           {"", "make a && make b install", "-j2 -o 50,51 KERNELRELEASE=6.1.0-56-amd64 a\nb install\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := place(t, named+test.conf+"\n")
			each := ""
			if OnlyMakes(test.directive) {
				each = "1"
			}
			program := "make() { echo $MAKEFLAGS \"$@\"; }\nexport -f make\n" + `exec bash -c "$1" "${@:2}"`
			got, err := run(t, dir, program, append([]string{Make, "make", path, test.directive, "mago_makeflags=-j2 -o 50,51", "mago_each=" + each}, given...)...)
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

// TestMakeScriptAdds: each make that a directive calls by its name has the added words behind its own.
func TestMakeScriptAdds(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "make"), []byte("#!/bin/sh\nprintf '<%s>' \"$MAKEFLAGS\" \"$@\"; exit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for directive, want := range map[string]string{
		"make all":                     "<-j2><KERNELRELEASE=6.1.0-56-amd64><all><V=1><X=a b'c>",
		"'make' all; (make); :":        "<><all><V=1><X=a b'c><><V=1><X=a b'c>",
		"cd . && \"make\" $module":     "<><hello><V=1><X=a b'c>",
		"env make all; exit 0":         "<><all>",
		"A=1 make || [ $? = 3 ] && :":  "<><V=1><X=a b'c>",
		"f() { make $1; }; f x || f y": "<><x><V=1><X=a b'c><><y><V=1><X=a b'c>",
	} {
		dir, path := place(t, named+": \"$(make version)\"\n")
		got, err := run(t, dir, Make, append([]string{path, directive, "mago_makeflags=-j2", `mago_arguments='V=1' 'X=a b'\''c'`}, given...)...)
		exit := 0
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
			exit = failed.ExitCode()
		}
		if fails := !strings.Contains(directive, ":") && !strings.Contains(directive, "exit 0"); got != want || (exit == 3) != fails {
			t.Errorf("%s: got %q, %d, want %q", directive, got, exit, want)
		}
	}
}

func TestMakeScriptFails(t *testing.T) {
	dir, path := place(t, named)
	_, err := run(t, dir, Make, append([]string{path, "exit 7"}, given...)...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("got %v, want exit status 7", err)
	}
}

func TestHook(t *testing.T) {
	for name, test := range map[string]struct{ command, want string }{
		"arguments": {"script a  b", "script: <a> <b>\n"},
		"quotes":    {"script 'a b' \"c\"", "script: <a b> <c>\n"},
		"shell":     {"script a >/dev/null; echo then $((1 + 1))", "then 2\n"},
		"none":      {"/script", "script: <>\n"},
		"from DOS":  {"dos", "dos has the line ends of DOS (CRLF), and Linux finds no interpreter for it\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			script := "#!/bin/sh\nprintf script:; printf ' <%s>' \"$@\"; echo\n"
			if err := os.WriteFile(filepath.Join(dir, "script"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "dos"), []byte("#!/bin/sh\r\nexit 0\r\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			got, err := run(t, dir, Hook, test.command)
			if (err != nil) != (name == "from DOS") || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}
