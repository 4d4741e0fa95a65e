package dkms

import (
	"errors"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// output is what Script prints for directives that are written "NAME[1]=value" or "NAME=value".
func output(directives ...string) []byte {
	var out strings.Builder
	for _, d := range directives {
		name, value, _ := strings.Cut(d, "=")
		name, index, _ := strings.Cut(strings.TrimSuffix(name, "]"), "[")
		if index == "" {
			index = "0"
		}
		out.WriteString(name + "\x00" + index + "\x00" + value + "\x00")
		if slices.Contains(matched, name) {
			out.WriteString(name + verdictOf + "\x00" + index + "\x00" + says(name, value) + "\x00")
		}
	}
	return []byte(begun + out.String() + terminator + "\x00")
}

// testKernel is what expressions are tried on here.
var testKernel = Kernel{Release: "6.1.0-56-amd64", Arch: "x86_64"}

// says is the status of bash's =~ for a directive's expression.
func says(directive, expression string) string {
	subject := map[bool]string{false: testKernel.Release, true: testKernel.Arch}[directive == "BUILD_EXCLUSIVE_ARCH"]
	err := exec.Command("bash", "-c", "[[ $1 =~ $2 ]]", "bash", subject, expression).Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "0"
	case errors.As(err, &exit):
		return strconv.Itoa(exit.ExitCode())
	}
	panic(err)
}

// conf is a valid one with further directives.
func conf(t *testing.T, directives ...string) *Conf {
	t.Helper()
	c, err := Parse(output(append([]string{"PACKAGE_NAME=hello", "PACKAGE_VERSION=1.0"}, directives...)...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParse(t *testing.T) {
	c := conf(t, "MAKE[0]=a\nb", "MAKE[7]=seventh", "PRE_BUILD=")
	if c.Name != "hello" || c.Version != "1.0" {
		t.Errorf("got %s %s", c.Name, c.Version)
	}
	if got := c.Value("MAKE"); got != "a\nb" {
		t.Errorf("MAKE is %q", got)
	}
	if got := c.Indexes("MAKE"); !slices.Equal(got, []int{0, 7}) {
		t.Errorf("MAKE has %v", got)
	}
	if got := c.Indexes("PATCH"); len(got) != 0 {
		t.Errorf("PATCH has %v", got)
	}
}

// begun is what Script prints first of a file that bash can parse.
const begun = beginning + "\x00"

func TestParseRefuses(t *testing.T) {
	named := []string{"PACKAGE_NAME=hello", "PACKAGE_VERSION=1.0"}
	for name, test := range map[string]struct {
		output string
		want   string
	}{
		"nothing":             {"", ErrUnread.Error()},
		"no beginning":        {"PACKAGE_NAME\x000\x00hello\x00" + terminator + "\x00", ErrUnread.Error()},
		"no terminator":       {begun + "PACKAGE_NAME\x000\x00hello\x00", "it exits before its end"},
		"cut in a value":      {begun + "PACKAGE_NAME\x000\x00mago-end", "it exits before its end"},
		"bad syntax":          {badSyntax + "\x00", "bash cannot parse it"},
		"no directive":        {string(output()), "it sets no directive at all"},
		"two fields":          {begun + "MAKE\x000\x00" + terminator + "\x00", "incomplete list"},
		"no verdict":          {begun + "PACKAGE_NAME\x000\x00a\x00PACKAGE_VERSION\x000\x001\x00PATCH_MATCH\x002\x00x\x00" + terminator + "\x00", "what bash says of PATCH_MATCH[2] is not known"},
		"odd verdict":         {begun + "PATCH_MATCH=~\x002\x003\x00" + terminator + "\x00", `"3" for the status of a match`},
		"index":               {begun + "MAKE\x00x\x00y\x00" + terminator + "\x00", `MAKE has index "x"`},
		"no name":             {string(output("PACKAGE_VERSION=1")), "no PACKAGE_NAME"},
		"no version":          {string(output("PACKAGE_NAME=hello")), "no PACKAGE_VERSION"},
		"name with slash":     {string(output("PACKAGE_NAME=a/b", "PACKAGE_VERSION=1")), `PACKAGE_NAME: dkms name "a/b"`},
		"name of mago's own":  {string(output("PACKAGE_NAME=_conf", "PACKAGE_VERSION=1")), `PACKAGE_NAME: dkms name "_conf"`},
		"name climbing":       {string(output("PACKAGE_NAME=..", "PACKAGE_VERSION=1")), `PACKAGE_NAME: dkms name ".."`},
		"version with blank":  {string(output("PACKAGE_NAME=a", "PACKAGE_VERSION=1 2")), `PACKAGE_VERSION: dkms name "1 2"`},
		"version climbing":    {string(output("PACKAGE_NAME=a", "PACKAGE_VERSION=../..")), `PACKAGE_VERSION: dkms name "../.."`},
		"module with slash":   {string(output(append(named, "BUILT_MODULE_NAME=a/b")...)), `module "a/b"`},
		"module without name": {string(output(append(named, "BUILT_MODULE_NAME=a", "BUILT_MODULE_LOCATION[1]=sub")...)), `no BUILT_MODULE_NAME[1]`},
		"dest with slash":     {string(output(append(named, "DEST_MODULE_NAME=../a")...)), "not a file below"},
		"location climbing":   {string(output(append(named, "BUILT_MODULE_LOCATION=a/../../b")...)), "not a file below"},
		"name with suffix":    {string(output(append(named, "BUILT_MODULE_NAME=a.ko")...)), `"a.ko" must be named without`},
		"dest with suffix":    {string(output(append(named, "DEST_MODULE_NAME=a.o")...)), `"a.o" must be named without`},
		"name commands":       {string(output(append(named, "BUILT_MODULE_NAME=a\x1b[2J")...)), "module name "},
		"dest is an option":   {string(output(append(named, "DEST_MODULE_NAME=-a")...)), "module name "},
		"location is parent":  {string(output(append(named, "BUILT_MODULE_LOCATION=..")...)), "not a file below"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Parse([]byte(test.output))
			if err == nil {
				t.Fatalf("took it: %+v", c)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want %q in it", err, test.want)
			}
		})
	}
}

func TestModules(t *testing.T) {
	for name, test := range map[string]struct {
		directives []string
		want       []Module
	}{
		"none named": {nil, []Module{{Name: "hello", Dest: "hello", Strip: true}}},
		"only where it goes": {
			[]string{"DEST_MODULE_LOCATION=/extra"},
			[]Module{{Name: "hello", Dest: "hello", Strip: true}},
		},
		"sparse, renamed": {
			[]string{"BUILT_MODULE_NAME[3]=b", "BUILT_MODULE_NAME[1]=a", "DEST_MODULE_NAME[3]=c", "BUILT_MODULE_LOCATION[3]=src/"},
			[]Module{{Name: "a", Dest: "a", Strip: true, index: 1}, {Name: "b", Dest: "c", Location: "src/", Strip: true, index: 3}},
		},
		"strip: first is the default": {
			[]string{"BUILT_MODULE_NAME[0]=a", "BUILT_MODULE_NAME[1]=b", "BUILT_MODULE_NAME[2]=c", "STRIP[0]=no", "STRIP[1]=yes", "STRIP[2]="},
			[]Module{{Name: "a", Dest: "a"}, {Name: "b", Dest: "b", Strip: true, index: 1}, {Name: "c", Dest: "c", index: 2}},
		},
		"strip: what begins with n": {
			[]string{"BUILT_MODULE_NAME[0]=a", "BUILT_MODULE_NAME[1]=b", "STRIP[1]=No thanks"},
			[]Module{{Name: "a", Dest: "a", Strip: true}, {Name: "b", Dest: "b", index: 1}},
		},
		"absolute location is below the build directory": {
			[]string{"BUILT_MODULE_NAME=a", "BUILT_MODULE_LOCATION=/src"},
			[]Module{{Name: "a", Dest: "a", Location: "/src", Strip: true}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := conf(t, test.directives...).Modules(); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestMakeCommand(t *testing.T) {
	for name, test := range map[string]struct {
		directives []string
		want       string
	}{
		"none":                  {nil, "make -C $kernel_source_dir M=$dkms_tree/$module/$module_version/build"},
		"one":                   {[]string{"MAKE=make all"}, "make all"},
		"last that fits":        {[]string{"MAKE[0]=zero", "MAKE[1]=one", "MAKE_MATCH[1]=^6", "MAKE[2]=two", "MAKE_MATCH[2]=amd64$", "MAKE[3]=three", "MAKE_MATCH[3]=^5"}, "two"},
		"further without match": {[]string{"MAKE[0]=zero", "MAKE[1]=one"}, "zero"},
		"zeroth does not fit":   {[]string{"MAKE[0]=zero", "MAKE_MATCH[0]=^5"}, "make -C $kernel_source_dir M=$dkms_tree/$module/$module_version/build"},
		"empty one":             {[]string{"MAKE[0]=zero", "MAKE[1]=", "MAKE_MATCH[1]=^6"}, "zero"},
		"broken expression":     {[]string{"MAKE[0]=zero", "MAKE[1]=one", "MAKE_MATCH[1]=("}, "zero"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := conf(t, test.directives...).MakeCommand(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPatches(t *testing.T) {
	c := conf(t, "PATCH[4]=last", "PATCH[0]=always", "PATCH[1]=five", "PATCH_MATCH[1]=^5", "PATCH[2]=six", "PATCH_MATCH[2]=^6", "PATCH[3]=", "PATCH[5]=none", "PATCH_MATCH[5]=[")
	got, err := c.Patches()
	if want := []string{"always", "six", "last"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := conf(t, "PATCH[2]=a/../../b").Patches(); err == nil || !strings.Contains(err.Error(), "PATCH[2]") {
		t.Errorf("took a climbing name: %v", err)
	}
}

func TestExclusive(t *testing.T) {
	k := Kernel{"6.1.0-56-amd64", "x86_64", map[string]string{"CONFIG_ACPI": "y", "CONFIG_USB": "m", "CONFIG_HZ": "250"}}
	for directive, fits := range map[string]bool{
		"BUILD_EXCLUSIVE_KERNEL=":                      true,
		"BUILD_EXCLUSIVE_KERNEL=^6\\.1":                true,
		"BUILD_EXCLUSIVE_KERNEL=^5":                    false,
		"BUILD_EXCLUSIVE_KERNEL=REQUIRES CONFIG_X":     false,
		"BUILD_EXCLUSIVE_KERNEL= ":                     false,
		"BUILD_EXCLUSIVE_KERNEL=^6{,1}":                true,
		"BUILD_EXCLUSIVE_KERNEL=a**|6":                 true,
		"BUILD_EXCLUSIVE_KERNEL=(?i)AMD64":             false,
		"BUILD_EXCLUSIVE_KERNEL=^([1-9]+)\\.\\1":       false,
		"BUILD_EXCLUSIVE_ARCH=(x86_64|i[3-6]86)":       true,
		"BUILD_EXCLUSIVE_ARCH=aarch64":                 false,
		"BUILD_EXCLUSIVE_KERNEL_MIN=6.1":               true,
		"BUILD_EXCLUSIVE_KERNEL_MIN=6.1.0-56":          true,
		"BUILD_EXCLUSIVE_KERNEL_MIN=6.1.0-57":          false,
		"BUILD_EXCLUSIVE_KERNEL_MIN=6.10":              false,
		"BUILD_EXCLUSIVE_KERNEL_MAX=6.2":               true,
		"BUILD_EXCLUSIVE_KERNEL_MAX=6.10":              true,
		"BUILD_EXCLUSIVE_KERNEL_MAX=6.1":               false,
		"BUILD_EXCLUSIVE_KERNEL_MAX=5.99":              false,
		"BUILD_EXCLUSIVE_CONFIG=CONFIG_ACPI":           true,
		"BUILD_EXCLUSIVE_CONFIG= CONFIG_ACPI  !CONFIG": true,
		"BUILD_EXCLUSIVE_CONFIG=CONFIG_USB":            true,
		"BUILD_EXCLUSIVE_CONFIG=!CONFIG_USB":           false,
		"BUILD_EXCLUSIVE_CONFIG=CONFIG_HZ":             false,
		"BUILD_EXCLUSIVE_CONFIG=CONFIG_ACPI CONFIG_PM": false,
		"build_exclude=":                               true,
		"build_exclude=yes":                            false,
		"OBSOLETE_BY=6.1":                              false,
		"OBSOLETE_BY=6.1.0-56":                         false,
		"OBSOLETE_BY=6.1.0-57":                         true,
		"OBSOLETE_BY=6.2":                              true,
	} {
		t.Run(directive, func(t *testing.T) {
			modules, excluded := conf(t, directive).For(k)
			if len(modules)+len(excluded) != 1 || (len(modules) == 1) != fits {
				t.Fatalf("got %v, %v", modules, excluded)
			}
			if name, _, _ := strings.Cut(directive, "="); !fits && !strings.HasPrefix(excluded[0].Reason, name) {
				t.Errorf("reason %q does not name %s", excluded[0].Reason, name)
			}
		})
	}
	k.Config = nil
	if modules, _ := conf(t, "BUILD_EXCLUSIVE_CONFIG=CONFIG_PM").For(k); len(modules) != 1 {
		t.Errorf("a configuration that is not known gave %v", modules)
	}
	const want = `BUILD_EXCLUSIVE_KERNEL="^6\\.[8-1]" is not a regular expression to bash, and matches no kernel`
	if _, excluded := conf(t, `BUILD_EXCLUSIVE_KERNEL=^6\.[8-1]`).For(k); len(excluded) != 1 || excluded[0].Reason != want {
		t.Errorf("a broken expression gave %v, want %s", excluded, want)
	}
}

func TestExclusiveOfOneModule(t *testing.T) {
	k := Kernel{"6.1.0-56-amd64", "x86_64", map[string]string{}}
	three := []string{"BUILT_MODULE_NAME[0]=a", "BUILT_MODULE_NAME[1]=b", "BUILT_MODULE_NAME[2]=c"}
	for name, test := range map[string]struct {
		directives []string
		built      string
		reasons    []string
	}{
		"one":           {[]string{"BUILD_EXCLUSIVE_KERNEL[1]=^5"}, "ac", []string{`BUILD_EXCLUSIVE_KERNEL[1]="^5" does not match 6.1.0-56-amd64`}},
		"zeroth binds":  {[]string{"BUILD_EXCLUSIVE_KERNEL[0]=^5"}, "", slices.Repeat([]string{`BUILD_EXCLUSIVE_KERNEL="^5" does not match 6.1.0-56-amd64`}, 3)},
		"zeroth of two": {[]string{"BUILD_EXCLUSIVE_ARCH[0]=vax", "BUILD_EXCLUSIVE_ARCH[2]=x86"}, "bc", []string{`BUILD_EXCLUSIVE_ARCH[0]="vax" does not match x86_64`}},
		"two families":  {[]string{"BUILD_EXCLUSIVE_KERNEL_MIN[1]=7", "BUILD_EXCLUSIVE_CONFIG[2]=CONFIG_A"}, "a", []string{`BUILD_EXCLUSIVE_KERNEL_MIN[1]="7" is newer than 6.1.0-56-amd64`, "BUILD_EXCLUSIVE_CONFIG[2] wants CONFIG_A"}},
	} {
		t.Run(name, func(t *testing.T) {
			modules, excluded := conf(t, append(test.directives, three...)...).For(k)
			built := ""
			for _, m := range modules {
				built += m.Name
			}
			var reasons []string
			for _, e := range excluded {
				reasons = append(reasons, e.Reason)
			}
			if built != test.built || !slices.Equal(reasons, test.reasons) {
				t.Errorf("got %q, %q", built, reasons)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	named := []string{"BUILT_MODULE_NAME[0]=a", "DEST_MODULE_LOCATION[0]=/kernel/x"}
	for name, test := range map[string]struct {
		directives []string
		want       []string
	}{
		"nothing":     {append(named, "AUTOINSTALL=YES", "NO_WEAK_MODULES=no", "CLEAN=make clean"), nil},
		"deprecated":  {append(named, "REMAKE_INITRD=", "MODULES_CONF[3]=alias"), []string{"REMAKE_INITRD is deprecated and has no effect", "MODULES_CONF is deprecated and has no effect"}},
		"neither":     {append(named, "AUTOINSTALL=y"), []string{`AUTOINSTALL="y" is neither yes nor no; dkms would refuse the file`}},
		"placeholder": {append(named, "PACKAGE_VERSION=#MODULE_VERSION#"), []string{`PACKAGE_VERSION="#MODULE_VERSION#" is a placeholder; the source's version is #MODULE_VERSION#`}},
		"numbers":     {append(named, "BUILT_MODULE_NAME[2]=b", "DEST_MODULE_LOCATION[2]=/extra"), []string{"the modules' indexes leave numbers out; dkms would refuse the file"}},
		"no place":    {[]string{"BUILT_MODULE_NAME[0]=a", "BUILT_MODULE_NAME[1]=b", "DEST_MODULE_LOCATION[1]=/misc"}, []string{"DEST_MODULE_LOCATION[0,1] does not begin with /kernel, /updates or /extra; dkms would refuse the file"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := conf(t, test.directives...).Warnings(); !slices.Equal(got, test.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestHookWords(t *testing.T) {
	script, arguments := conf(t, "POST_INSTALL= a.sh  6.1 'x'").Hook("POST_INSTALL")
	if script != "a.sh" || !slices.Equal(arguments, []string{"6.1", "'x'"}) {
		t.Errorf("got %q, %q", script, arguments)
	}
	if script, _ := conf(t).Hook("PRE_INSTALL"); script != "" {
		t.Errorf("got %q for none", script)
	}
}

func TestMistakes(t *testing.T) {
	c := conf(t, "MAKE_MATCH[1]=(", "PATCH_MATCH=6{", "PATCH_MATCH[1]=^6")
	c.Misspelt = Misspelt("AUTOINTSALL=yes\n  export BUILD_EXCLUSIVE_KERNELS[1]=^9\nBUILD_MODULE_NAME+=x\nBUILD_MODULE_NAME=y\nMAKES=1\nPATCHES=\nAUTOINSTALL=no\nKERNEL_VERSION=1\n# PRE_BIULD=a\n" +
		"BUILT_MODULE_NAMES=(a b)\nfor name in ${BUILT_MODULE_NAMES[@]}; do :; done\n")
	c.Said = "/var/lib/dkms/a/1/source/dkms.conf: line 3: a: command not found\n\n/var/lib/dkms/a/1/source/dkms.conf: line 3: a: command not found\ncat: x: gone\n"
	want := []string{
		"line 3: a: command not found", "cat: x: gone",
		"AUTOINTSALL is not a directive, and has no effect; AUTOINSTALL is one",
		"BUILD_EXCLUSIVE_KERNELS is not a directive, and has no effect; BUILD_EXCLUSIVE_KERNEL is one",
		"BUILD_MODULE_NAME is not a directive, and has no effect; BUILT_MODULE_NAME is one",
		`MAKE_MATCH[1]="(" is not a regular expression to bash, and matches no kernel`, `PATCH_MATCH[0]="6{" is not a regular expression to bash, and matches no kernel`,
	}
	if got := c.Mistakes(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	c.Said = strings.Join(strings.Split("abcdefgh", ""), "\n")
	if got := c.Mistakes()[:5]; got[3] != "d" || got[4] != "it printed 4 more lines" {
		t.Errorf("got %q", got)
	}
}

func TestBuildDepends(t *testing.T) {
	got := conf(t, "BUILD_DEPENDS[0]=a b", "BUILD_DEPENDS[4]=c").BuildDepends()
	if want := []string{"a", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(output("PACKAGE_NAME=hello", "PACKAGE_VERSION=1.0", "BUILT_MODULE_NAME[2]=hello", "STRIP=no"))
	f.Add(output("PACKAGE_NAME=hello", "PACKAGE_VERSION=#MODULE_VERSION#", "BUILT_MODULE_LOCATION=../.."))
	f.Add([]byte(begun + "\x00\x00\x00" + terminator))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		for _, m := range c.Modules() {
			if strings.ContainsRune(m.Dest, '/') || slices.Contains(strings.Split(m.Location, "/"), "..") {
				t.Errorf("module %+v lies outside", m)
			}
		}
	})
}
